/* SPDX-License-Identifier: MPL-2.0 */
/* The beta distribution and the belief that is made of it: how likely is it that this works, as far
 * as was seen? */
#ifndef HELIOS_STATS_BETA_H
#define HELIOS_STATS_BETA_H

#include <stdbool.h>
#include <stdint.h>

/* beta_cdf: regularized incomplete beta function I_x(a, b), a > 0, b > 0, by the continued fraction
 * DLMF 8.17.22 (Lentz). x is clamped to [0, 1]; a, b that are not positive and finite answer 0. */
double beta_cdf(double x, double a, double b);
/* beta_quantile: x with I_x(a, b) = p; p is clamped to [0, 1]. */
double beta_quantile(double p, double a, double b);

/* A Beta posterior whose evidence decays: what was seen one half-life ago counts half. The prior
 * never decays. It is plain data and may be stored and loaded field by field. */
struct belief {
    double successes, failures; /* decayed counts as of `at` */
    int64_t at;                 /* ms; when the counts were last brought up to date */
};
#define BELIEF_PRIOR 1.0 /* of each side: uniform, Bayes' and Laplace's choice */

/* half_life_ms <= 0 means no decay. A now before `at` counts as `at`. */
void belief_update(struct belief *b, bool success, int64_t now, int64_t half_life_ms);
double belief_mean(const struct belief *b, int64_t now, int64_t half_life_ms);
/* belief_quantile: the credible bound below which the success rate lies with probability q: 0.2 is
 * a careful estimate. */
double belief_quantile(const struct belief *b, double q, int64_t now, int64_t half_life_ms);

#endif
