/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sliding of a window. Refuses to read a clock. */
#include "window.h"

#include <errno.h>
#include <math.h>

void window_init(struct window *w, int64_t length_ms)
{
    *w = (struct window){.part_ms = length_ms > WINDOW_PARTS ? length_ms / WINDOW_PARTS : 1};
}

void window_done(struct window *w)
{
    for (int i = 0; i < WINDOW_PARTS; i++)
        sketch_done(&w->parts[i].sketch);
    sketch_done(&w->all);
}

static int64_t slot_of(const struct window *w, int64_t at_ms)
{
    int64_t slot = at_ms / w->part_ms;
    return at_ms % w->part_ms < 0 ? slot - 1 : slot;
}

static void forget(struct window *w, struct window_part *part)
{
    sketch_subtract(&w->all, &part->sketch);
    part->n = 0;
    if (w->all.n == 0)
        sketch_clear(&w->all, 0); /* an empty window is as fine as a new one */
}

static void pass_time(struct window *w, int64_t slot)
{
    if (slot <= w->newest && w->ever)
        return;
    w->newest = slot;
    for (int i = 0; i < WINDOW_PARTS; i++)
        if (w->parts[i].n && w->parts[i].slot <= slot - WINDOW_PARTS)
            forget(w, &w->parts[i]);
}

static struct window_part *part_of(struct window *w, int64_t slot)
{
    int64_t place = slot % WINDOW_PARTS;
    struct window_part *part = &w->parts[place < 0 ? place + WINDOW_PARTS : place];
    if (part->n == 0) {
        part->slot = slot;
        part->sum = 0;
        part->min = INFINITY;
        part->max = -INFINITY;
        sketch_clear(&part->sketch, w->all.coarse);
    }
    return part;
}

/* Both sketches must agree on their buckets, or the part could not be subtracted later. */
static void add_to(struct window *w, struct window_part *part, double value)
{
    part->n++;
    part->sum += value;
    part->min = value < part->min ? value : part->min;
    part->max = value > part->max ? value : part->max;
    sketch_add(&part->sketch, value);
    sketch_add(&w->all, value);
    if (part->sketch.coarse != w->all.coarse)
        for (int i = 0; i < WINDOW_PARTS; i++)
            sketch_coarsen(&w->parts[i].sketch, w->all.coarse);
}

int window_add(struct window *w, int64_t at_ms, double value)
{
    if (!(fabs(value) <= WINDOW_VALUE_MAX))
        return -EINVAL;
    int64_t slot = slot_of(w, at_ms);
    if (w->ever && slot <= w->newest - WINDOW_PARTS)
        return -ERANGE;
    pass_time(w, slot);
    add_to(w, part_of(w, slot), value);
    if (w->ever++ == 0 || at_ms >= w->last_at) {
        w->last = value;
        w->last_at = at_ms;
    }
    return 0;
}

/* A bucket's middle may lie outside of what was seen. */
static double within(double value, const struct summary *s)
{
    return value < s->min ? s->min : value > s->max ? s->max : value;
}

void window_read(struct window *w, int64_t now_ms, struct summary *ret)
{
    struct summary s = {.age_ms = -1};
    double sum = 0;
    if (w->ever) {
        pass_time(w, slot_of(w, now_ms));
        s.age_ms = now_ms > w->last_at ? now_ms - w->last_at : 0;
        s.last = w->last;
    }
    for (int i = 0; i < WINDOW_PARTS; i++) {
        const struct window_part *part = &w->parts[i];
        if (part->n == 0)
            continue;
        s.min = s.count && s.min < part->min ? s.min : part->min;
        s.max = s.count && s.max > part->max ? s.max : part->max;
        s.count += part->n;
        sum += part->sum;
    }
    if (s.count) {
        s.mean = within(sum / (double)s.count, &s);
        static const double q[] = {0.50, 0.95, 0.99};
        double at[3];
        sketch_quantiles(&w->all, q, 3, at);
        s.p50 = within(at[0], &s);
        s.p95 = within(at[1], &s);
        s.p99 = within(at[2], &s);
    }
    *ret = s;
}
