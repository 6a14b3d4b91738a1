/* SPDX-License-Identifier: MPL-2.0 */
/* Looking more than once at the evidence, and judging more than one claim: how the chance of a
 * wrong acceptance is shared. */
#ifndef HELIOS_STATS_SEQUENTIAL_H
#define HELIOS_STATS_SEQUENTIAL_H

#include <stdbool.h>
#include <stddef.h>

enum spending {
    SPEND_OBRIEN_FLEMING, /* nearly all at the last look: 2 - 2Φ(z(alpha/2) / sqrt(t)) */
    SPEND_POCOCK,         /* nearly even: alpha * ln(1 + (e - 1) * t) */
};
/* spend_alpha: what look 1..looks of equally spaced looks may spend; all looks add up to alpha (Lan
 * & DeMets 1983). Each look tested at its own increment keeps the whole under alpha, whatever the
 * looks share (Bonferroni). 0 for a look out of range. */
double spend_alpha(enum spending kind, double alpha, unsigned look, unsigned looks);

/* holm: step-down over m p-values with the family's alpha (Holm 1979). ret_rejected[i] tells
 * whether claim i stands. */
void holm(const double *p, size_t m, double alpha, bool *ret_rejected);
/* holm_adjust: the smallest family alpha at which claim i would stand, never above 1. */
void holm_adjust(const double *p, size_t m, double *ret_adjusted);

#endif
