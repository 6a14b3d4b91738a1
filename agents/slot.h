/* SPDX-License-Identifier: MPL-2.0 */
/* The attempts of one member: those that wait (prefetch), those that run in its slots, and those
 * whose results are kept until they are acknowledged (A4). Knows jobs; knows no sockets. */
#ifndef HELIOS_AGENTS_SLOT_H
#define HELIOS_AGENTS_SLOT_H

#include "agents/attempt.h"

struct slots {
    struct attempt *tasks; /* hash */
    struct list queue;     /* struct attempt.link; by priority, then in order of arrival */
    struct list running;   /* RUNNING and STOPPING */
    struct list fresh;     /* DONE, to be sent */
    struct list sent;      /* DONE, sent and not acknowledged, longest ago first */
    size_t n_queued, n_running, n_done;
    uint64_t ended; /* attempts since the start */
    bool urgent;    /* one of the fresh results must not wait for others */
};

void slots_init(struct slots *s);
void slots_done(struct slots *s);
void slots_take_out(struct slots *s,
                    struct attempt *a); /* of the hash, when it is the task's newest */
void slots_take(struct member *m, const struct msg_task *task); /* queues it, unless it is known */
void slots_start(struct member *m); /* fills free slots from the queue */
void slots_cancel(struct member *m, struct bytes task, uint64_t attempt);
void slots_settle(struct member *m, struct bytes task, uint64_t attempt);
void slots_drop_queue(
    struct member *m); /* the member leaves: what has not begun is given back by its bye */
void slots_drop_all(struct member *m);       /* and what runs is stopped and not reported */
bool slots_unsaid(const struct member *m);   /* is there a checkpoint that was not said yet? */
uint64_t slots_free(const struct member *m); /* credit: free slots and free prefetch */
/* slots_may_gather: fresh results may wait a moment for others, since nobody waits for the slots that they free. */
bool slots_may_gather(const struct member *m);
void slots_again(struct member *m, int64_t before); /* results sent before that are sent again */
void slots_say_again(
    struct member *m); /* the last checkpoint of all that runs: somebody has not heard it */
/* slots_restore takes a result back that an earlier process kept. */
void slots_restore(struct member *m, const struct msg_result *r);

#endif
