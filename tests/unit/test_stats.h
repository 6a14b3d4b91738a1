/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests of the statistics share: closeness, and seeded draws. Only for test_stats_*.c. */
#ifndef HELIOS_TEST_STATS_H
#define HELIOS_TEST_STATS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/rand.h"

#define NEAR(got, want, within) near_(got, want, within, __FILE__, __LINE__)

static inline void near_(double got, double want, double within, const char *file, int line)
{
    if (fabs(got - want) <= within)
        return;
    print_error("%.15g is not %.15g\n", got, want);
    _fail(file, line);
}

static inline double below(struct rand *r, unsigned n) /* a whole number, 0..n-1 */
{
    return floor(rand_unit(r) * n);
}

static inline double between(struct rand *r, double low, double high)
{
    return low + (high - low) * rand_unit(r);
}

static inline double gauss(struct rand *r) /* Box & Muller 1958 */
{
    double radius = sqrt(-2 * log(1 - rand_unit(r)));
    return radius * cos(2 * M_PI * rand_unit(r));
}

#endif
