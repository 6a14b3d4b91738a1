/* SPDX-License-Identifier: MPL-2.0 */
/* Owns pause, resume and drain of the realm and of agents: durable states with a deadline (T10). A
 * paused realm starts nothing. A draining one takes no submit and starts only what deciders need to
 * finish what they began; at the deadline what still runs is cancelled. */
#include "drain.h"

#include "orchestrator/core/helios.h"
#include "queue.h"
#include "roster.h"
#include "task.h"

static void refresh_all(struct helios *h)
{
    struct class *c, *next;
    HASH_ITER(hh, h->work.queue->classes, c, next)
    class_refresh(h, c);
    work_wants_turn(h);
}

static void set_control(struct helios *h, bool paused, bool draining, struct bytes author,
                        struct bytes reason)
{
    h->control.paused = paused;
    h->control.draining = draining;
    own_set(&h->control.author, author);
    own_set(&h->control.why, reason);
    save_mark(h, &h->control_save);
    refresh_all(h);
}

void realm_pause(struct helios *h, struct bytes author, struct bytes reason)
{
    set_control(h, true, h->control.draining, author, reason);
    note(h, EVENT_realm_paused, "realm", NULL, NULL, "paused by " BYTES_F ": " BYTES_F,
         BYTES_A(author), BYTES_A(reason));
}

void realm_drain_arm(struct helios *h)
{
    timer_set(h, &h->work.drain, MAX(h->control.drain_until, h->now + 1));
}

void realm_drain(struct helios *h, int64_t within_ms, struct bytes author, struct bytes reason)
{
    h->control.drain_until = h->now + within_ms;
    set_control(h, h->control.paused, true, author, reason);
    realm_drain_arm(h);
    note(h, EVENT_realm_draining, "realm", NULL, NULL,
         "drains for " BYTES_F ": " BYTES_F "; what still runs in %lld ms is cancelled",
         BYTES_A(author), BYTES_A(reason), (long long)within_ms);
}

void realm_resume(struct helios *h, struct bytes author, struct bytes reason)
{
    h->control.drain_until = 0;
    timer_stop(h, &h->work.drain);
    set_control(h, false, false, author, reason);
    note(h, EVENT_realm_resumed, "realm", NULL, NULL, "goes on, says " BYTES_F ": " BYTES_F,
         BYTES_A(author), BYTES_A(reason));
}

static void cancel_held(struct helios *h, struct agent *a, const char *why)
{
    list_each(t, &a->held, struct task, held) task_cancel(h, t, why);
}

void realm_drain_over(struct helios *h, struct timer *timer)
{
    (void)timer;
    struct agent *a, *next;
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    cancel_held(h, a, "the realm's drain is over its time");
}

/* ---- agents ---- */

static void agent_changed(struct helios *h, struct agent *a, const char *how)
{
    save_mark(h, &a->save);
    agent_credit(h, a);
    work_wants_turn(h);
    note(h, EVENT_agent_changed, a->r.id.at, NULL, NULL, "%s %s", a->r.id.at, how);
}

void agent_pause(struct helios *h, struct agent *a, bool paused)
{
    a->r.paused = paused;
    agent_changed(h, a, paused ? "is paused: it gets no task" : "gets tasks again");
}

void agent_drain(struct helios *h, struct agent *a, int64_t within_ms)
{
    a->r.draining = true;
    a->r.drain_until = h->now + within_ms;
    timer_set(h, &a->drain, MAX(a->r.drain_until, h->now + 1));
    agent_changed(h, a, "drains: it finishes what it has, then leaves");
}

void agent_drain_over(struct helios *h, struct timer *timer)
{
    struct agent *a = container_of(timer, struct agent, drain);
    cancel_held(h, a, "its agent's drain is over its time");
}

void agent_resume(struct helios *h, struct agent *a)
{
    a->r.draining = false;
    a->r.drain_until = 0;
    timer_stop(h, &a->drain);
    agent_pause(h, a, false);
}
