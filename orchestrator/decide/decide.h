/* SPDX-License-Identifier: MPL-2.0 */
/* The deciders: what to do about it. A capability is one file in this room, one word in DECIDERS
 * and one row (struct decider decider_NAME) in that file. */
#ifndef HELIOS_DECIDE_DECIDE_H
#define HELIOS_DECIDE_DECIDE_H

#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"
#include "proto/schema.h"

/* In the order in which they are made and called. */
#define DECIDERS(X)                                                                                \
    X(learned)                                                                                     \
    X(breaker) X(budget) X(optimization) X(cycle) X(incident) X(strategy) X(success) X(notify) X(brake)        \
    X(review) X(run) X(schedule) X(production)

struct task;
struct optimization;
struct run;
struct decider {
    const char *kind; /* owner_kind of its tasks */
    void (*init)(struct helios *h);
    void (*done)(struct helios *h);
    int (*load)(struct helios *h, enum rec kind,
                struct bytes value);  /* its records; -ENOENT: not mine */
    void (*lead)(struct helios *h);   /* all is loaded: go on where it was */
    void (*reload)(struct helios *h); /* h->config is another one */
    void (*on_done)(struct helios *h, const char *owner_id,
                    const struct rec_task *ended); /* a task of its own ended */
    void (*on_run)(struct helios *h, const char *owner_id,
                   const struct run *ended); /* a run of a pipeline of its own ended */
    void (*on_event)(
        struct helios *h, enum event kind,
        const struct rec_entry *e); /* something was noted; must not note again at once */
    void (*on_health)(struct helios *h, const char *scope,
                      bool bad); /* the hysteresis of a scope changed (H4) */
    void (*on_ended)(struct helios *h,
                     const struct optimization *o); /* an optimization reached its last state */
    /* A review of its own is decided; data: {approved, score, votes, dissent, …}, a packed map (V5). */
    void (*on_review)(struct helios *h, const char *owner_id, const struct rec_review *decided,
                      struct bytes data);
    void (*on_frozen)(struct helios *h); /* automation was stopped: before anything else is sent */
    void (*on_wall)(struct helios *h);   /* the wall clock was set */
    const char *const
        *actions; /* NULL-terminated: tasks that it does itself (`optimization`, `emergency`, …) */
    /* Such a task is due; ends with task_end_internal. Asked again for the same task (after a
     * restart) it goes on. */
    void (*on_request)(struct helios *h, struct task *t);
};
#define X(name) extern const struct decider decider_##name;
DECIDERS(X)
#undef X
extern const struct decider *const deciders[]; /* NULL-terminated */

enum decider_row {
#define X(name) DECIDE_##name,
    DECIDERS(X)
#undef X
        DECIDE_ROWS
};

struct decide {
    void *state[DECIDE_ROWS]; /* owned by each decider: NULL for one without */
};

/* What core, work and sense call. */
void decide_init(struct helios *h);
void decide_done(struct helios *h);
int decide_load(struct helios *h, enum rec kind, struct bytes value);
void decide_lead(struct helios *h);
void decide_reload(struct helios *h);
void decide_on_done(struct helios *h, const struct rec_task *ended); /* finds the owner's row */
void decide_on_run(struct helios *h, const struct run *ended);
void decide_on_event(struct helios *h, enum event kind,
                     const struct rec_entry *e); /* from note: for notifications */
void decide_on_health(struct helios *h, const char *scope, bool bad);
void decide_on_frozen(struct helios *h);
void decide_on_wall(struct helios *h);
/* Is it an action that the controller does itself? Then NULL is not answered. */
const struct decider *decide_internal(struct bytes action);

/* Among deciders. */
void decide_on_ended(struct helios *h, const struct optimization *o);
void decide_on_review(struct helios *h, const struct rec_review *decided, struct bytes data); /* finds the owner's row */
/* decide_decode reads a record that will own its fields: record_free it. -EPROTO. */
int decide_decode(enum rec kind, struct bytes value, void *ret_record);
/* Ended cycles, optimizations and incidents that stay, in memory and in Redis, for who asks; older
 * ones only in the ledger. */
#define DECIDE_KEEP 200

#endif
