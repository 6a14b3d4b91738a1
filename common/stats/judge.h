/* SPDX-License-Identifier: MPL-2.0 */
/* The evidence engine (rules X3, X4): did the change help? A function of its input alone,
 * deterministic, no allocation.
 *
 * What it does, in order:
 *   1. takes logarithms where all samples are positive: effects are ratios;
 *   2. clips each side at its outer fences, at most 5 % of it at either end (Tukey 1977);
 *   3. lowers n: means of consecutive blocks, longer than the memory of the stream (autocorr.h);
 *   4. Mann–Whitney on the blocks, Hodges–Lehmann shift with its interval;
 *   5. asks whether the stream moves slowly by itself (drift.h): the tilt and the bend of the
 * blocks inside each side widen the interval, and a shift that a going-on trend or season would
 *      explain as well is not accepted.
 *
 * What it cannot do: a drift that is hidden by the noise inside both sides and just large enough
 * between them looks like a step to every test. More samples shrink that gap, and minimal_effect
 * closes it: once the noise of a side's mean is well under minimal_effect, nothing fits through. */
#ifndef HELIOS_STATS_JUDGE_H
#define HELIOS_STATS_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JUDGE_SAMPLES 4096     /* a side; neighbours are averaged beyond */
#define JUDGE_BLOCKS 20        /* independent blocks a side, at most */
#define JUDGE_VALUE_MAX 1e100  /* larger values are refused: their squares leave the doubles */
#define JUDGE_RELATIVE_MAX 1e6 /* relative shifts are cut here: a baseline of 0 has no relative */

struct judge_sample {
    int64_t at; /* ms; any zero, the same for both sides */
    double value;
};

enum judge_goal {
    JUDGE_IMPROVE, /* is it better than before, by minimal_effect or more? */
    JUDGE_GUARD,   /* is it no worse than before, by tolerated_harm or less? */
};

struct verdict_input {
    const struct judge_sample *baseline, *after; /* borrowed; in about the order of time */
    size_t n_baseline, n_after;
    enum judge_goal goal;
    bool higher_is_better;
    double minimal_effect; /* share of the baseline's level, 0.05 = 5 %; 0 or more */
    double tolerated_harm; /* likewise */
    double alpha;          /* chance of a wrong acceptance that this look may spend, 0..0.5 */
    unsigned minimal_n;    /* blocks each side must have, 4..JUDGE_BLOCKS; 0: JUDGE_MINIMAL_N */
    bool last_look;        /* decides "nothing moved"; earlier looks can wait and ask for more */
};
#define JUDGE_MINIMAL_N 8

enum judge_verdict { JUDGE_SUCCESS, JUDGE_FAILED, JUDGE_INCONCLUSIVE };

/* Why: one line each, see judge_reason_text. */
#define JUDGE_REASONS(X)                                                                           \
    X(BETTER, "better", "better than before, and no drift explains it")                            \
    X(NO_HARM, "no_harm", "no worse than tolerated")                                               \
    X(HARM, "harm", "worse than before")                                                           \
    X(NOTHING_MOVED, "nothing_moved", "nothing moved: the effect is below the minimal one")        \
    X(FEW, "few", "too few samples")                                                               \
    X(CORRELATED, "correlated", "too few independent samples: each resembles the one before")      \
    X(WEAK, "weak", "not enough evidence yet")                                                     \
    X(SMALL, "small", "better, but not by the minimal effect")                                     \
    X(DRIFT, "drift", "a trend or season that went on by itself would explain it")

enum judge_reason {
#define X(name, code, text) JUDGE_##name,
    JUDGE_REASONS(X)
#undef X
};
const char *judge_reason_text(enum judge_reason reason);
const char *judge_reason_name(enum judge_reason reason); /* "better", "no_harm", … */

struct judgement {
    enum judge_verdict verdict;
    enum judge_reason reason;
    size_t n_baseline, n_after;                   /* samples */
    size_t effective_baseline, effective_after;   /* independent blocks; 0 when there are none */
    double level;                                 /* of the baseline: the median of its blocks */
    double shift;                                 /* after - baseline, in the KPI's unit */
    double low, high;                             /* its interval of confidence 1 - 2 * alpha */
    double relative, relative_low, relative_high; /* likewise as shares of |level| */
    double drift;     /* the part of the shift that a going-on trend or season would explain */
    double p_improve; /* of "no better than before" */
    double p_harm;    /* of "no worse than before", for a guard "no worse than tolerated" */
};
/* -EINVAL: a value that is not finite or beyond JUDGE_VALUE_MAX, or a number of the input out of
 * its range; ret is untouched then. An empty side is no error: it is INCONCLUSIVE. Failures are
 * decided at max(alpha, JUDGE_FAILURE_ALPHA): a wrong rollback costs less than a wrong
 * acceptance. */
#define JUDGE_FAILURE_ALPHA 0.05
int judge(const struct verdict_input *in, struct judgement *ret);

#endif
