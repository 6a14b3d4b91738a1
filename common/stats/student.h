/* SPDX-License-Identifier: MPL-2.0 */
/* Student's t distribution, and Welch's test of two means with unequal variances (Welch 1947). */
#ifndef HELIOS_STATS_STUDENT_H
#define HELIOS_STATS_STUDENT_H

#include <stddef.h>

double student_upper(double t, double df); /* P(T > t), df > 0 (A&S 26.7.1) */

struct welch {
    double shift;     /* mean(b) - mean(a) */
    double t, df;     /* t is ±DBL_MAX when both sides are constant and differ */
    double p_less;    /* of "b is lower" */
    double p_greater; /* of "b is higher" */
    double p_two;
};
/* -EINVAL: fewer than two values on a side, or one that is not finite. */
int welch_test(const double *a, size_t n_a, const double *b, size_t n_b, struct welch *ret);

#endif
