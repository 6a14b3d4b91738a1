/* SPDX-License-Identifier: MPL-2.0 */
/* One attempt of a task at this agent, from its arrival until its result is acknowledged. Knows
 * jobs; knows no sockets. */
#ifndef HELIOS_AGENTS_ATTEMPT_H
#define HELIOS_AGENTS_ATTEMPT_H

#include "common/hash.h"
#include "agents/job.h"
#include "common/list.h"
#include "proto/schema.h"

struct member;

/*   QUEUED --START--> RUNNING --END----------------> DONE --SETTLE--> (forgotten)
 *      |                 |                           ^ ^
 *      |                 '--CANCEL--> STOPPING --END-' |
 *      '--CANCEL---------------------------------------'
 * DROP: nobody wants its result any more. A queued or done one is forgotten at once, a running one
 * is stopped and forgotten at its end. */
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
    struct asked asked; /* points into `words` */
    uint64_t timeout_ms, priority;
    struct manifest *manifest;     /* held */
    struct job job;
    struct attempt *older; /* of the same task and still running: it must end first (T5) */
    struct attempt *newer; /* whose `older` this is */
    bool silent;           /* its result is wanted no more */
    int64_t started, elapsed;
    unsigned percent;       /* progress */
    struct buf note, saved; /* saved: its own last checkpoint */
    bool unsaid;            /* saved was not said yet */
    int64_t said;           /* DONE: when its result was last sent */
    char words[];           /* what was asked for; in one piece with the attempt, of which there are many */
};

enum attempt_event {
    ATTEMPT_START,
    ATTEMPT_CANCEL,
    ATTEMPT_END,
    ATTEMPT_SETTLE,
    ATTEMPT_DROP,
    ATTEMPT_EVENTS
};

/* attempt_new gives a QUEUED one that is in no list of the member's slots yet. */
struct attempt *attempt_new(struct member *m, const struct msg_task *task);
void attempt_free(struct attempt *a);
/* attempt_move is the only place where a state changes; what means nothing in a state does nothing.
 * The attempt may be gone afterwards. */
void attempt_move(struct attempt *a, enum attempt_event event);

struct msg_result attempt_result(const struct attempt *a); /* views into a */
/* attempt_shrink makes a result that no controller would take (too deep, too long) one that it
 * takes: FAILED, with the reason. false when it was made small before. */
bool attempt_shrink(struct attempt *a, const char *reason);

#endif
