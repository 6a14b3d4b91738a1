/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sliding of a window. Refuses to read a clock. */
#include "window.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void window_init(struct window *w, int64_t length_ms)
{
    int64_t part_ms = length_ms > WINDOW_PARTS ? length_ms / WINDOW_PARTS : 1;
    *w = (struct window){.part_ms = (uint32_t)part_ms};
}

void window_done(struct window *w)
{
    if (w->ring == NULL)
        return;
    for (int i = 0; i < WINDOW_PARTS; i++)
        sketch_done(&w->ring->sketches[i]);
    sketch_done(&w->ring->whole);
    free(w->ring);
    w->ring = NULL;
}

/* parts_to answers by how many parts a time lies behind the begin of the newest one; negative when
 * it lies before it. */
static int64_t parts_to(const struct window *w, int64_t at_ms)
{
    int64_t past = at_ms - w->begin, part = w->part_ms;
    return past >= 0 ? past / part : -((part - 1 - past) / part);
}

static void start(struct window *w, int64_t at_ms)
{
    w->ring = calloc(1, sizeof(*w->ring));
    if (w->ring == NULL)
        abort();
    w->begin = parts_to(w, at_ms) * w->part_ms; /* from 0, where begin was */
    w->last_at = at_ms;
}

static void sums_add(struct window_sums *s, double value)
{
    s->min = s->n && s->min < value ? s->min : value;
    s->max = s->n && s->max > value ? s->max : value;
    s->sum += value;
    s->n++;
}

static void sums_merge(struct window_sums *into, const struct window_sums *s)
{
    if (s->n == 0)
        return;
    into->min = into->n && into->min < s->min ? into->min : s->min;
    into->max = into->n && into->max > s->max ? into->max : s->max;
    into->sum += s->sum;
    into->n += s->n;
}

/* ---- sketches ---- */

/* The whole is never finer than a part, or the part could not be subtracted later. */
static void add_key(struct window *w, unsigned place, int32_t key)
{
    struct sketch *part = &w->ring->sketches[place];
    sketch_add_key(part, key);
    if (!w->whole)
        return;
    sketch_add_key(&w->ring->whole, key);
    sketch_coarsen(&w->ring->whole, part->coarse);
}

static void add_waiting(struct window *w)
{
    for (unsigned i = 0; i < w->n_waiting; i++)
        add_key(w, w->place, w->waiting[i]);
    w->n_waiting = 0;
}

static void forget(struct window *w, unsigned place)
{
    struct window_ring *ring = w->ring;
    if (w->whole)
        sketch_subtract(&ring->whole, &ring->sketches[place]);
    if (ring->whole.n == 0)
        sketch_clear(&ring->whole, 0); /* an empty window is as fine as a new one */
    sketch_clear(&ring->sketches[place], 0);
    ring->sums[place] = (struct window_sums){0};
}

static const struct sketch *whole_of(struct window *w)
{
    struct window_ring *ring = w->ring;
    add_waiting(w);
    w->asked = true;
    if (!w->whole)
        for (int i = 0; i < WINDOW_PARTS; i++)
            sketch_merge(&ring->whole, &ring->sketches[i]);
    w->whole = true;
    return &ring->whole;
}

/* Nobody asked for a whole part's time: it costs more than it serves. */
static void drop_whole(struct window *w)
{
    sketch_done(&w->ring->whole);
    w->whole = false;
}

/* ---- time ---- */

static void begin_part(struct window *w, int64_t at_ms)
{
    struct window_ring *ring = w->ring;
    int64_t parts = parts_to(w, at_ms);
    add_waiting(w);
    if (!w->asked)
        drop_whole(w);
    w->asked = false;
    ring->sums[w->place] = w->now;
    for (int64_t i = 0; i < parts && i < WINDOW_PARTS; i++) {
        w->place = (uint8_t)((w->place + 1) % WINDOW_PARTS);
        forget(w, w->place);
    }
    w->begin += parts * w->part_ms;
    w->now = w->older = (struct window_sums){0};
    for (int i = 0; i < WINDOW_PARTS; i++)
        sums_merge(&w->older, &ring->sums[i]);
}

static void pass_time(struct window *w, int64_t at_ms)
{
    if (at_ms - w->begin >= (int64_t)w->part_ms)
        begin_part(w, at_ms);
}

/* A sample of a part that is not the newest any more. */
static int add_late(struct window *w, int64_t at_ms, double value)
{
    int64_t parts = parts_to(w, at_ms);
    if (parts <= -WINDOW_PARTS)
        return -ERANGE;
    unsigned place = (unsigned)(w->place + WINDOW_PARTS + parts) % WINDOW_PARTS;
    sums_add(&w->ring->sums[place], value);
    sums_add(&w->older, value);
    add_key(w, place, sketch_key(value));
    return 0;
}

int window_add(struct window *w, int64_t at_ms, double value)
{
    if (!(fabs(value) <= WINDOW_VALUE_MAX))
        return -EINVAL;
    if (w->ring == NULL)
        start(w, at_ms);
    pass_time(w, at_ms);
    if (at_ms < w->begin) {
        if (add_late(w, at_ms, value) < 0)
            return -ERANGE;
    } else {
        if (w->n_waiting == WINDOW_WAITING)
            add_waiting(w);
        w->waiting[w->n_waiting++] = sketch_key(value);
        sums_add(&w->now, value);
    }
    if (at_ms >= w->last_at) {
        w->last = value;
        w->last_at = at_ms;
    }
    return 0;
}

/* ---- reading ---- */

/* A bucket's middle may lie outside of what was seen. */
static double within(double value, const struct summary *s)
{
    return value < s->min ? s->min : value > s->max ? s->max : value;
}

void window_sum(struct window *w, int64_t now_ms, struct summary *ret)
{
    *ret = (struct summary){.age_ms = -1};
    if (w->ring == NULL)
        return;
    pass_time(w, now_ms);
    struct window_sums all = w->older;
    sums_merge(&all, &w->now);
    ret->age_ms = now_ms > w->last_at ? now_ms - w->last_at : 0;
    ret->last = w->last;
    if (all.n == 0)
        return;
    ret->count = all.n;
    ret->min = all.min;
    ret->max = all.max;
    ret->mean = within(all.sum / (double)all.n, ret);
}

void window_read(struct window *w, int64_t now_ms, struct summary *ret)
{
    static const double q[] = {0.50, 0.95, 0.99};
    double at[3];
    window_sum(w, now_ms, ret);
    if (ret->count == 0)
        return;
    sketch_quantiles(whole_of(w), q, 3, at);
    ret->p50 = within(at[0], ret);
    ret->p95 = within(at[1], ret);
    ret->p99 = within(at[2], ret);
}
