/* SPDX-License-Identifier: MPL-2.0 */
/* The last seconds of a stream: what a KPI is scored by. A ring of WINDOW_PARTS stretches of time,
 * each with its sums and its sketch, and one sketch of all of them: adding costs two searches in
 * small arrays whatever the rate; a stretch that grows old is subtracted. No timer: time passes by
 * the `now` of whoever adds or reads. */
#ifndef HELIOS_STATS_WINDOW_H
#define HELIOS_STATS_WINDOW_H

#include "common/stats/sketch.h"

#define WINDOW_PARTS 10
#define WINDOW_VALUE_MAX 1e290 /* larger values are refused: their sums leave the doubles */

struct window_part {
    int64_t slot; /* time / part_ms */
    uint64_t n;   /* 0: empty, and the rest means nothing */
    double sum, min, max;
    struct sketch sketch;
};

struct window {
    int64_t part_ms;
    int64_t newest;  /* highest slot that was seen */
    int64_t last_at; /* ms; of the newest sample ever */
    double last;
    uint64_t ever;                          /* samples since window_init */
    struct window_part parts[WINDOW_PARTS]; /* that of a slot is at slot % WINDOW_PARTS */
    struct sketch all;
};

struct summary {
    uint64_t count;
    double mean, p50, p95, p99; /* quantiles within 1 % of a sample's value; 0 when count is 0 */
    double min, max;            /* exact; 0 when count is 0 */
    double last;                /* the newest sample ever; 0 when none */
    int64_t age_ms;             /* of it; -1: none ever; 0 when it is in the future */
};

void window_init(struct window *w, int64_t length_ms); /* at least WINDOW_PARTS ms */
void window_done(struct window *w);
/* window_add: -EINVAL when the value is not finite or beyond WINDOW_VALUE_MAX, -ERANGE when it is
 * older than the window. */
int window_add(struct window *w, int64_t at_ms, double value);
/* window_read covers the part of `now` and the nine before it: between 0.9 and 1 length. */
void window_read(struct window *w, int64_t now_ms, struct summary *ret);

#endif
