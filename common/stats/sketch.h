/* SPDX-License-Identifier: MPL-2.0 */
/* Counts of values in log-linear buckets (the idea of HDR histograms): quantiles of a stream within
 * 1 %, mergeable, subtractable.
 *
 * A bucket is a double's sign, exponent and top six bits of its fraction, so finding it costs a
 * shift and no logarithm, and its middle is within 1/128 of each of its values. Only buckets that
 * hold something exist, sorted in one small array: a KPI whose values span a factor of two needs at
 * most 64 of them, 512 bytes. Chosen over a t-digest and P² because two of these can be subtracted,
 * which is what a sliding window needs, and because the error is a promise, not a hope. */
#ifndef HELIOS_STATS_SKETCH_H
#define HELIOS_STATS_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SKETCH_CELLS_MAX 1024 /* beyond it neighbours merge and the error doubles */

struct sketch_cell {
    int32_t key; /* ascending by value */
    uint32_t count;
};

/* All zeros is an empty sketch. Running out of memory ends the process. */
struct sketch {
    struct sketch_cell *cells; /* owned */
    uint32_t n, room;
    uint32_t coarse; /* how often neighbours were merged; relative error 2^coarse / 128 */
};

void sketch_done(struct sketch *s);
void sketch_clear(struct sketch *s, uint32_t coarse); /* keeps its memory */
void sketch_add(struct sketch *s, double value); /* finite; |value| below 2.3e-308 counts as 0 */
/* sketch_add in two steps: what a value is counted under, for any sketch, and the counting. */
int32_t sketch_key(double value);
void sketch_add_key(struct sketch *s, int32_t key);
void sketch_coarsen(struct sketch *s, uint32_t coarse); /* merges until s->coarse >= coarse */
void sketch_merge(struct sketch *into, const struct sketch *from);
/* sketch_subtract: everything in `part` was added to `whole` as well, and whole->coarse >=
 * part->coarse. */
void sketch_subtract(struct sketch *whole, const struct sketch *part);
uint64_t sketch_count(const struct sketch *s);
/* sketch_quantile: the bucket of the value at place ceil(q * count), its middle. 0 when empty. */
double sketch_quantile(const struct sketch *s, double q);
/* sketch_quantiles does so for n ascending q in one pass. */
void sketch_quantiles(const struct sketch *s, const double *q, size_t n, double *ret);

#endif
