/* SPDX-License-Identifier: MPL-2.0 */
/* The Mann–Whitney U test (Mann & Whitney 1947): does b tend to be higher or lower than a? It looks
 * at order alone, so one absurd value weighs no more than any other. */
#ifndef HELIOS_STATS_MANNWHITNEY_H
#define HELIOS_STATS_MANNWHITNEY_H

#include <stdbool.h>
#include <stddef.h>

#define MANNWHITNEY_EXACT_MAX 20 /* values a side up to which p is exact when nothing is tied */

struct mannwhitney {
    double u;         /* pairs in which b is higher, ties count half: 0..n_a*n_b */
    double p_less;    /* of "b is lower" */
    double p_greater; /* of "b is higher" */
    double p_two;
    bool exact; /* else normal, with tie and continuity correction (Hollander & Wolfe 4.1) */
};
/* Both ascending (values_sort). -EINVAL: an empty side or a value that is not finite. All values
 * equal: every p is 1. */
int mannwhitney(const double *a, size_t n_a, const double *b, size_t n_b, struct mannwhitney *ret);

/* P(U <= u) of two sides that do not differ, no ties; both 1..MANNWHITNEY_EXACT_MAX, else 0. */
double mannwhitney_cdf(double u, size_t n_a, size_t n_b);
/* The largest u with P(U <= u) <= p, as in the printed tables; -1 when there is none. Same ranges.
 */
double mannwhitney_critical(double p, size_t n_a, size_t n_b);
/* The variance of U; tied = sum of t³ - t over groups of t equal values, 0 without ties. */
double mannwhitney_variance(size_t n_a, size_t n_b, double tied);

#endif
