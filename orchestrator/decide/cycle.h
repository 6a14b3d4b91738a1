/* SPDX-License-Identifier: MPL-2.0 */
/* The periodic pass over the realm, and the pass that somebody asks for (`optimization`,
 * `analysis`). One at a time. */
#ifndef HELIOS_DECIDE_CYCLE_H
#define HELIOS_DECIDE_CYCLE_H

#include "decide.h"

struct cycle {
    struct list link;   /* in cycles.ended, or alone */
    struct rec_cycle r; /* owned; the durable half */
    struct save save;
    struct timer timer; /* ANALYZE: analysts that are slower are not waited for */
};
struct cycles {
    struct cycle *current; /* owned; NULL between cycles */
    struct list ended;     /* struct cycle.link, oldest first; at most DECIDE_KEEP */
    size_t n_ended;
    struct timer clock; /* the next one is due */
    struct list asked;  /* struct asked.link: tasks that wait for their cycle, first come first */
    uint64_t begun, reported; /* since this controller leads, for cycle_completion_rate */
};
struct cycles *cycles_of(struct helios *h);
struct cycle *cycle_find(struct helios *h, struct bytes id);
/* cycle_run begins a cycle now: mode `optimization` or `analysis`; task: id of who asks, or
 * nothing. NULL while another one runs. */
struct cycle *cycle_run(struct helios *h, const char *mode, struct bytes task, struct bytes args);

enum cycle_event {
    CYCLE_FOUND,   /* there are bottlenecks, and analysts were asked */
    CYCLE_NOTHING, /* nothing to do */
    CYCLE_ADVISED, /* every analyst has answered, or the time is up */
    CYCLE_STARTED, /* optimizations are under way */
    CYCLE_SETTLED, /* all of them have ended */
    CYCLE_EVENTS
};
/* cycle_step: -EPROTO when the event cannot happen in this state. */
int cycle_step(struct helios *h, struct cycle *c, enum cycle_event event);

/* What a cycle does in each state (cycle_stages.c). */
void cycle_collect(struct helios *h, struct cycle *c);
void cycle_analyze(struct helios *h, struct cycle *c);
void cycle_dispatch(struct helios *h, struct cycle *c);
void cycle_verify(struct helios *h, struct cycle *c);
void cycle_take_advice(struct helios *h, struct cycle *c, const struct rec_task *ended);
/* cycle_report writes the outcome into the record and the report into files (cycle_report.c). */
void cycle_report(struct helios *h, struct cycle *c);
bool cycle_optimizations_live(struct helios *h, const struct cycle *c);

#endif
