/* SPDX-License-Identifier: MPL-2.0 */
/* Owns bucketed counts. Refuses to know time. */
#include "sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION_SHIFT 46 /* 52 bits of fraction, the top six kept */

int32_t sketch_key(double value)
{
    double size = fabs(value);
    if (size < DBL_MIN)
        return 0;
    uint64_t bits;
    memcpy(&bits, &size, sizeof(bits));
    int32_t key = (int32_t)(bits >> FRACTION_SHIFT);
    return value < 0 ? -key : key;
}

static int32_t coarser(int32_t key, uint32_t by)
{
    return key < 0 ? -(-key >> by) : key >> by;
}

static double edge(int64_t key, uint32_t coarse)
{
    uint64_t bits = (uint64_t)key << (FRACTION_SHIFT + coarse);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value) ? value : DBL_MAX;
}

static double middle(int32_t key, uint32_t coarse)
{
    if (key == 0)
        return 0;
    int64_t size = key < 0 ? -(int64_t)key : key;
    double value = edge(size, coarse) / 2 + edge(size + 1, coarse) / 2;
    return key < 0 ? -value : value;
}

void sketch_done(struct sketch *s)
{
    free(s->cells);
    *s = (struct sketch){0};
}

void sketch_clear(struct sketch *s, uint32_t coarse)
{
    s->n = 0;
    s->coarse = coarse;
}

/* The place of this key, or where it belongs. */
static uint32_t find(const struct sketch *s, int32_t key)
{
    uint32_t from = 0, n = s->n;
    while (n > 0) {
        uint32_t half = n / 2;
        if (s->cells[from + half].key < key) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

static void make_room(struct sketch *s)
{
    if (s->n < s->room)
        return;
    s->room = s->room ? s->room * 2 : 4;
    s->cells = realloc(s->cells, s->room * sizeof(*s->cells));
    if (!s->cells)
        abort();
}

static void count(struct sketch *s, int32_t key, uint32_t times)
{
    uint32_t at = find(s, key);
    if (at < s->n && s->cells[at].key == key) {
        s->cells[at].count += times;
        return;
    }
    make_room(s);
    memmove(s->cells + at + 1, s->cells + at, (s->n - at) * sizeof(*s->cells));
    s->cells[at] = (struct sketch_cell){key, times};
    s->n++;
    if (s->n > SKETCH_CELLS_MAX)
        sketch_coarsen(s, s->coarse + 1);
}

void sketch_add_key(struct sketch *s, int32_t key)
{
    count(s, coarser(key, s->coarse), 1);
}

void sketch_add(struct sketch *s, double value)
{
    sketch_add_key(s, sketch_key(value));
}

void sketch_coarsen(struct sketch *s, uint32_t coarse)
{
    while (s->coarse < coarse || s->n > SKETCH_CELLS_MAX) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < s->n; i++) {
            struct sketch_cell c = {coarser(s->cells[i].key, 1), s->cells[i].count};
            if (kept && s->cells[kept - 1].key == c.key)
                s->cells[kept - 1].count += c.count;
            else
                s->cells[kept++] = c;
        }
        s->n = kept;
        s->coarse++;
    }
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
    sketch_coarsen(into, from->coarse);
    for (uint32_t i = 0; i < from->n; i++)
        count(into, coarser(from->cells[i].key, into->coarse - from->coarse), from->cells[i].count);
}

void sketch_subtract(struct sketch *whole, const struct sketch *part)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < part->n; i++) {
        uint32_t at = find(whole, coarser(part->cells[i].key, whole->coarse - part->coarse));
        whole->cells[at].count -= part->cells[i].count;
    }
    for (uint32_t i = 0; i < whole->n; i++)
        if (whole->cells[i].count)
            whole->cells[kept++] = whole->cells[i];
    whole->n = kept;
}

uint64_t sketch_count(const struct sketch *s)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < s->n; i++)
        sum += s->cells[i].count;
    return sum;
}

static uint64_t place_of(double q, uint64_t count)
{
    double within = q < 0 ? 0 : q > 1 ? 1 : q;
    return (uint64_t)ceil(within * (double)count);
}

void sketch_quantiles(const struct sketch *s, const double *q, size_t n, double *ret)
{
    uint64_t count = sketch_count(s), seen = 0;
    uint32_t i = 0;
    for (size_t found = 0; found < n; found++) {
        uint64_t place = place_of(q[found], count);
        while (i < s->n && seen + s->cells[i].count < place)
            seen += s->cells[i++].count;
        ret[found] = i < s->n ? middle(s->cells[i].key, s->coarse) : 0;
    }
}

double sketch_quantile(const struct sketch *s, double q)
{
    double value;
    sketch_quantiles(s, &q, 1, &value);
    return value;
}
