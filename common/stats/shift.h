/* SPDX-License-Identifier: MPL-2.0 */
/* The Hodges–Lehmann estimate of how far b lies above a: the median of all differences, with the
 * interval that inverts the Mann–Whitney test (Hollander & Wolfe 4.2–4.3). */
#ifndef HELIOS_STATS_SHIFT_H
#define HELIOS_STATS_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

struct shift {
    double estimate;  /* of b - a */
    double low, high; /* contains the true shift with probability 1 - alpha or more */
    bool bounded;     /* false: too few values for this alpha, the extreme differences are given */
};
/* Both ascending; 0 < alpha < 1, two-sided. -EINVAL: an empty side, a value that is not finite,
 * another alpha. The differences are counted, never stored: O((n_a + n_b) * 64) time and no memory,
 * so there is no cap and no thinning. */
int shift_estimate(const double *a, size_t n_a, const double *b, size_t n_b, double alpha,
                   struct shift *ret);

#endif
