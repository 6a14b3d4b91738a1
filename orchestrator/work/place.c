/* SPDX-License-Identifier: MPL-2.0 */
/* Owns where a task waits and what happens to it by time alone (T4). Refuses to know how attempts
 * end. */
#include "common/text.h"
#include "gate.h"
#include "grant.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "settle.h"
#include "sheaf.h"
#include "task.h"

/* ---- where it waits ---- */

/* wait_for_task: true when a task that it must come after has not ended yet. What has COMPLETED
 * before a restart was taken out of `after` in the commit that ended it; so what is gone did not
 * complete. */
static bool wait_for_task(struct helios *h, struct task *t)
{
    if (t->r.after.n == 0)
        return false;
    struct task *first = task_find(h, ((struct bytes *)t->r.after.at)[0]);
    t->after = first;
    list_push(first ? &first->dependents : &h->work.doomed, &t->place);
    if (first == NULL)
        work_wants_turn(h);
    return true;
}

void task_place(struct helios *h, struct task *t)
{
    task_unplace(h, t);
    if (t->r.state == task_state_RETRYING) {
        if (t->r.not_before <= h->now && !t->r.paused)
            task_change(h, t, TASK_DUE, "");
        else
            task_arm(h, t);
        return;
    }
    if (!wait_for_task(h, t) && !t->r.paused && t->r.not_before <= h->now)
        queue_put(h, t);
    task_arm(h, t);
}

void task_unplace(struct helios *h, struct task *t)
{
    queue_out(h, t);
    lock_leave(h, t);
    list_out(&t->place);
    t->after = NULL;
    timer_stop(h, &t->timer);
    sheaf_scout_left(h, t);
}

void task_pause(struct helios *h, struct task *t, bool paused)
{
    if (t->r.paused == paused)
        return;
    t->r.paused = paused;
    task_save(h, t);
    if (t->r.state != task_state_IN_PROGRESS)
        task_place(h, t);
}

void doomed_end(struct helios *h)
{
    for (struct task *t; (t = list_first(&h->work.doomed, struct task, place));) {
        char why[160];
        snprintf(why, sizeof(why), "comes after " BYTES_F ", which did not complete",
                 BYTES_A(((struct bytes *)t->r.after.at)[0]));
        task_change(h, t, TASK_GIVE_UP, why);
    }
}

/* ---- its time ---- */

static int64_t never_or(uint64_t limit_ms, int64_t from)
{
    return limit_ms ? from + (int64_t)limit_ms : INT64_MAX;
}

static int64_t total_deadline(const struct task *t)
{
    return never_or(t->r.total_ms, t->r.created);
}

static int64_t queue_deadline(const struct task *t)
{
    bool waits = t->r.attempt == 0 && t->r.state == task_state_PENDING;
    return never_or(waits ? t->r.queue_ms : 0, MAX(t->r.created, t->r.not_before));
}

/* An attempt that the agent has not been heard to run yet may stand behind others in its prefetch.
 * What the controller does itself has no such limit: its decider's own deadlines hold. While commits are held an attempt may not have
 * left yet, and no result is taken. */
static int64_t attempt_deadline(const struct helios *h, const struct task *t)
{
    if (t->r.state != task_state_IN_PROGRESS || t->agent == NULL || h->held)
        return INT64_MAX;
    int64_t length = (int64_t)t->r.attempt_ms;
    int64_t begun = t->begun ? t->begun : t->r.started + length * t->agent->prefetch;
    return begun + length + ATTEMPT_GRACE_MS + t->excused;
}

void task_arm(struct helios *h, struct task *t)
{
    int64_t at = MIN(MIN(total_deadline(t), queue_deadline(t)), attempt_deadline(h, t));
    if (t->r.state != task_state_IN_PROGRESS && t->r.not_before > h->now)
        at = MIN(at, t->r.not_before);
    if (at == INT64_MAX)
        timer_stop(h, &t->timer);
    else if (t->grant)
        grant_arm(h, t->grant, MAX(at, h->now + 1));
    else
        timer_set(h, &t->timer, MAX(at, h->now + 1));
}

static void append_limit(struct buf *out, const char *what, uint64_t ms, const char *then)
{
    buf_text(out, what);
    text_duration(out, (int64_t)ms);
    buf_text(out, then);
}

void task_time(struct helios *h, struct timer *timer)
{
    struct task *t = container_of(timer, struct task, timer);
    struct buf why = {0};
    if (t->is_scout) /* those behind it are as old, and have the same limits */
        sheaf_wake_all(h, t->sheaf);
    if (total_deadline(t) <= h->now) {
        append_limit(&why, "did not end within ", t->r.total_ms, " of its submit");
        attempt_abandon(h, t);
        task_change(h, t, TASK_GIVE_UP, buf_str(&why));
    } else if (queue_deadline(t) <= h->now) {
        append_limit(&why, "did not start within ", t->r.queue_ms, "");
        task_change(h, t, TASK_GIVE_UP, buf_str(&why));
    } else if (attempt_deadline(h, t) <= h->now) {
        attempt_late(h, t);
    } else if (t->r.state == task_state_IN_PROGRESS) {
        task_arm(h, t);
    } else {
        task_place(h, t);
    }
    buf_done(&why);
}
