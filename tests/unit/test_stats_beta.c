/* SPDX-License-Identifier: MPL-2.0 */
/* Normal, beta and t distributions at printed values; beliefs that decay. More values:
 * oracle_stats.c. */
#include "common/stats/beta.h"
#include "common/stats/normal.h"
#include "common/stats/student.h"

#include "test_stats.h"

#define DAY (24 * 3600 * INT64_C(1000))

static void normal_at_printed_values(void **state)
{
    (void)state;
    NEAR(normal_cdf(0), 0.5, 0);
    NEAR(normal_cdf(1.959963984540054), 0.975, 1e-15);
    NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
    NEAR(normal_quantile(0.01), -2.3263478740408408, 1e-14);
    NEAR(normal_upper(10) / 7.619853024160526e-24, 1, 1e-12);
    NEAR(normal_quantile(1e-300), -37.0471, 1e-4);
    NEAR(normal_quantile(0), -38.5, 0);
    NEAR(normal_quantile(1), 38.5, 0);
    NEAR(normal_quantile(NAN), -38.5, 0);
}

/* One-sided t of 2.5 % as in every table. */
static void student_at_printed_values(void **state)
{
    (void)state;
    NEAR(student_upper(12.7062, 1), 0.025, 1e-6);
    NEAR(student_upper(2.2281, 10), 0.025, 2e-6);
    NEAR(student_upper(1.9600, 1e7), 0.025, 1e-5);
    NEAR(student_upper(0, 5), 0.5, 1e-15);
    NEAR(student_upper(-2.2281, 10), 0.975, 2e-6);
}

/* For whole numbers I_x(a, b) is a sum of binomials: I_0.5(2, 3) = 11/16. */
static void beta_at_known_values(void **state)
{
    (void)state;
    NEAR(beta_cdf(0.5, 2, 3), 0.6875, 1e-15);
    NEAR(beta_cdf(0.3, 1, 1), 0.3, 1e-15);
    NEAR(beta_cdf(0.2, 1, 3), 1 - 0.512, 1e-15);
    NEAR(beta_quantile(0.6875, 2, 3), 0.5, 1e-14);
    NEAR(beta_quantile(0.2, 1, 1), 0.2, 1e-15);
    NEAR(beta_quantile(0, 2, 3), 0, 0);
    NEAR(beta_quantile(1, 2, 3), 1, 0);
    NEAR(beta_cdf(-1, 2, 3), 0, 0);
    NEAR(beta_cdf(2, 2, 3), 1, 0);
    NEAR(beta_cdf(0.5, NAN, 3), 0, 0);
    NEAR(beta_cdf(NAN, 2, 3), 0, 0);
    NEAR(beta_cdf(0.5, -1, INFINITY), 0, 0);
    NEAR(beta_cdf(0.5, 1e6, 1e6), 0.5, 1e-9);
}

static void belief_learns(void **state)
{
    (void)state;
    struct belief b = {0};
    NEAR(belief_mean(&b, 0, DAY), 0.5, 0);
    NEAR(belief_quantile(&b, 0.2, 0, DAY), 0.2, 1e-14);
    for (int i = 0; i < 8; i++)
        belief_update(&b, true, 1000, 0);
    belief_update(&b, false, 1000, 0);
    NEAR(belief_mean(&b, 1000, 0), 9.0 / 11, 1e-15);
    double careful = belief_quantile(&b, 0.2, 1000, 0);
    NEAR(beta_cdf(careful, 9, 2), 0.2, 1e-12);
    assert_true(careful < belief_mean(&b, 1000, 0));
}

/* One half-life halves the counts, many forget all but the prior; a clock that goes back changes
 * nothing. */
static void belief_decays(void **state)
{
    (void)state;
    struct belief b = {.successes = 8, .failures = 2, .at = DAY};
    NEAR(belief_mean(&b, 2 * DAY, DAY), 5.0 / 7, 1e-15);
    NEAR(belief_mean(&b, 1000 * DAY, DAY), 0.5, 1e-12);
    NEAR(belief_mean(&b, 0, DAY), 9.0 / 12, 1e-15);
    belief_update(&b, true, 2 * DAY, DAY);
    NEAR(b.successes, 5, 1e-15);
    NEAR(b.failures, 1, 1e-15);
    belief_update(&b, false, DAY, DAY);
    NEAR(b.failures, 2, 1e-15);
    assert_true(b.at == 2 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_at_printed_values),
        cmocka_unit_test(student_at_printed_values),
        cmocka_unit_test(beta_at_known_values),
        cmocka_unit_test(belief_learns),
        cmocka_unit_test(belief_decays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
