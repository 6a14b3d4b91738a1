/* SPDX-License-Identifier: MPL-2.0 */
/* Learned success: how often an optimization succeeds in a context, as a Beta posterior that fades.
 *
 *   prior a = b = 1; at each end: SUCCESS a += 1; FAILED, ERROR b += 1; INCONCLUSIVE b += 0.5
 *   before each use: a = 1 + (a − 1)·2^(−Δt / verify.half_life), b likewise
 *
 * The context is KPI:CLASS of severity, as page_load_time:critical. Ends without an apply teach
 * nothing. */
#ifndef HELIOS_DECIDE_LEARNED_H
#define HELIOS_DECIDE_LEARNED_H

#include "common/base.h"

struct helios;
struct odds {
    double a, b;  /* pseudo-counts, now */
    double mean;  /* a / (a + b): moves the ranking */
    double lower; /* 10 % quantile of the posterior: what can be counted on */
    double upper; /* 90 % quantile */
};
struct odds learned_odds(struct helios *h, struct bytes name, struct bytes context);
/* learned_each calls visit for each context in which the optimization of that name has ended,
 * oldest first. */
void learned_each(struct helios *h, struct bytes name,
                  void (*visit)(struct bytes context, struct odds odds, void *context_of_visit),
                  void *context_of_visit);

#endif
