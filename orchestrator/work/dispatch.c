/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the moment in which attempts start: takes from the queue what may, and says it to the
 * agents, one message each and commit (T9). Refuses to know the order (queue.c). */
#include "dispatch.h"

#include "gate.h"
#include "grant.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "quota.h"
#include "task.h"

bool dispatch_open(const struct helios *h)
{
    return h->epoch && !h->held && !h->closing && !h->stopping && !h->control.paused;
}

/* begin: Redis is told before the agent: a crash between the two costs a timeout, never a task
 * (C1). */
static void begin(struct helios *h, struct task *t, struct agent *a)
{
    const struct decider *internal = t->class->internal;
    char how[96] = "";
    if (task_heard(h, t, EVENT_task_dispatched))
        snprintf(how, sizeof(how), "attempt %llu went to %s", (unsigned long long)t->r.attempt + 1,
                 a ? a->r.id.at : "the controller itself");
    t->agent = a;
    queue_served(h, t);
    quota_take(h, t->class->quota);
    task_change(h, t, TASK_START, how);
    if (a == NULL) {
        internal->on_request(h, t);
        return;
    }
    list_push(&a->outgoing, &t->place);
    if (list_empty(&a->sends))
        list_push(&h->work.sending, &a->sends);
}

void dispatch(struct helios *h)
{
    struct agent *a;
    for (struct task *t; (t = queue_take(h, &a));) {
        struct lock *busy = gate_lock(h, t);
        if (busy) {
            lock_wait(h, t, busy);
            task_arm(h, t);
        } else {
            begin(h, t, a);
        }
    }
}

static struct msg_task message_of(const struct task *t)
{
    return (struct msg_task){
        .id = t->r.id,
        .attempt = t->r.attempt,
        .action = t->r.action,
        .params = t->r.params,
        .key = t->key_text ? bytes_of(t->key_text) : t->r.id,
        .timeout_ms = t->r.attempt_ms,
        .priority = t->r.priority,
        .checkpoint = t->r.checkpoint,
        .signature = t->r.signature,
    };
}

static size_t weight(const struct task *t)
{
    return t->r.params.n + t->r.checkpoint.n + 1024;
}

/* write_down: a record that is written with this commit anyway says that the attempt has begun; for all others the grant does. */
static void write_down(struct grant *g, struct task *t)
{
    if (list_empty(&t->save.link))
        grant_add(g, t);
}

/* send says the agent's new attempts, in as few messages as their size allows. */
static void send(struct helios *h, struct agent *a)
{
    struct msg_task items[TASKS_A_MESSAGE];
    struct msg_tasks tasks = {.epoch = h->epoch, .items = {items, 0}};
    struct grant *g = grant_new(h, a);
    size_t bytes = 0;
    for (struct task *t; (t = list_first(&a->outgoing, struct task, place));) {
        if (tasks.items.n == TASKS_A_MESSAGE || (tasks.items.n && bytes + weight(t) > TASKS_BYTES))
            break;
        items[tasks.items.n++] = message_of(t);
        write_down(g, t);
        task_arm(h, t);
        bytes += weight(t);
        list_out(&t->place);
    }
    if (tasks.items.n)
        say(h, ENDPOINT_agents, &a->routing, MSG_tasks, &tasks, SAY_AFTER_COMMIT);
    grant_close(h, g);
}

void work_send(struct helios *h)
{
    for (struct agent *a; (a = list_first(&h->work.sending, struct agent, sends));) {
        while (!list_empty(&a->outgoing))
            send(h, a);
        list_out(&a->sends);
    }
}
