/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sentence that says why a task does not run (T11). It is made from what is true now,
 * never stored. */
#include "common/text.h"
#include "dispatch.h"
#include "gate.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "quota.h"
#include "task.h"

static void why_nobody(const struct task *t, struct buf *out)
{
    buf_printf(out, "no live agent%s" BYTES_F "%s" BYTES_F "%s" BYTES_F " offers " BYTES_F,
               t->r.agent.n ? " named " : "", BYTES_A(t->r.agent), t->r.swarm.n ? " of swarm " : "",
               BYTES_A(t->r.swarm), t->r.role.n ? " with role " : "", BYTES_A(t->r.role),
               BYTES_A(t->r.action));
}

static void why_group(struct helios *h, const struct class *c, struct buf *out)
{
    const struct group *g = c->group;
    if (h->control.draining && !c->owned) {
        buf_printf(out, "the realm drains: nothing new is started");
    } else if (c->quota && !c->quota->open) {
        quota_why(h, c->quota, out);
    } else if (g->cool_until > h->now) {
        buf_printf(out, "its group %s cools down for ", g->name);
        text_duration(out, g->cool_until - h->now);
    } else {
        buf_printf(out, "%u of its group %s run, at most %llu may", g->running, g->name,
                   (unsigned long long)c->max_concurrent);
    }
}

void task_why_queue(struct helios *h, const struct task *t, struct buf *out)
{
    const struct class *c = t->class;
    if (h->control.paused)
        buf_printf(out, "the realm is paused by " BYTES_F ": " BYTES_F, BYTES_A(h->control.author),
                   BYTES_A(h->control.why));
    else if (h->closing)
        buf_printf(out, "this controller stops and waits for what runs: nothing is started");
    else if (h->held)
        buf_printf(out, "the state cannot be saved now: nothing is started");
    else if (!class_gate_open(h, c))
        why_group(h, c, out);
    else if (c->internal)
        buf_printf(out, "its turn with the controller comes next");
    else if (class_wants_signature(c))
        buf_printf(out,
                   "it is not signed, and " BYTES_F
                   " runs only signed tasks: `helios submit --sign`",
                   BYTES_A(t->r.action));
    else if (c->n_members == 0)
        why_nobody(t, out);
    else if (c->free.n == 0)
        buf_printf(
            out,
            "all %zu agents that can run it are busy, paused or draining; %zu tasks like it wait",
            c->n_members, c->n_ready);
    else
        buf_printf(out, "its turn comes next");
}

void task_why_time(struct helios *h, const struct task *t, struct buf *out)
{
    buf_text(out, t->r.state == task_state_RETRYING ? "it waits out its backoff: "
                                                    : "it may not start before ");
    text_time(out, t->r.not_before);
    buf_text(out, ", in ");
    text_duration(out, t->r.not_before - h->now);
}

void task_why(struct helios *h, const struct task *t, struct buf *out)
{
    if (t->r.state == task_state_IN_PROGRESS || state_terminal(t->r.state))
        return;
    if (t->r.paused)
        buf_text(out, "it is paused by a person: `helios resume` lets it go on");
    else if (t->after)
        buf_printf(out, "it comes after " BYTES_F ", which is %s", BYTES_A(t->after->r.id),
                   enum_text(&enum_task_state, (int)t->after->r.state));
    else if (t->waits_for)
        buf_printf(out, "%s holds its lock %s",
                   t->waits_for->holder ? t->waits_for->holder->r.id.at : "nobody",
                   t->waits_for->name);
    else if (t->lane)
        task_why_queue(h, t, out);
    else if (t->r.not_before > h->now)
        task_why_time(h, t, out);
    else
        buf_text(out, "what it comes after did not complete: it ends now");
}
