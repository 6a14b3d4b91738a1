/* SPDX-License-Identifier: MPL-2.0 */
/* X4: looks and verdicts share alpha. */
#include "common/stats/sequential.h"

#include "test_stats.h"

/* X4: whatever the kind and the number of looks, no more than alpha is spent, and all of it. */
static void looks_add_up_to_alpha(void **state)
{
    (void)state;
    for (int kind = SPEND_OBRIEN_FLEMING; kind <= SPEND_POCOCK; kind++)
        for (unsigned looks = 1; looks <= 20; looks++) {
            double sum = 0;
            for (unsigned look = 1; look <= looks; look++) {
                double part = spend_alpha((enum spending)kind, 0.01, look, looks);
                assert_true(part > 0 || (kind == SPEND_OBRIEN_FLEMING && part >= 0));
                sum += part;
            }
            NEAR(sum, 0.01, 1e-15);
        }
}

/* Lan & DeMets 1983: at half of the information, alpha = 0.05. */
static void published_values(void **state)
{
    (void)state;
    NEAR(spend_alpha(SPEND_OBRIEN_FLEMING, 0.05, 1, 2), 0.00557, 5e-6);
    NEAR(spend_alpha(SPEND_POCOCK, 0.05, 1, 2), 0.03101, 5e-6);
    NEAR(spend_alpha(SPEND_OBRIEN_FLEMING, 0.05, 1, 1), 0.05, 1e-15);
    NEAR(spend_alpha(SPEND_POCOCK, 0.05, 0, 4), 0, 0);
    NEAR(spend_alpha(SPEND_POCOCK, 0.05, 5, 4), 0, 0);
    NEAR(spend_alpha(SPEND_POCOCK, NAN, 1, 4), 0, 0);
}

/* Holm's example as it is told everywhere: 0.01, 0.04, 0.03, 0.005. */
static void holm_steps_down(void **state)
{
    (void)state;
    const double p[] = {0.01, 0.04, 0.03, 0.005};
    double adjusted[4];
    bool stands[4];
    holm_adjust(p, 4, adjusted);
    NEAR(adjusted[0], 0.03, 1e-15);
    NEAR(adjusted[1], 0.06, 1e-15);
    NEAR(adjusted[2], 0.06, 1e-15);
    NEAR(adjusted[3], 0.02, 1e-15);
    holm(p, 4, 0.05, stands);
    assert_true(stands[0] && !stands[1] && !stands[2] && stands[3]);
}

/* One that fails stops all with larger p, even if they would stand at their own step; ties are
 * treated alike. */
static void holm_stops_at_the_first_that_fails(void **state)
{
    (void)state;
    const double p[] = {0.02, 0.021, 0.02}, same[] = {0.015, 0.015, 0.015}, large[] = {0.9, 1};
    bool stands[3];
    double adjusted[2];
    holm(p, 3, 0.05, stands);
    assert_true(!stands[0] && !stands[1] && !stands[2]);
    holm(same, 3, 0.05, stands);
    assert_true(stands[0] && stands[1] && stands[2]);
    holm_adjust(large, 2, adjusted);
    NEAR(adjusted[0], 1, 0);
    NEAR(adjusted[1], 1, 0);
    holm(large, 0, 0.05, stands);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_add_up_to_alpha),
        cmocka_unit_test(published_values),
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(holm_stops_at_the_first_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
