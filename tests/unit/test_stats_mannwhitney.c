/* SPDX-License-Identifier: MPL-2.0 */
/* U, its printed tables, the shift and Welch's t against published examples and against counting by
 * hand. */
#include <errno.h>

#include "common/base.h"
#include "common/stats/mannwhitney.h"
#include "common/stats/shift.h"
#include "common/stats/student.h"
#include "common/stats/values.h"

#include "test_stats.h"

/* Critical values as printed, for example, in Hollander & Wolfe and in Zar: largest U that rejects.
 */
static const struct {
    size_t n_a, n_b;
    double p, u; /* one-sided */
} printed[] = {
    {5, 5, 0.025, 2},     {7, 7, 0.025, 8},    {8, 10, 0.025, 17},   {10, 10, 0.025, 23},
    {20, 20, 0.025, 127}, {15, 15, 0.025, 64}, {3, 3, 0.025, -1},    {10, 10, 0.01, 19},
    {20, 20, 0.01, 114},  {10, 10, 0.005, 16}, {20, 20, 0.005, 105}, {5, 5, 0.05, 4},
    {10, 10, 0.05, 27},   {20, 20, 0.05, 138}, {1, 19, 0.05, 0},     {4, 20, 0.025, 14},
};

static void critical_values_are_those_of_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(printed); i++) {
        double u = mannwhitney_critical(printed[i].p, printed[i].n_a, printed[i].n_b);
        NEAR(u, printed[i].u, 0);
        assert_true(mannwhitney_cdf(u, printed[i].n_a, printed[i].n_b) <= printed[i].p);
        assert_true(mannwhitney_cdf(u + 1, printed[i].n_a, printed[i].n_b) > printed[i].p);
    }
    NEAR(mannwhitney_critical(0.05, 0, 5), -1, 0);
    NEAR(mannwhitney_cdf(3, 21, 5), 0, 0);
}

/* Permeability of the human chorioamnion: Hollander & Wolfe, example 4.1. */
static double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static void the_textbook_example(void **state)
{
    (void)state;
    values_sort(at_term, 10);
    values_sort(early, 5);
    struct mannwhitney m;
    assert_int_equal(mannwhitney(early, 5, at_term, 10, &m), 0);
    assert_true(m.exact);
    NEAR(m.u, 35, 0);
    NEAR(m.p_greater, 0.1272, 5e-5);
    NEAR(m.p_two, 0.2544, 1e-4);
    struct shift s;
    assert_int_equal(shift_estimate(early, 5, at_term, 10, 0.05, &s), 0);
    NEAR(s.estimate, 0.305, 1e-12);
    NEAR(s.low, -0.15, 1e-12);
    NEAR(s.high, 0.76, 1e-12);
}

static void nothing_is_answered_for_no_data(void **state)
{
    (void)state;
    struct mannwhitney m;
    struct shift s;
    struct welch w;
    double bad[] = {1, NAN}, good[] = {1, 2};
    assert_int_equal(mannwhitney(good, 0, good, 2, &m), -EINVAL);
    assert_int_equal(mannwhitney(good, 2, bad, 2, &m), -EINVAL);
    assert_int_equal(shift_estimate(good, 2, good, 0, 0.05, &s), -EINVAL);
    assert_int_equal(shift_estimate(good, 2, good, 2, 0, &s), -EINVAL);
    assert_int_equal(shift_estimate(bad, 2, good, 2, 0.05, &s), -EINVAL);
    assert_int_equal(welch_test(good, 1, good, 2, &w), -EINVAL);
    assert_int_equal(welch_test(good, 2, bad, 2, &w), -EINVAL);
}

/* All equal: nothing can be said. Two constants: everything. */
static void ties(void **state)
{
    (void)state;
    double a[30], b[30];
    struct mannwhitney m;
    struct shift s;
    for (int i = 0; i < 30; i++)
        a[i] = b[i] = 7;
    assert_int_equal(mannwhitney(a, 30, b, 30, &m), 0);
    NEAR(m.p_two, 1, 0);
    NEAR(m.p_less, 1, 0);
    NEAR(m.u, 450, 0);
    for (int i = 0; i < 30; i++)
        b[i] = 3;
    assert_int_equal(mannwhitney(a, 30, b, 30, &m), 0);
    assert_true(m.p_less < 1e-10 && m.p_greater > 0.999);
    assert_int_equal(shift_estimate(a, 30, b, 30, 0.01, &s), 0);
    NEAR(s.estimate, -4, 0);
    NEAR(s.low, -4, 0);
    NEAR(s.high, -4, 0);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* U and the shift by writing all pairs down. */
static void counting_by_hand_gives_the_same(void **state)
{
    (void)state;
    struct rand r = {0};
    for (int round = 0; round < 200; round++) {
        size_t n_a = 1 + (size_t)below(&r, 40), n_b = 1 + (size_t)below(&r, 40), n = 0;
        double a[40], b[40], d[1600], u = 0;
        for (size_t i = 0; i < n_a; i++)
            a[i] = below(&r, round % 2 ? 12 : 1000000);
        for (size_t j = 0; j < n_b; j++)
            b[j] = below(&r, round % 2 ? 12 : 1000000);
        for (size_t i = 0; i < n_a; i++)
            for (size_t j = 0; j < n_b; j++) {
                u += b[j] > a[i] ? 1 : b[j] == a[i] ? 0.5 : 0;
                d[n++] = b[j] - a[i];
            }
        qsort(d, n, sizeof(*d), by_value);
        values_sort(a, n_a);
        values_sort(b, n_b);
        struct mannwhitney m;
        struct shift s;
        assert_int_equal(mannwhitney(a, n_a, b, n_b, &m), 0);
        assert_int_equal(shift_estimate(a, n_a, b, n_b, 0.05, &s), 0);
        NEAR(m.u, u, 0);
        NEAR(s.estimate, (d[(n - 1) / 2] + d[n / 2]) / 2, 1e-9);
        assert_true(s.low <= s.estimate && s.estimate <= s.high);
        assert_true(m.p_two >= 0 && m.p_two <= 1);
    }
}

/* Ten thousand a side: a hundred million differences that are never stored. */
static void many_samples(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    _autofree_ double *a = xalloc(MANY * sizeof(*a)), *b = xalloc(MANY * sizeof(*b));
    for (int i = 0; i < MANY; i++) {
        a[i] = i;
        b[i] = i + 100;
    }
    struct shift s;
    assert_int_equal(shift_estimate(a, MANY, b, MANY, 0.05, &s), 0);
    NEAR(s.estimate, 100, 1e-9);
    assert_true(s.low > 0 && s.low < 100 && s.high > 100 && s.high < 200);
    free(b);
    b = NULL;
}

/* Student's sleep data, as every copy of R has it: t.test(extra ~ group). */
static void welch_on_students_sleep(void **state)
{
    (void)state;
    const double one[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    const double two[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct welch w;
    assert_int_equal(welch_test(one, 10, two, 10, &w), 0);
    NEAR(w.t, 1.8608, 5e-5);
    NEAR(w.df, 17.776, 5e-4);
    NEAR(w.p_two, 0.07939, 5e-6);
    NEAR(w.p_greater, 0.07939 / 2, 5e-6);
    const double flat[] = {3, 3}, other[] = {4, 4};
    assert_int_equal(welch_test(flat, 2, other, 2, &w), 0);
    NEAR(w.p_greater, 0, 0);
    assert_int_equal(welch_test(flat, 2, flat, 2, &w), 0);
    NEAR(w.p_two, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values_are_those_of_the_tables),
        cmocka_unit_test(the_textbook_example),
        cmocka_unit_test(nothing_is_answered_for_no_data),
        cmocka_unit_test(ties),
        cmocka_unit_test(counting_by_hand_gives_the_same),
        cmocka_unit_test(many_samples),
        cmocka_unit_test(welch_on_students_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
