/* SPDX-License-Identifier: MPL-2.0 */
/* The data of who does what: agents, tasks, and where each of them waits. The verbs lie beside it:
 * submit.h task.h settle.h queue.h gate.h roster.h keep.h watch.h. Knows no socket and no Redis. */
#ifndef HELIOS_WORK_WORK_H
#define HELIOS_WORK_WORK_H

#include "common/hash.h"
#include "common/heap.h"
#include "common/list.h"
#include "common/map.h"
#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"

/* One action: the live agents that offer it and the classes of tasks that want it. It exists while
 * there is either. */
struct offer {
    UT_hash_handle hh;   /* work.offers, key action */
    char *action;        /* owned */
    struct list by;      /* struct offered.link */
    struct list classes; /* struct class.of_action */
};
struct offered {
    struct list link; /* in offer.by */
    struct agent *agent;
    struct offer *offer;
    bool needs_signature; /* it runs only what a signer signed (Z7) */
};

/* An agent that is known: live, lost, or stopped on purpose. */
struct agent {
    UT_hash_handle hh;       /* work.agents_by_id, key r.id */
    UT_hash_handle hh_route; /* work.agents_by_route while live, key routing */
    struct rec_agent r;      /* owned; its durable half */
    struct save save;
    bool live;                               /* beats come; at most one live instance an id (A5) */
    struct routing routing;                  /* of the live instance: 16 bytes, unused ones 0 */
    char *instance, *title, *host, *version; /* owned */
    char *key; /* owned; the public key that it proved, NULL without keys (Z2) */
    uint64_t pid;
    uint64_t hellos; /* of its instance when it greeted last */
    struct offered *offers; /* owned; what its manifest names, while live */
    size_t n_offers;
    struct bytes actions_packed; /* owned; names with params, for `helios agent` */
    unsigned slots, prefetch;
    struct list members; /* struct member.of_agent: the classes that it can serve, while live */
    struct list held;    /* struct task.held: IN_PROGRESS by it */
    unsigned n_held;     /* with n_stops never over slots + prefetch (T9) */
    struct list stops;   /* struct stop.link: settled attempts that it may still run */
    unsigned n_stops;
    struct list outgoing; /* struct task.place: attempts to send at the end of this turn */
    struct list sends;    /* in work.sending while outgoing has some */
    int64_t seen;         /* last beat */
    int64_t asked;        /* when it was asked to greet again, for what it holds */
    uint64_t done;        /* attempts ended since its start, as it says */
    struct timer lost;    /* three beats missed (A3) */
    struct timer drain;   /* its drain's deadline */
};

/* A settled attempt whose agent may still run it: it is told to stop at each beat, and the attempt
 * counts against its credit until it answers. */
struct stop {
    struct list link; /* in agent.stops */
    char *task;       /* owned */
    uint64_t attempt;
    int64_t since; /* an agent that never answers gets its credit back after STOP_MS */
};

struct lane;
struct share;
struct class;
struct lock;
struct sheaf;
struct grant;

/* A client's peer that wants `done`. */
struct watcher {
    struct list link; /* in task.watchers */
    struct routing to;
};

struct task {
    UT_hash_handle hh_key; /* work.tasks_by_key while it has one, key key_text */
    struct rec_task r;     /* owned; its durable half */
    struct save save;
    uint64_t number;     /* of t-NUMBER: the order of submission */
    char *key_text;      /* owned; CLIENT/KEY or NULL */
    struct class *class; /* who could run it */
    struct share *share; /* its submitter */
    struct lane *lane;   /* while it is ready: it waits for an agent here */
    struct heap_node
        ready; /* in lane.tasks or in a line of the lock that it waits for, oldest first */
    struct heap_node
        aging; /* in queue.aging while it is ready and may still gain a priority (T8) */
    struct lock *waits_for; /* the lock that it waits for */
    struct task *after;     /* the live task that it waits for */
    struct list dependents; /* struct task.place: tasks that wait for this one */
    struct list place;      /* in after.dependents, work.doomed or agent.outgoing */
    struct timer timer;     /* the next of: not_before, queue timeout, attempt deadline, total */
    struct list held;       /* in agent.held while IN_PROGRESS */
    struct agent *agent;    /* IN_PROGRESS: who holds it; NULL when the controller itself does it */
    struct agent *avoid;    /* refused it last: another one goes first; borrowed, live */
    int64_t begun;          /* IN_PROGRESS: when its agent was first heard to run it; 0 = not yet */
    int64_t excused;        /* our own pauses during the attempt, ms (L6) */
    struct list watchers;   /* struct watcher.link */
    struct watcher watcher; /* one of them, mostly the only one */
    unsigned n_watchers;
    unsigned percent; /* progress (A8) */
    char *progress;   /* owned; what it says of itself; NULL = nothing */
    struct sheaf *sheaf; /* whose strings r borrows, but for what an attempt changes; NULL = none */
    bool is_scout;       /* it stands in the queue for those that sleep in its sheaf */
    bool in_sheaf;       /* its record is still part of the sheaf's */
    struct grant *grant; /* IN_PROGRESS: the record that says so, where its own does not; or NULL */
    char name[24];       /* its id, where the record is not its own */
    char holder[65];     /* what r.holder points to */
};

/* A task that failed for good, kept (T12). */
struct kept {
    UT_hash_handle hh;
    struct list link;
    struct rec_failed r;
    struct save save;
};
/* An ended task's idempotency key, kept (T3). */
struct kept_key {
    UT_hash_handle hh;
    struct list link;
    struct rec_key r;
    struct save save;
};

/* All sheaves by number: new ones come at the end, old ones mostly go at the beginning. */
struct sheaves {
    struct sheaf_place {
        uint64_t first;
        struct sheaf *sheaf; /* owned; NULL = it is gone */
    } *at;                   /* owned; in the order of first */
    size_t begin, end, room, gone; /* gone: of those between */
};

struct work {
    struct agent *agents_by_id, *agents_by_route;
    struct map tasks;          /* struct task by number: those that are awake */
    struct task *tasks_by_key; /* those of them that have a key */
    struct list spare_tasks;   /* struct task.held: memory of ended ones for the next ones, newest first */
    size_t n_spare_tasks;
    struct sheaves sheaves;                  /* and where the others sleep; see sheaf.h */
    struct list grants;                      /* struct grant.link, loaded and not yet in force; see grant.h */
    uint64_t last_grant;                     /* number of the newest of this epoch */
    struct offer *offers;
    size_t n_tasks, n_agents_live;
    struct list failed; /* struct kept.link, oldest first (T12) */
    struct kept *failed_by_id;
    size_t n_failed;
    struct list keys; /* struct kept_key.link, oldest first (T3) */
    struct kept_key *keys_by_text;
    size_t n_keys;
    struct queue *queue;       /* owned; see queue.h */
    struct gates *gates;       /* owned; see gate.h */
    struct past *past;         /* owned; see keep.h */
    struct gathered *gathered; /* owned; done messages of this turn, one a client; see watch.h */
    struct list sending;       /* struct agent.sends */
    struct list doomed;        /* struct task.place: what they come after did not complete */
    struct timer turn;         /* asks for a turn when something became possible after work_turn */
    struct timer drain;        /* the realm's drain's deadline */
    bool ask_again;            /* internal tasks of the leader before are to be asked for again */
    bool dispatch_due;         /* something changed that may let a task start */
};

/* What core calls. */
void work_init(struct helios *h);
void work_done(struct helios *h);
/* work_load takes records of task, sheaf, left, grant, failed, key, agent and quota; -ENOENT: not mine. */
int work_load(struct helios *h, enum rec kind, struct bytes value);
/* work_lead: all is loaded. Attempts that were out wait for their agent's hello for missed × beat.
 */
void work_lead(struct helios *h);
/* work_turn, the end of each turn: dispatches what can start, as batches; flushes done messages. */
void work_turn(struct helios *h);
/* work_send says to the agents what began and has not ended since; before each commit. */
void work_send(struct helios *h);
void work_reload(struct helios *h);
/* work_revoke: agents that proved this key are lost at once (Z2). */
void work_revoke(struct helios *h, const char *public, const char *name);
/* work_excuse: our own pause; every agent's and attempt's deadline is that much later (L6). */
void work_excuse(struct helios *h, int64_t pause_ms);
/* work_wall: the clock on the wall was set (Q1). */
void work_wall(struct helios *h);
/* work_held: commits have stopped or flow again. Meanwhile attempts left late and results were not acknowledged: no attempt runs out
 * of time, and each gets that much more afterwards (C5). */
void work_held(struct helios *h);

/* Messages: decoded, on the right endpoint; from is their peer. */
void on_hello(struct helios *h, const struct routing *from, const struct msg_hello *m);
void on_beat(struct helios *h, const struct routing *from, const struct msg_beat *m);
void on_results(struct helios *h, const struct routing *from, const struct msg_results *m);
void on_bye(struct helios *h, const struct routing *from, const struct msg_bye *m);
void on_submit(struct helios *h, const struct routing *from, const struct msg_submit *m);
/* submit_reject refuses all of it. */
void submit_reject(struct helios *h, const struct routing *from, const struct msg_submit *m,
                   const char *code, const char *reason);
void on_watch(struct helios *h, const struct routing *from, const struct msg_watch *m);

/* work_running counts the attempts that are out. O(agents) */
size_t work_running(const struct helios *h);
/* work_tell_running appends which they are, the oldest first: "t-12 voice on a1 for 32s, …"; not more than a few. */
void work_tell_running(const struct helios *h, struct buf *out);

/* What deciders call. task_submit takes a request in and answers the task, or NULL with a sentence
 * in err (of at least 200 bytes). owner_kind is the decider's kind, whose on_done is called once
 * when the task ends (whatever way, cancel and poison too); after a restart as well. A known key
 * answers the first task while it lives, and NULL after its end. */
struct task *task_submit(struct helios *h, const struct msg_request *request, const char *client,
                         const char *owner_kind, const char *owner_id, const char *cause,
                         char *err);
struct task *task_find(struct helios *h, struct bytes id);
/* task_cancel: what waits ends at once (t is gone), what runs is asked to stop. -EALREADY: it is
 * being stopped. */
int task_cancel(struct helios *h, struct task *t, const char *reason);
/* The controller itself does a task of an internal action: it is never dispatched, on_request of
 * its decider is called at its turn, and once more after a restart; the decider ends it. state:
 * COMPLETED, FAILED or CANCELLED. t is gone. */
void task_end_internal(struct helios *h, struct task *t, enum task_state state, struct bytes data,
                       const char *error);
/* Is some live agent of the swarm and role able to run the action for us, unsigned? Empty = any. */
bool roster_can(struct helios *h, const char *swarm, const char *role, const char *action);
/* roster_pick gives live agents that can run the action for us, unsigned, neither paused nor draining: the least loaded first, those
 * that are alike in turns (turn: any number that grows). Answers how many, at most `most`. */
size_t roster_pick(struct helios *h, const char *swarm, const char *role, const char *action, uint64_t turn,
                   struct agent **ret, size_t most);
/* roster_signed_only: it is offered, and everybody who does demands a signature (Z7). */
bool roster_signed_only(struct helios *h, const char *swarm, const char *role, const char *action);

#endif
