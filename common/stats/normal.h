/* SPDX-License-Identifier: MPL-2.0 */
/* The standard normal distribution, by the C library's erfc (Abramowitz & Stegun 26.2.29). */
#ifndef HELIOS_STATS_NORMAL_H
#define HELIOS_STATS_NORMAL_H

double normal_cdf(double z);   /* P(Z <= z) */
double normal_upper(double z); /* P(Z > z), precise in the far tail */
/* normal_quantile: z with P(Z <= z) = p. p outside (0, 1) answers the ends, -38.5 and 38.5, where
 * the tail leaves the doubles. */
double normal_quantile(double p);

#endif
