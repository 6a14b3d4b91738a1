/* SPDX-License-Identifier: MPL-2.0 */
/* Plain arrays of doubles and the one search that all inversions here stand on. */
#ifndef HELIOS_STATS_VALUES_H
#define HELIOS_STATS_VALUES_H

#include <stdbool.h>
#include <stddef.h>

void values_sort(double *v, size_t n);         /* ascending, in place; no NaN may be in it */
bool values_finite(const double *v, size_t n); /* true for n = 0 */
double values_mean(const double *v,
                   size_t n); /* n > 0; does not overflow where the mean does not */
double values_variance(const double *v, size_t n); /* unbiased; 0 for n < 2 */

/* solve answers the smallest double x in [low, high] with f(x) >= target, or high when there is
 * none. f must not decrease. It halves the *representable* numbers between low and high, so it is
 * exact to the last bit after at most 64 calls, whatever the scale. */
typedef double monotone(double x, const void *context);
double solve(monotone *f, const void *context, double target, double low, double high);

#endif
