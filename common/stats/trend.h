/* SPDX-License-Identifier: MPL-2.0 */
/* Is it going up or down, how fast, and when will it meet a limit? Rank methods: no distribution
 * assumed, outliers harmless. */
#ifndef HELIOS_STATS_TREND_H
#define HELIOS_STATS_TREND_H

#include <stddef.h>
#include <stdint.h>

#define TREND_POINTS 512 /* neighbours are averaged beyond */

struct trend_point {
    int64_t at; /* ms */
    double value;
};

struct trend {
    size_t n;         /* points with different times that were used */
    double slope;     /* per second; Theil–Sen: the median of all pairs' slopes (Sen 1968) */
    double low, high; /* its interval of confidence 1 - alpha (Gilbert 1987, 16.5) */
    double p;         /* of "no trend", two-sided, Mann–Kendall (Gilbert 1987, 16.4) */
    double memory;    /* autocorrelation time around the line, which widens low..high and lifts p */
    int64_t at;       /* time of the last point */
    double level;     /* of the line at that time */
};
/* Oldest first. -EINVAL: fewer than 4 different times, times that fall, values not finite or beyond
 * 1e100, alpha outside (0, 1). */
int trend_estimate(const struct trend_point *points, size_t n, double alpha, struct trend *ret);

#define FORECAST_NEVER INT64_MAX
struct forecast {
    int64_t in_ms; /* from `now` until the line meets the limit; FORECAST_NEVER when it goes the
                      other way */
    int64_t earliest, latest; /* likewise by the ends of the slope's interval */
};
/* forecast: more than a hundred years is never. A line that is at the limit now: 0. Whether it is
 * beyond the limit already is for the caller to see: this answers when they meet. */
struct forecast forecast(const struct trend *t, int64_t now, double limit);

#endif
