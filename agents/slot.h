/* SPDX-License-Identifier: MPL-2.0 */
/* The attempts of one member: those that wait (prefetch), those that run in its slots, and those
 * whose results are kept until they are acknowledged (A4). Knows jobs; knows no sockets. */
#ifndef HELIOS_AGENTS_SLOT_H
#define HELIOS_AGENTS_SLOT_H

#include <uthash.h>

#include "agents/job.h"
#include "common/list.h"
#include "proto/schema.h"

struct member;
struct set_member;

/*   QUEUED --START--> RUNNING --END--> DONE --SETTLE--> (forgotten)
 *     | |                |               ^
 *     | |                `--CANCEL--> STOPPING --END--'        DROP: nobody wants its result any
 * more: a queued or done one is | `--CANCEL------------------------'                    forgotten
 * at once, a running one is stopped and then forgotten. */
enum attempt_state {
    ATTEMPT_QUEUED,
    ATTEMPT_RUNNING,
    ATTEMPT_STOPPING,
    ATTEMPT_DONE,
    ATTEMPT_STATES
};

struct attempt {
    UT_hash_handle hh; /* in slots.tasks, by task: the newest attempt of each */
    struct list link;  /* in one list of slots */
    struct member *member;
    enum attempt_state state;
    struct asked asked; /* its strings are owned by the attempt */
    uint64_t timeout_ms, priority;
    struct buf params, checkpoint; /* what asked points into */
    struct manifest *manifest;     /* held */
    struct job job;
    struct attempt
        *older; /* of the same task, still running: it must end first (T5); its `newer` is this */
    struct attempt *newer;
    bool silent; /* its result is wanted no more */
    int64_t started, elapsed;
    unsigned percent;       /* progress */
    struct buf note, saved; /* saved: its own last checkpoint */
    bool unsaid;            /* saved was not said yet */
    int64_t said;           /* DONE: when its result was last sent */
};

struct slots {
    struct attempt *tasks; /* hash */
    struct list queue;     /* struct attempt.link; by priority, then in order of arrival */
    struct list running;   /* RUNNING and STOPPING */
    struct list fresh;     /* DONE, to be sent */
    struct list sent;      /* DONE, sent and not acknowledged, longest ago first */
    size_t n_queued, n_running, n_done;
    uint64_t ended; /* attempts since the start */
};

void slots_init(struct slots *s);
void slots_done(struct slots *s);
void slots_take(struct member *m, const struct msg_task *task); /* queues it, unless it is known */
void slots_start(struct member *m); /* fills free slots from the queue */
void slots_cancel(struct member *m, struct bytes task, uint64_t attempt);
void slots_settle(struct member *m, struct bytes task, uint64_t attempt);
void slots_drop_queue(
    struct member *m); /* the member leaves: what has not begun is given back by its bye */
void slots_drop_all(struct member *m);       /* and what runs is stopped and not reported */
bool slots_unsaid(const struct member *m);   /* is there a checkpoint that was not said yet? */
uint64_t slots_free(const struct member *m); /* credit: free slots and free prefetch */
void slots_again(struct member *m, int64_t before); /* results sent before that are sent again */
struct msg_result attempt_result(const struct attempt *a); /* views into a */
/* attempt_shrink makes a result that no controller would take (too deep, too long) one that it
 * takes: FAILED, with the reason. */
void attempt_shrink(struct attempt *a, const char *reason);
/* slots_restore takes a result back that an earlier process kept. */
void slots_restore(struct member *m, const struct msg_result *r);

#endif
