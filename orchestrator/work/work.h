/* SPDX-License-Identifier: MPL-2.0 */
/* The data of who does what: agents, tasks, the queue, gates, keys, watchers. Verbs: roster.h task.h queue.h gate.h. */
#ifndef HELIOS_WORK_WORK_H
#define HELIOS_WORK_WORK_H

#include <uthash.h>

#include "common/heap.h"
#include "common/list.h"
#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"

/* An agent that is known: connected, lost, or stopped on purpose. */
struct agent {
    UT_hash_handle hh;       /* roster.by_id, key r.id */
    UT_hash_handle hh_route; /* roster.by_route while live, key routing */
    struct rec_agent r;      /* owned; its durable half */
    struct save save;
    bool live;               /* beats come; at most one live instance an id (A5) */
    struct routing routing;  /* of the live instance: 16 bytes, unused ones 0 */
    char *instance, *title, *host, *version; /* owned */
    uint64_t pid;
    char **actions; /* owned, sorted: what its manifest names */
    struct bytes actions_packed; /* owned; names with params, for `helios agent` */
    size_t n_actions;
    unsigned slots, prefetch;
    struct list held;        /* struct task.held: IN_PROGRESS by it */
    unsigned n_held;         /* never over slots + prefetch (T9) */
    int64_t seen;            /* last beat */
    uint64_t done;           /* attempts ended since its start, as it says */
    struct timer lost;       /* three beats missed (A3) */
    struct list free_link;   /* queue: agents with credit */
};

struct task {
    UT_hash_handle hh;     /* tasks.by_id, key r.id */
    UT_hash_handle hh_key; /* tasks.by_key while it has one, key key_text */
    struct rec_task r;     /* owned; its durable half */
    struct save save;
    char *key_text;        /* owned; CLIENT/KEY or NULL */
    struct heap_node ready; /* in a queue while it could run now */
    struct timer timer;    /* the next of: not_before, queue timeout, attempt deadline + grace, total */
    struct list held;      /* in agent.held while IN_PROGRESS */
    struct list blocked;   /* in the list of what it waits for */
    const char *why;       /* static sentence part: why it is blocked (T11); see task_why */
    struct agent *agent;   /* while IN_PROGRESS: who holds it; NULL when only the record knows (after a restart) */
    struct list watchers;  /* struct watcher.link */
    unsigned percent;      /* progress (A8) */
    char *progress;        /* owned; what it says of itself */
};

/* A client's peer that wants `done`. */
struct watcher {
    struct list link; /* in task.watchers */
    struct routing to;
};

struct work {
    struct agent *agents_by_id, *agents_by_route;
    struct task *tasks_by_id, *tasks_by_key;
    size_t n_tasks, n_agents_live;
    struct list failed; /* struct kept.link, oldest first (T12) */
    struct kept *failed_by_id;
    size_t n_failed;
    struct list keys;   /* struct kept_key.link, oldest first (T3) */
    struct kept_key *keys_by_text;
    size_t n_keys;
    struct queue *queue; /* owned; see queue.h */
    struct gates *gates; /* owned; see gate.h */
    struct list says;    /* done messages gathered in this turn, one a client */
    bool dispatch_due;   /* something changed that may let a task start */
    struct timer drain;
};

/* A task failed for good, kept (T12). */
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

/* What core calls. */
void work_init(struct helios *h);
void work_done(struct helios *h);
int work_load(struct helios *h, enum rec kind, struct bytes value); /* task failed key agent; -ENOENT: not mine */
void work_lead(struct helios *h); /* all is loaded: arm timers; attempts that were out wait for their agents' hello for missed × beat, then lost */
void work_turn(struct helios *h); /* end of each turn: dispatch what can start, as batches; flush done messages */
void work_reload(struct helios *h);

/* Messages: decoded, on the right endpoint; from is their peer. */
void on_hello(struct helios *h, const struct routing *from, const struct msg_hello *m);
void on_beat(struct helios *h, const struct routing *from, const struct msg_beat *m);
void on_results(struct helios *h, const struct routing *from, const struct msg_results *m);
void on_bye(struct helios *h, const struct routing *from, const struct msg_bye *m);
void on_submit(struct helios *h, const struct routing *from, const struct msg_submit *m);
void on_watch(struct helios *h, const struct routing *from, const struct msg_watch *m);

/* What deciders call. task_submit takes a request in and answers the task, or NULL with a sentence in err (of at least 200 bytes). owner_kind is the
 * decider's kind, whose on_done is called once when the task ends (whatever way, cancel and poison too); after a restart as well. */
struct task *task_submit(struct helios *h, const struct msg_request *request, const char *client, const char *owner_kind,
                         const char *owner_id, const char *cause, char *err);
struct task *task_find(struct helios *h, struct bytes id);
int task_cancel(struct helios *h, struct task *t, const char *reason); /* -EALREADY */
/* The controller itself does a task of an internal action (decide's actions): it is never dispatched; the decider ends it. */
void task_end_internal(struct helios *h, struct task *t, enum task_state state, struct bytes data, const char *error);
/* Is some live agent of the swarm and role able to run the action? (X: before an optimization starts.) Empty = any. */
bool roster_can(struct helios *h, const char *swarm, const char *role, const char *action);

#endif
