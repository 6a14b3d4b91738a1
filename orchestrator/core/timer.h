/* SPDX-License-Identifier: MPL-2.0 */
/* Timers of the core: intrusive, one function each, run by helios_tick in the order of their time. */
#ifndef HELIOS_CORE_TIMER_H
#define HELIOS_CORE_TIMER_H

#include "common/heap.h"

struct helios;
struct timer {
    struct heap_node node;
    void (*run)(struct helios *h, struct timer *t); /* container_of(t, …) finds the object */
};
struct timers {
    struct heap heap;
};

void timer_set(struct helios *h, struct timer *t, int64_t at); /* moves it when it is set; t->run must be there */
void timer_stop(struct helios *h, struct timer *t);            /* nothing when it is not set */
static inline bool timer_is_set(const struct timer *t)
{
    return t->node.place != 0;
}
/* timers_run runs all that are due at h->now; those that are set meanwhile wait for the next turn. Answers the time of the
 * next one, INT64_MAX when there is none. A timer may free the object that it lies in. */
int64_t timers_run(struct helios *h);

#endif
