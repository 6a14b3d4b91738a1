/* SPDX-License-Identifier: MPL-2.0 */
/* Binary min-heap of intrusive nodes ordered by (key, then order of insertion): timers and queues.
 * A node knows its place, so that it can be moved or taken out in O(log n). */
#ifndef HELIOS_COMMON_HEAP_H
#define HELIOS_COMMON_HEAP_H

#include "base.h"

struct heap_node {
    int64_t key;    /* smallest first */
    uint64_t order; /* set by heap_put: equal keys come out in the order in which they went in */
    size_t place;   /* 1-based; 0 = in no heap */
};

struct heap {
    struct heap_node **nodes; /* owned array of borrowed nodes; index 0 unused */
    size_t n, room;
    uint64_t puts;
};

void heap_done(struct heap *h);
void heap_put(struct heap *h, struct heap_node *node, int64_t key); /* moves it when it is in already */
void heap_out(struct heap *h, struct heap_node *node);              /* nothing when it is not in */
struct heap_node *heap_first(const struct heap *h);                 /* NULL when empty */

#endif
