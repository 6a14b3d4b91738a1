/* SPDX-License-Identifier: MPL-2.0 */
/* One run of one action of the manifest: a program or a builtin. Ends exactly once, never inside
 * run_new: ended runs wait in agent.ended until runs_settle hands them to their owners. Knows no
 * slots and no controllers. */
#ifndef HELIOS_AGENTS_RUN_H
#define HELIOS_AGENTS_RUN_H

#include "agents/exec.h"
#include "agents/manifest.h"
#include "agents/web.h"
#include "common/list.h"

struct agent;

/* How it ended: what becomes the result's fields. */
struct ended {
    enum outcome outcome;
    int exit_code;
    struct buf output;
    bool cut;
    struct buf data;  /* a msgpack map, or empty */
    struct buf error; /* one sentence, when it did not complete */
    int64_t cpu_ms;
    bool not_signed; /* REFUSED for its signature (Z7) */
};
void ended_done(struct ended *e);
void ended_say(struct ended *e, enum outcome outcome, const char *format, ...) FORMAT_LIKE(3, 4);

/* What to run for whom. All is borrowed for the call of run_new only, but the action, which the
 * owner holds by its manifest. */
struct run_order {
    const struct action *action;
    struct bytes params; /* checked: a msgpack map */
    struct bytes undo;   /* a msgpack map that stands beside the params on stdin; nothing = none */
    const char *agent, *swarm;
    const char *task; /* id; "" of none */
    uint64_t attempt;
    const char *key;              /* idempotency key */
    const char *undo_of, *target; /* NULL or "" = none */
    struct bytes checkpoint;
    int64_t deadline; /* ms since 1970 */
};

struct run {
    struct list link; /* in agent.ended, once it has ended */
    struct agent *agent;
    const struct action *action;
    struct buf params;   /* owned: builtins read them while they run */
    struct child *child; /* of a program; owned */
    struct mask mask;    /* its secrets: nothing of what it says may show them */
    struct fetch fetch;  /* of builtins */
    struct timer clock;  /* of builtins: the deadline, or their own end */
    int64_t deadline;
    bool over;
    struct ended ended;
    void *guest;         /* of a builtin with `free`; its own */
    void *owner; /* a struct job */
    void (*on_progress)(struct run *r, const struct progress *p); /* may be NULL */
    void (*on_end)(struct run *r); /* the owner takes r->ended and calls run_free */
};

/* run_new starts it; when it cannot be started it ends as FAILED. on_progress, on_end and owner are
 * set by the caller, before the loop turns. */
struct run *run_new(struct agent *a, const struct run_order *order);
void run_stop(struct run *r, enum stop why);
void run_end(struct run *r);  /* r->ended says how; for builtins */
void run_free(struct run *r); /* NULL is fine; one that has not ended must not be freed but at the
                                 process' end */
void runs_settle(
    struct agent *a); /* hands out ended runs until there are none; new ones may end meanwhile */

#endif
