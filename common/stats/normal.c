/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the normal distribution's two directions. Refuses to know tests. */
#include "normal.h"

#include <math.h>

#include "values.h"

#define FAR 38.5 /* beyond it the tail is below the smallest double */

double normal_cdf(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

double normal_upper(double z)
{
    return 0.5 * erfc(z * M_SQRT1_2);
}

static double below(double z, const void *context)
{
    (void)context;
    return normal_cdf(z);
}

/* The upper half is mirrored: near 1 the cdf has no digits left, near 0 it has them all. */
double normal_quantile(double p)
{
    if (!(p > 0))
        return -FAR;
    if (p >= 1)
        return FAR;
    return p > 0.5 ? -solve(below, NULL, 1 - p, -FAR, 0) : solve(below, NULL, p, -FAR, 0);
}
