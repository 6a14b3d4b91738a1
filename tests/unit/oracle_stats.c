/* SPDX-License-Identifier: MPL-2.0 */
/* The distributions against R's (package r-mathlib), on grids. R's library is GPL: it stays in this
 * test. Built and run only where it is installed, else reported as skipped
 * (common/stats/CMakeLists.txt). */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "common/base.h"
#include "common/stats/beta.h"
#include "common/stats/mannwhitney.h"
#include "common/stats/normal.h"
#include "common/stats/student.h"

#include "test_stats.h"

/* Relative where the value is small: tails matter most. */
static void same(double got, double want, double within)
{
    NEAR(got, want, within * fabs(want) + 1e-300);
}

static void normal_is_rs(void **state)
{
    (void)state;
    for (double z = -37; z <= 37; z += 0.01) {
        same(normal_cdf(z), pnorm(z, 0, 1, 1, 0), 1e-12);
        same(normal_upper(z), pnorm(z, 0, 1, 0, 0), 1e-12);
    }
    for (double p = 1e-10; p < 1; p += 0.00037)
        NEAR(normal_quantile(p), qnorm(p, 0, 1, 1, 0), 1e-12 * (1 + fabs(qnorm(p, 0, 1, 1, 0))));
}

static void student_is_rs(void **state)
{
    (void)state;
    static const double dfs[] = {0.7, 1, 2, 3.3, 6, 8, 17.776, 38, 200, 1e4};
    for (size_t i = 0; i < ARRAY_SIZE(dfs); i++)
        for (double t = -12; t <= 12; t += 0.1)
            same(student_upper(t, dfs[i]), pt(t, dfs[i], 0, 0), 1e-9);
}

static void beta_is_rs(void **state)
{
    (void)state;
    static const double shapes[] = {0.5, 1, 1.7, 3, 12, 80.5, 1000, 20000};
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
        for (size_t j = 0; j < ARRAY_SIZE(shapes); j++)
            for (double q = 0.01; q < 1; q += 0.07) {
                double a = shapes[i], b = shapes[j];
                NEAR(beta_cdf(q, a, b), pbeta(q, a, b, 1, 0), 1e-9);
                same(beta_quantile(q, a, b), qbeta(q, a, b, 1, 0), 1e-8);
            }
}

/* Every U of every pair of sizes for which the test is exact. */
static void mannwhitney_is_rs(void **state)
{
    (void)state;
    for (size_t m = 1; m <= MANNWHITNEY_EXACT_MAX; m++)
        for (size_t n = 1; n <= MANNWHITNEY_EXACT_MAX; n++)
            for (size_t u = 0; u <= m * n; u += 1 + m * n / 40)
                same(mannwhitney_cdf((double)u, m, n),
                     pwilcox((double)u, (double)m, (double)n, 1, 0), 1e-10);
    wilcox_free();
}

/* R's quantile is the smallest u with P(U <= u) >= p: one above the largest with less. */
static void critical_values_are_rs(void **state)
{
    (void)state;
    static const double ps[] = {0.0013, 0.0051, 0.0101, 0.0251, 0.0501, 0.2003};
    for (size_t i = 0; i < ARRAY_SIZE(ps); i++)
        for (size_t m = 1; m <= MANNWHITNEY_EXACT_MAX; m++)
            for (size_t n = 1; n <= MANNWHITNEY_EXACT_MAX; n++)
                NEAR(mannwhitney_critical(ps[i], m, n),
                     qwilcox(ps[i], (double)m, (double)n, 1, 0) - 1, 0);
    wilcox_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_is_rs),
        cmocka_unit_test(student_is_rs),
        cmocka_unit_test(beta_is_rs),
        cmocka_unit_test(mannwhitney_is_rs),
        cmocka_unit_test(critical_values_are_rs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
