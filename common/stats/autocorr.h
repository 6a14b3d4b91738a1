/* SPDX-License-Identifier: MPL-2.0 */
/* How much a stream remembers: the number of samples that are worth one independent sample. */
#ifndef HELIOS_STATS_AUTOCORR_H
#define HELIOS_STATS_AUTOCORR_H

#include <stddef.h>

/* A stream cut into stretches (before and after a change): each around its own level, the memory
 * common to all. */
struct stretch {
    const double *value; /* in time order */
    size_t n;
};
/* autocorr: common autocorrelation at this lag, each stretch around its own mean, never across
 * stretches. 0 when constant. */
double autocorr(const struct stretch *s, size_t stretches, size_t lag);
/* autocorr_time: integrated autocorrelation time, 1 + 2 * sum of autocorrelations, at least 1: the
 * larger of two estimates, that of a first-order process with the bias of its coefficient (1 + 3r)
 * / n taken back (Kendall 1954), and the sum of Geyer's initial positive sequence (1992), which
 * sees slower memory under white noise. At most the length of the longest stretch. One standard
 * error of a correlation that is not there counts as no memory: exactly 1. */
double autocorr_time(const struct stretch *s, size_t stretches);

#endif
