/* SPDX-License-Identifier: MPL-2.0 */
#include "timer.h"

#include "helios.h"

void timer_set(struct helios *h, struct timer *t, int64_t at)
{
    assert(t->run);
    heap_put(&h->timers.heap, &t->node, at);
}

void timer_stop(struct helios *h, struct timer *t)
{
    heap_out(&h->timers.heap, &t->node);
}

int64_t timers_run(struct helios *h)
{
    struct heap_node *first;
    uint64_t later = h->timers.heap.puts; /* what is set from here on waits for the next turn */
    while ((first = heap_first(&h->timers.heap)) && first->key <= h->now && first->order < later) {
        struct timer *t = container_of(first, struct timer, node);
        heap_out(&h->timers.heap, first);
        t->run(h, t); /* may free the object that t lies in */
    }
    return first ? first->key : INT64_MAX;
}
