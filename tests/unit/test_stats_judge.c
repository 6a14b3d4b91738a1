/* SPDX-License-Identifier: MPL-2.0 */
/* The verdict on streams that a person can see through (X3, X4). What it does on thousands of
 * random ones: test_stats_streams.c. */
#include <errno.h>
#include <float.h>
#include <string.h>

#include "common/base.h"
#include "common/stats/judge.h"

#include "test_stats.h"

#define MANY 12000
static struct judge_sample before[MANY], after[MANY];

static struct verdict_input sides(size_t n_before, size_t n_after)
{
    return (struct verdict_input){
        .baseline = before,
        .n_baseline = n_before,
        .after = after,
        .n_after = n_after,
        .minimal_effect = 0.05,
        .tolerated_harm = 0.10,
        .alpha = 0.01,
        .minimal_n = 6,
        .last_look = true,
    };
}

/* Both sides at five samples a second, one second between them, around their levels. */
static struct verdict_input make(unsigned seed, size_t n, double level, double now, double sigma)
{
    struct rand r = {seed};
    for (size_t i = 0; i < n; i++) {
        before[i] = (struct judge_sample){(int64_t)i * 200, level * exp(sigma * gauss(&r))};
        after[i] = (struct judge_sample){(int64_t)(n + i + 5) * 200, now * exp(sigma * gauss(&r))};
    }
    return sides(n, n);
}

static struct judgement decide(struct verdict_input in)
{
    struct judgement v;
    assert_int_equal(judge(&in, &v), 0);
    assert_true(isfinite(v.level + v.shift + v.low + v.high + v.drift));
    assert_true(isfinite(v.relative + v.relative_low + v.relative_high));
    assert_true(v.p_improve >= 0 && v.p_improve <= 1 && v.p_harm >= 0 && v.p_harm <= 1);
    assert_true(v.low <= v.shift && v.shift <= v.high);
    assert_true(v.relative_low <= v.relative && v.relative <= v.relative_high);
    return v;
}

static void expect(struct judgement v, enum judge_verdict verdict, enum judge_reason reason)
{
    if (v.verdict != verdict || v.reason != reason)
        fail_msg("verdict %d, %s: %s (p %.4f, %.4f, relative %.3f)", v.verdict,
                 judge_reason_name(v.reason), judge_reason_text(v.reason), v.p_improve, v.p_harm,
                 v.relative);
}

/* X4: n, effect and interval are shown. */
static void an_improvement(void **state)
{
    (void)state;
    struct judgement v = decide(make(1, 60, 200, 100, 0.3));
    expect(v, JUDGE_SUCCESS, JUDGE_BETTER);
    assert_true(v.n_baseline == 60 && v.n_after == 60);
    assert_true(v.effective_baseline >= 10 && v.effective_after >= 10);
    NEAR(v.level, 209, 15);
    NEAR(v.relative, -0.5, 0.1);
    NEAR(v.shift, v.relative * v.level, 1e-9);
    assert_true(v.low < v.shift && v.shift < v.high && v.high < 0);
    assert_true(v.p_improve < 0.01 && v.p_harm > 0.9);
}

/* The same numbers, read the other way round. */
static void the_direction_counts(void **state)
{
    (void)state;
    struct verdict_input in = make(1, 60, 200, 100, 0.3);
    in.higher_is_better = true;
    struct judgement v = decide(in);
    expect(v, JUDGE_FAILED, JUDGE_HARM);
    NEAR(v.relative, -0.5, 0.1);
    in = make(1, 60, 100, 200, 0.3);
    in.higher_is_better = true;
    v = decide(in);
    expect(v, JUDGE_SUCCESS, JUDGE_BETTER);
    assert_true(v.shift > 0 && v.low > 0);
}

/* Bytes a page, a hit rate: nothing varies, everything is tied. */
static void constants_that_step(void **state)
{
    (void)state;
    for (size_t n = 10; n <= 15; n++) {
        struct judgement v = decide(make(1, n, 100000, 30000, 0));
        expect(v, JUDGE_SUCCESS, JUDGE_BETTER);
        NEAR(v.shift, -70000, 1e-6);
        NEAR(v.low, -70000, 1e-6);
        NEAR(v.high, -70000, 1e-6);
        NEAR(v.relative, -0.7, 1e-12);
        expect(decide(make(1, n, 30000, 100000, 0)), JUDGE_FAILED, JUDGE_HARM);
        expect(decide(make(1, n, 30000, 29000, 0)), JUDGE_FAILED, JUDGE_NOTHING_MOVED);
        expect(decide(make(1, n, 30000, 30000, 0)), JUDGE_FAILED, JUDGE_NOTHING_MOVED);
    }
}

/* X7: "nothing moved" is a failure, but only at the last look. */
static void nothing_moved(void **state)
{
    (void)state;
    struct verdict_input in = make(3, 100, 200, 200, 0.02);
    expect(decide(in), JUDGE_FAILED, JUDGE_NOTHING_MOVED);
    in.last_look = false;
    expect(decide(in), JUDGE_INCONCLUSIVE, JUDGE_WEAK);
    in = make(3, 100, 200, 196, 0.001); /* sure, but 2 % is not 5 % */
    in.last_look = false;
    expect(decide(in), JUDGE_INCONCLUSIVE, JUDGE_SMALL);
}

/* X3, X4: no data is INCONCLUSIVE, and so is too little of it. */
static void too_few(void **state)
{
    (void)state;
    expect(decide(make(1, 0, 200, 100, 0.3)), JUDGE_INCONCLUSIVE, JUDGE_FEW);
    expect(decide(make(1, 5, 200, 100, 0)), JUDGE_INCONCLUSIVE, JUDGE_FEW);
    struct verdict_input in = make(1, 60, 200, 100, 0.3);
    in.n_after = 5;
    expect(decide(in), JUDGE_INCONCLUSIVE, JUDGE_FEW);
    in = make(1, 5, 200, 100, 0);
    in.minimal_n = 1; /* never fewer than 4 */
    in.n_after = in.n_baseline = 3;
    expect(decide(in), JUDGE_INCONCLUSIVE, JUDGE_FEW);
}

/* X4: autocorrelation lowers n: a slow wave a side has many samples and little to say. */
static void memory_lowers_n(void **state)
{
    (void)state;
    struct verdict_input in = make(1, 80, 200, 100, 0);
    for (int i = 0; i < 80; i++) {
        before[i].value += 60 * sin(i / 12.0);
        after[i].value += 60 * sin(i / 12.0);
    }
    struct judgement v = decide(in);
    expect(v, JUDGE_INCONCLUSIVE, JUDGE_CORRELATED);
    assert_true(v.n_baseline == 80 && v.effective_baseline < 6);
}

/* X4: a trend that goes on is not an improvement, however large the difference. */
static void a_trend_goes_on(void **state)
{
    (void)state;
    int accepted = 0;
    for (unsigned seed = 0; seed < 200; seed++) {
        struct verdict_input in = make(seed, 60, 200, 200, 0.1);
        for (int i = 0; i < 60; i++) {
            before[i].value -= 4e-3 * (double)before[i].at;
            after[i].value -= 4e-3 * (double)after[i].at;
        }
        struct judgement v = decide(in);
        accepted += v.verdict == JUDGE_SUCCESS;
        assert_true(v.drift <= 0);
    }
    assert_true(accepted <= 2);
}

/* A tenth of absurd values hides a real improvement as little as it feigns one. */
static void outliers_weigh_little(void **state)
{
    (void)state;
    struct verdict_input in = make(5, 100, 200, 100, 0.2);
    for (int i = 3; i < 100; i += 25)
        before[i].value = after[i + 1].value = 1e9;
    expect(decide(in), JUDGE_SUCCESS, JUDGE_BETTER);
    in = make(5, 100, 200, 200, 0.2);
    for (int i = 0; i < 100; i += 25)
        before[i].value = 1e9;
    assert_true(decide(in).verdict != JUDGE_SUCCESS);
}

/* Guards: harm beyond what is tolerated fails, less than that is no harm, too little to tell is
 * neither. */
static void guards(void **state)
{
    (void)state;
    struct verdict_input in = make(7, 100, 200, 300, 0.2);
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_FAILED, JUDGE_HARM);
    in = make(7, 100, 200, 205, 0.05);
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_SUCCESS, JUDGE_NO_HARM);
    in = make(7, 100, 200, 100, 0.2);
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_SUCCESS, JUDGE_NO_HARM);
    in = make(7, 10, 200, 210, 0.6);
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_INCONCLUSIVE, JUDGE_WEAK);
    in = make(7, 12, 0, 0, 0); /* an error rate that stays 0 */
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_SUCCESS, JUDGE_NO_HARM);
    in = make(7, 12, 0, 5, 0); /* and one that does not */
    in.goal = JUDGE_GUARD;
    struct judgement v = decide(in);
    expect(v, JUDGE_FAILED, JUDGE_HARM);
    NEAR(v.relative, JUDGE_RELATIVE_MAX, 0);
}

/* Errors as 0 and 1: one in fifty becomes one in four. */
static void shares_of_errors(void **state)
{
    (void)state;
    struct rand r = {9};
    struct verdict_input in = make(1, 150, 1, 1, 0);
    for (int i = 0; i < 150; i++) {
        before[i].value = rand_unit(&r) < 0.02;
        after[i].value = rand_unit(&r) < 0.25;
    }
    in.goal = JUDGE_GUARD;
    expect(decide(in), JUDGE_FAILED, JUDGE_HARM);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct judgement v = {.n_after = 77};
    struct verdict_input good = make(1, 60, 200, 100, 0.3), in;
    static const double alphas[] = {0, -1, 0.5, NAN};
    for (size_t i = 0; i < ARRAY_SIZE(alphas); i++) {
        in = good;
        in.alpha = alphas[i];
        assert_int_equal(judge(&in, &v), -EINVAL);
    }
    in = good;
    in.minimal_effect = NAN;
    assert_int_equal(judge(&in, &v), -EINVAL);
    in = good;
    in.minimal_n = JUDGE_BLOCKS + 1; /* could never be met */
    assert_int_equal(judge(&in, &v), -EINVAL);
    in = good;
    in.tolerated_harm = -1;
    assert_int_equal(judge(&in, &v), -EINVAL);
    static const double values[] = {NAN, INFINITY, -INFINITY, 1e101};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        after[59].value = values[i];
        assert_int_equal(judge(&good, &v), -EINVAL);
    }
    assert_true(v.n_after == 77); /* untouched */
}

/* Any scale, any clock, any number: an answer without a NaN. */
static void extremes(void **state)
{
    (void)state;
    static const double scales[] = {1e-320, 1e-300, 1e-160, 1, 1e90, -1e90, 0};
    for (size_t i = 0; i < ARRAY_SIZE(scales); i++)
        for (int mode = 0; mode < 4; mode++) {
            struct verdict_input in = make(1, 40, scales[i], scales[i] / 2, mode == 3 ? 0 : 0.3);
            for (int k = 0; k < 40 && mode == 1; k++)
                before[k].at = after[k].at = 5; /* no time passes */
            for (int k = 0; k < 40 && mode == 2; k++)
                after[k].at = -after[k].at; /* backwards */
            in.goal = mode == 3 ? JUDGE_GUARD : JUDGE_IMPROVE;
            decide(in);
        }
    expect(decide(make(1, MANY, 200, 100, 0.3)), JUDGE_SUCCESS, JUDGE_BETTER);
}

/* Deterministic, and the order in which neighbours came in does not matter. */
static void the_same_input_gives_the_same_answer(void **state)
{
    (void)state;
    struct verdict_input in = make(11, 80, 200, 150, 0.3);
    struct judgement one = decide(in), two = decide(in);
    assert_memory_equal(&one, &two, sizeof(one));
    for (int i = 0; i < 80; i += 2) {
        struct judge_sample swap = before[i];
        before[i] = before[i + 1];
        before[i + 1] = swap;
    }
    two = decide(in);
    assert_memory_equal(&one, &two, sizeof(one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_improvement),
        cmocka_unit_test(the_direction_counts),
        cmocka_unit_test(constants_that_step),
        cmocka_unit_test(nothing_moved),
        cmocka_unit_test(too_few),
        cmocka_unit_test(memory_lowers_n),
        cmocka_unit_test(a_trend_goes_on),
        cmocka_unit_test(outliers_weigh_little),
        cmocka_unit_test(guards),
        cmocka_unit_test(shares_of_errors),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(extremes),
        cmocka_unit_test(the_same_input_gives_the_same_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
