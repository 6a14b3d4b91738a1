/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the verdict over one KPI. Refuses to know who asked, and how several verdicts share alpha
 * (sequential.h). */
#include "judge.h"

#include <errno.h>
#include <math.h>

#include "blocks.h"
#include "drift.h"
#include "mannwhitney.h"
#include "quantile.h"
#include "shift.h"
#include "student.h"
#include "values.h"

/* A step, and a drift that happens to pass the moment of the change, differ only inside the sides:
 * with few samples every rule trades wrong acceptances against missed improvements. These were
 * chosen where simulated streams had least of both; test_stats_streams.c measures them again.
 *
 * What a drift explains is taken off the shift in part, and a drift that explains more than its
 * limit of the shift is the better story. Errors under 3 % of the level are precise; they rest on
 * the four slow projections of drift.h more than on all the blocks, so t has few degrees of
 * freedom. */
#define TILT_SHARE 0.6
#define BEND_SHARE 0.2
#define TILT_LIMIT 0.45
#define BEND_LIMIT 0.8
#define ERROR_DF 6
#define PRECISE 0.03
#define BEATS_Z 2.5 /* standard errors that must be left when all of a drift is taken off */

/* What the blocks of both sides say, turned so that more is better. Where all samples are positive
 * they are taken as logarithms: effects and harm are declared as ratios, and what is skewed becomes
 * even. */
struct evidence {
    bool logs;
    double sign;                   /* 1: higher is better; -1 */
    struct blocks baseline, after; /* values ascending: time was used up by `drift` */
    struct drift drift;
    struct shift shift;
    double level; /* median of the baseline's blocks, in the KPI's unit */
};

static bool samples_sane(const struct judge_sample *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(s[i].value) <= JUDGE_VALUE_MAX))
            return false;
    return true;
}

static bool input_sane(const struct verdict_input *in)
{
    return in->minimal_n <= JUDGE_BLOCKS && in->alpha > 0 && in->alpha < 0.5 &&
           in->minimal_effect >= 0 && isfinite(in->minimal_effect) && in->tolerated_harm >= 0 &&
           isfinite(in->tolerated_harm) && (in->goal == JUDGE_IMPROVE || in->goal == JUDGE_GUARD) &&
           samples_sane(in->baseline, in->n_baseline) && samples_sane(in->after, in->n_after);
}

static bool all_positive(const struct judge_sample *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i].value <= 0)
            return false;
    return true;
}

/* How far the turned values move when the KPI changes by this share of its level: up with sign 1.
 */
static double distance(const struct evidence *e, double share, double sign)
{
    if (!e->logs)
        return share * fabs(e->level);
    return sign * log1p(sign > 0 ? share : -fmin(share, 1 - 1e-6));
}

/* The reverse: a move of the turned values as a share of the level. */
static double relative_of(const struct evidence *e, double move)
{
    double share = e->logs ? expm1(e->sign * move) : e->sign * move;
    if (!e->logs && share != 0)
        share = e->level != 0 ? share / fabs(e->level) : copysign(JUDGE_RELATIVE_MAX, share);
    return fmax(-JUDGE_RELATIVE_MAX, fmin(JUDGE_RELATIVE_MAX, share));
}

static double in_unit(const struct evidence *e, double move)
{
    return e->logs ? e->level * relative_of(e, move) : e->sign * move;
}

/* Both sides have enough blocks in time order. */
static void weigh(struct evidence *e, double alpha)
{
    struct blocks *a = &e->baseline, *b = &e->after;
    e->drift = drift_of(a, b);
    values_sort(a->value, a->n);
    values_sort(b->value, b->n);
    double median = e->sign * quantile(a->value, a->n, 0.5);
    e->level = e->logs ? exp(median) : median;
    shift_estimate(a->value, a->n, b->value, b->n, 2 * alpha, &e->shift);
    double wider = sqrt(e->drift.slow);
    e->shift.low = e->shift.estimate - (e->shift.estimate - e->shift.low) * wider;
    e->shift.high = e->shift.estimate + (e->shift.high - e->shift.estimate) * wider;
}

static double p_of_excess(const struct evidence *e, double excess)
{
    if (e->drift.error > 0)
        return student_upper(excess / e->drift.error, ERROR_DF);
    return excess > 0 ? 0 : 1;
}

/* Order has to speak (Mann–Whitney), and the shift has to stand out from the slow movements of the
 * stream (t). */
static double p_improve(const struct evidence *e, double explained)
{
    struct mannwhitney u;
    mannwhitney(e->baseline.value, e->baseline.n, e->after.value, e->after.n, &u);
    return fmax(u.p_greater, p_of_excess(e, e->shift.estimate - explained));
}

/* Harm beyond what is tolerated. Drift is not taken off: a stream that gets worse is not defended
 * by its getting worse. */
static double p_harm(const struct evidence *e, double tolerated)
{
    struct mannwhitney u;
    struct blocks lifted = e->after;
    for (size_t i = 0; i < lifted.n; i++)
        lifted.value[i] += tolerated;
    mannwhitney(e->baseline.value, e->baseline.n, lifted.value, lifted.n, &u);
    return fmax(u.p_less, p_of_excess(e, -e->shift.estimate - tolerated));
}

static double explained_by_drift(const struct drift *d)
{
    return TILT_SHARE * fmax(0, d->tilt) + BEND_SHARE * fmax(0, d->bend);
}

/* Does the shift stand out even when all of the tilt, and all of the bend, is taken off? */
static bool beats_drift(const struct evidence *e)
{
    const struct drift *d = &e->drift;
    return e->shift.estimate - fmax(0, d->tilt) >= BEATS_Z * d->tilt_error &&
           e->shift.estimate - fmax(0, d->bend) >= BEATS_Z * d->bend_error;
}

/* Would a drift that went on by itself tell as good a story? The full test is asked for where it
 * can be afforded: of precise streams, and of early looks, for they can wait. */
static bool drift_explains(const struct evidence *e, bool last_look)
{
    double shift = e->shift.estimate;
    if ((!last_look || e->drift.error < distance(e, PRECISE, 1)) && !beats_drift(e))
        return true;
    return e->drift.tilt > TILT_LIMIT * shift || e->drift.bend > BEND_LIMIT * shift;
}

/* From "more is better" back to the KPI's unit. */
static void describe(struct judgement *v, const struct evidence *e)
{
    double low = e->sign > 0 ? e->shift.low : e->shift.high;
    double high = e->sign > 0 ? e->shift.high : e->shift.low;
    v->level = e->level;
    v->shift = in_unit(e, e->shift.estimate);
    v->low = in_unit(e, low);
    v->high = in_unit(e, high);
    v->relative = relative_of(e, e->shift.estimate);
    v->relative_low = relative_of(e, low);
    v->relative_high = relative_of(e, high);
    v->drift = in_unit(e, explained_by_drift(&e->drift));
}

static void conclude(struct judgement *v, enum judge_verdict verdict, enum judge_reason reason)
{
    v->verdict = verdict;
    v->reason = reason;
}

static void judge_improvement(const struct verdict_input *in, const struct evidence *e,
                              struct judgement *v)
{
    double relevant = distance(e, in->minimal_effect, e->sign);
    double explained = explained_by_drift(&e->drift);
    double left = e->shift.estimate - explained, failing = fmax(in->alpha, JUDGE_FAILURE_ALPHA);
    v->p_improve = p_improve(e, explained);
    v->p_harm = p_harm(e, 0);
    if (v->p_harm < failing)
        conclude(v, JUDGE_FAILED, JUDGE_HARM);
    else if (v->p_improve < in->alpha && left > 0 && left >= relevant &&
             !drift_explains(e, in->last_look))
        conclude(v, JUDGE_SUCCESS, JUDGE_BETTER);
    else if (in->last_look && p_of_excess(e, relevant - e->shift.estimate) < failing)
        conclude(v, JUDGE_FAILED, JUDGE_NOTHING_MOVED);
    else if (p_improve(e, 0) >= in->alpha)
        conclude(v, JUDGE_INCONCLUSIVE, JUDGE_WEAK);
    else
        conclude(v, JUDGE_INCONCLUSIVE, e->shift.estimate < relevant ? JUDGE_SMALL : JUDGE_DRIFT);
}

static void judge_guard(const struct verdict_input *in, const struct evidence *e,
                        struct judgement *v)
{
    double tolerated = distance(e, in->tolerated_harm, -e->sign);
    v->p_improve = p_improve(e, explained_by_drift(&e->drift));
    v->p_harm = p_harm(e, tolerated);
    if (v->p_harm < fmax(in->alpha, JUDGE_FAILURE_ALPHA))
        conclude(v, JUDGE_FAILED, JUDGE_HARM);
    else if (p_of_excess(e, e->shift.estimate + tolerated) < in->alpha || e->shift.estimate == 0)
        conclude(v, JUDGE_SUCCESS, JUDGE_NO_HARM);
    else
        conclude(v, JUDGE_INCONCLUSIVE, JUDGE_WEAK);
}

/* Fills the evidence, or says why there is none. */
static bool gather(const struct verdict_input *in, struct evidence *e, struct judgement *v)
{
    struct side baseline, after;
    size_t asked = in->minimal_n ? in->minimal_n : JUDGE_MINIMAL_N, needed = asked < 4 ? 4 : asked;
    side_take(&baseline, in->baseline, in->n_baseline, e->sign, e->logs);
    side_take(&after, in->after, in->n_after, e->sign, e->logs);
    v->n_baseline = in->n_baseline;
    v->n_after = in->n_after;
    conclude(v, JUDGE_INCONCLUSIVE, JUDGE_FEW);
    if (baseline.n < needed || after.n < needed)
        return false;
    size_t length = blocks_length(&baseline, &after);
    blocks_cut(&e->baseline, &baseline, length);
    blocks_cut(&e->after, &after, length);
    v->effective_baseline = e->baseline.n;
    v->effective_after = e->after.n;
    v->reason = JUDGE_CORRELATED;
    return e->baseline.n >= needed && e->after.n >= needed;
}

int judge(const struct verdict_input *in, struct judgement *ret)
{
    if (!input_sane(in))
        return -EINVAL;
    struct evidence e = {
        .sign = in->higher_is_better ? 1 : -1,
        .logs = all_positive(in->baseline, in->n_baseline) && all_positive(in->after, in->n_after),
    };
    struct judgement v = {.p_improve = 1, .p_harm = 1};
    if (gather(in, &e, &v)) {
        weigh(&e, in->alpha);
        describe(&v, &e);
        (in->goal == JUDGE_GUARD ? judge_guard : judge_improvement)(in, &e, &v);
    }
    *ret = v;
    return 0;
}

const char *judge_reason_text(enum judge_reason reason)
{
    static const char *const texts[] = {
#define X(name, code, text) [JUDGE_##name] = text,
        JUDGE_REASONS(X)
#undef X
    };
    return texts[reason];
}

const char *judge_reason_name(enum judge_reason reason)
{
    static const char *const names[] = {
#define X(name, code, text) [JUDGE_##name] = code,
        JUDGE_REASONS(X)
#undef X
    };
    return names[reason];
}
