/* SPDX-License-Identifier: MPL-2.0 */
/* The deciders: what to do about it. A capability is one file in this room and one row in the table of deciders.c. */
#ifndef HELIOS_DECIDE_DECIDE_H
#define HELIOS_DECIDE_DECIDE_H

#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"
#include "proto/schema.h"

struct task;
struct decider {
    const char *kind; /* owner_kind of its tasks */
    void (*init)(struct helios *h);
    void (*done)(struct helios *h);
    int (*load)(struct helios *h, enum rec kind, struct bytes value); /* its records; -ENOENT: not mine */
    void (*lead)(struct helios *h);   /* all is loaded: go on where it was */
    void (*reload)(struct helios *h); /* h->config is another one */
    void (*on_done)(struct helios *h, const char *owner_id, const struct rec_task *ended); /* a task of its own ended */
    void (*on_health)(struct helios *h, const char *scope, bool bad); /* the hysteresis of a scope changed (H4) */
    const char *const *actions; /* NULL-terminated: tasks that it does itself (`optimization`, `emergency`, …) */
    void (*on_request)(struct helios *h, struct task *t); /* such a task is due; ends with task_end_internal */
};
extern const struct decider *const deciders[]; /* NULL-terminated */

struct decide {
    void *state[8]; /* owned by each decider; index = its row */
};

/* What core, work and sense call. */
void decide_init(struct helios *h);
void decide_done(struct helios *h);
int decide_load(struct helios *h, enum rec kind, struct bytes value);
void decide_lead(struct helios *h);
void decide_reload(struct helios *h);
void decide_on_done(struct helios *h, const struct rec_task *ended); /* finds the owner's row */
void decide_on_health(struct helios *h, const char *scope, bool bad);
/* Is it an action that the controller does itself? Then NULL is not answered. */
const struct decider *decide_internal(struct bytes action);

#endif
