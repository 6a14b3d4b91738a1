/* SPDX-License-Identifier: MPL-2.0 */
/* Slopes, forecasts and memory, against hand counts and made streams. */
#include <errno.h>

#include "common/base.h"
#include "common/stats/autocorr.h"
#include "common/stats/trend.h"

#include "test_stats.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The slope by writing all pairs down, with ties, odd and even numbers of pairs. */
static void slope_is_the_median_of_all_pairs(void **state)
{
    (void)state;
    for (size_t n = 4; n < 60; n++) {
        struct rand r = {n};
        struct trend_point p[60];
        double all[1800];
        size_t pairs = 0;
        for (size_t i = 0; i < n; i++)
            p[i] = (struct trend_point){(int64_t)i * 1000 + (int64_t)below(&r, 900),
                                        below(&r, n % 3 ? 5 : 100000)};
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                all[pairs++] = (p[j].value - p[i].value) / ((double)(p[j].at - p[i].at) / 1000);
        qsort(all, pairs, sizeof(*all), by_value);
        struct trend t;
        assert_int_equal(trend_estimate(p, n, 0.05, &t), 0);
        double median = (all[(pairs - 1) / 2] + all[pairs / 2]) / 2;
        NEAR(t.slope, median, 1e-9 * (1 + fabs(median)));
        assert_true(t.low <= t.slope && t.slope <= t.high && t.p > 0 && t.p <= 1);
    }
}

/* Ten rising values: S = 45, variance 125, so z = 44 / 11.18 and p = 8.3e-5 (Gilbert 1987, 16.4).
 */
static void a_straight_line(void **state)
{
    (void)state;
    struct trend_point p[10];
    for (int i = 0; i < 10; i++)
        p[i] = (struct trend_point){i * 2000, 5 + 3 * i};
    struct trend t;
    assert_int_equal(trend_estimate(p, 10, 0.05, &t), 0);
    NEAR(t.slope, 1.5, 1e-12);
    NEAR(t.low, 1.5, 1e-12);
    NEAR(t.high, 1.5, 1e-12);
    NEAR(t.level, 32, 1e-9);
    NEAR(t.p, 8.303e-5, 1e-7);
    struct forecast f = forecast(&t, 20000, 65);
    assert_true(f.in_ms > 19990 && f.in_ms < 20010); /* 35 at 20 s, 1.5 a second: 65 at 40 s */
    assert_true(f.earliest > 19990 && f.latest < 20010);
    assert_true(forecast(&t, 20000, 0).in_ms == FORECAST_NEVER);
    assert_true(forecast(&t, 20000, 1e90).in_ms == FORECAST_NEVER);
}

static void a_constant_never_arrives(void **state)
{
    (void)state;
    struct trend_point p[20];
    for (int i = 0; i < 20; i++)
        p[i] = (struct trend_point){i * 1000, 42};
    struct trend t;
    assert_int_equal(trend_estimate(p, 20, 0.05, &t), 0);
    NEAR(t.slope, 0, 0);
    NEAR(t.p, 1, 0);
    assert_true(forecast(&t, 20000, 43).in_ms == FORECAST_NEVER);
    assert_true(forecast(&t, 20000, 42).in_ms == 0);
}

/* A slope that is not sure leaves the latest meeting open. */
static void a_range_for_the_forecast(void **state)
{
    (void)state;
    struct trend t = {.slope = 1, .low = -0.5, .high = 2, .at = 0, .level = 10};
    struct forecast f = forecast(&t, 0, 20);
    assert_true(f.in_ms == 10000 && f.earliest == 5000 && f.latest == FORECAST_NEVER);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct trend_point same[] = {{5, 1}, {5, 2}, {5, 3}, {5, 4}, {5, 5}};
    struct trend_point falling[] = {{5, 1}, {4, 2}, {6, 3}, {7, 4}, {8, 5}};
    struct trend_point bad[] = {{1, 1}, {2, NAN}, {3, 3}, {4, 4}, {5, 5}};
    struct trend t;
    assert_int_equal(trend_estimate(same, 5, 0.05, &t), -EINVAL);
    assert_int_equal(trend_estimate(same, 0, 0.05, &t), -EINVAL);
    assert_int_equal(trend_estimate(falling, 5, 0.05, &t), -EINVAL);
    assert_int_equal(trend_estimate(bad, 5, 0.05, &t), -EINVAL);
    bad[1].value = 2;
    assert_int_equal(trend_estimate(bad, 5, 0, &t), -EINVAL);
    assert_int_equal(trend_estimate(bad, 5, 0.05, &t), 0);
}

/* More points than fit are averaged, which changes no slope; a tenth of absurd values changes
 * little. */
static void many_points_and_outliers(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    struct rand r = {1};
    _autofree_ struct trend_point *p = xalloc(MANY * sizeof(*p));
    for (int i = 0; i < MANY; i++)
        p[i] = (struct trend_point){i * 100, 0.5 * i / 10 + 10 * rand_unit(&r)};
    struct trend t;
    assert_int_equal(trend_estimate(p, MANY, 0.05, &t), 0);
    assert_true(t.n <= TREND_POINTS && t.n > TREND_POINTS / 2);
    NEAR(t.slope, 0.5, 0.001);
    for (int i = 0; i < 500; i++)
        p[i].value = i % 10 ? p[i].value : 1e9;
    assert_int_equal(trend_estimate(p, 500, 0.05, &t), 0);
    NEAR(t.slope, 0.5, 0.1);
}

static double step_of_memory(struct rand *r, double last, double rho)
{
    return rho * last + sqrt(1 - rho * rho) * gauss(r);
}

/* The share of streams without a trend in which p < 0.05: honest for noise, and for noise with
 * memory not far off. */
static double wrong_trends(double rho)
{
    int wrong = 0;
    for (unsigned seed = 0; seed < 1000; seed++) {
        struct rand r = {seed};
        struct trend_point p[60];
        struct trend t;
        double last = 0;
        for (int i = 0; i < 60; i++) {
            last = step_of_memory(&r, last, rho);
            p[i] = (struct trend_point){i * 1000, last};
        }
        assert_int_equal(trend_estimate(p, 60, 0.05, &t), 0);
        wrong += t.p < 0.05;
    }
    return wrong / 1000.0;
}

static void noise_is_no_trend(void **state)
{
    (void)state;
    assert_true(wrong_trends(0) < 0.07);
    assert_true(wrong_trends(0.5) < 0.10);
    assert_true(wrong_trends(0.8) < 0.15); /* without `memory` it would be one half */
}

/* The autocorrelation time of a first-order process is (1 + rho) / (1 - rho); constants have none.
 */
static void memory_is_measured(void **state)
{
    (void)state;
    enum { LONG = 20000 };
    static const double rhos[] = {0, 0.3, 0.6, 0.9};
    _autofree_ double *v = xalloc(LONG * sizeof(*v));
    for (size_t k = 0; k < ARRAY_SIZE(rhos); k++) {
        struct rand r = {k};
        double last = 0, want = (1 + rhos[k]) / (1 - rhos[k]);
        for (int i = 0; i < LONG; i++)
            v[i] = last = step_of_memory(&r, last, rhos[k]);
        struct stretch halves[] = {{v, LONG / 2}, {v + LONG / 2, LONG / 2}};
        NEAR(autocorr_time(halves, 2), want, 0.25 * want);
        NEAR(autocorr(halves, 2, 1), rhos[k], 0.03);
    }
    for (int i = 0; i < LONG; i++)
        v[i] = i < LONG / 2 ? 1 : 2; /* a step between the stretches is no memory */
    struct stretch halves[] = {{v, LONG / 2}, {v + LONG / 2, LONG / 2}};
    NEAR(autocorr_time(halves, 2), 1, 0);
    NEAR(autocorr_time(halves, 0), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slope_is_the_median_of_all_pairs),
        cmocka_unit_test(a_straight_line),
        cmocka_unit_test(a_constant_never_arrives),
        cmocka_unit_test(a_range_for_the_forecast),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(many_points_and_outliers),
        cmocka_unit_test(noise_is_no_trend),
        cmocka_unit_test(memory_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
