/* SPDX-License-Identifier: MPL-2.0 */
/* The last seconds of a stream: what a KPI is scored by. A ring of WINDOW_PARTS stretches of time,
 * each with its sums and its sketch. A sample changes the newest part's sums, which lie in the
 * window itself, and waits there for its sketch: two cache lines and no search, whatever the rate
 * and the number of windows. The sketch of the whole is kept only while somebody asks for quantiles;
 * a part that grows old is subtracted from it. No timer: time passes by the `now` of whoever adds or
 * reads. */
#ifndef HELIOS_STATS_WINDOW_H
#define HELIOS_STATS_WINDOW_H

#include <stdbool.h>

#include "common/stats/sketch.h"

#define WINDOW_PARTS 10
#define WINDOW_VALUE_MAX 1e290 /* larger values are refused: their sums leave the doubles */
#define WINDOW_WAITING 12

struct window_sums {
    uint64_t n; /* 0: the others are 0 too, and mean nothing */
    double sum, min, max;
};

/* What a sample seldom touches. */
struct window_ring {
    struct window_sums sums[WINDOW_PARTS]; /* the newest part's are in window.now */
    struct sketch sketches[WINDOW_PARTS];
    struct sketch whole; /* of all that is in the sketches, while window.whole; else empty */
};

struct window {
    int64_t begin;   /* ms; of the newest part: nothing came later than its end */
    int64_t last_at; /* ms; of the newest sample ever */
    double last;
    struct window_sums now;   /* of the newest part */
    struct window_sums older; /* of the nine before it */
    struct window_ring *ring; /* owned, made by the first sample; NULL = none came ever */
    uint32_t part_ms;
    uint8_t place;  /* of the newest part in the ring */
    uint8_t n_waiting;
    bool whole;     /* the ring's sketch of the whole is kept */
    bool asked;     /* for quantiles, since the newest part began */
    int32_t waiting[WINDOW_WAITING]; /* keys of samples of the newest part, not yet in its sketch */
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
/* window_sum is window_read without the quantiles, which are 0: they cost more than all the rest. */
void window_sum(struct window *w, int64_t now_ms, struct summary *ret);

#endif
