/* SPDX-License-Identifier: MPL-2.0 */
/* Quantiles of a small array, exact. For streams see sketch.h. */
#ifndef HELIOS_STATS_QUANTILE_H
#define HELIOS_STATS_QUANTILE_H

#include <stddef.h>

/* quantile: type 7 of Hyndman & Fan 1996 (the default of R and NumPy). v ascending, n > 0, q
 * clamped to [0, 1]; 0 for n = 0. */
double quantile(const double *v, size_t n, double q);

/* Location and spread that a few absurd values cannot move. */
struct robust {
    double median;
    double spread; /* 1.4826 * median absolute deviation; 0 when more than half are equal */
};
/* v ascending and then reordered: it is used as scratch. n = 0 gives zeros. */
struct robust robust_of(double *v, size_t n);
/* robust_z: how many spreads x is from the median. With no spread it is 0 on the median and
 * ±ROBUST_Z_MAX off it; never beyond. */
#define ROBUST_Z_MAX 1e6
double robust_z(const struct robust *r, double x);

#endif
