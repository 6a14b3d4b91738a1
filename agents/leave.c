/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way out, of one member and of the process (A9). Refuses to report as failed what it cut
 * off itself. */
#include "agents/leave.h"

#include "agents/agent.h"
#include "common/log.h"

enum { PATIENCE_MS = 10000, HURRY_MS = 3000 };

static void member_leave(struct member *m, const char *reason)
{
    if (m->left)
        return;
    m->left = true;
    m->agent->n_left++;
    links_bye(m, reason);
    log_info("agent.left", "%s has left: %s", m->id, reason);
}

void leave_if_done(struct member *m)
{
    const struct slots *s = &m->slots;
    bool leaving = m->agent->state == AGENT_LEAVING;
    if ((m->draining || leaving) && s->n_running + s->n_queued + s->n_done == 0)
        member_leave(m, leaving ? "stopped" : "drained");
    if (m->agent->n_left == m->agent->n_members)
        m->agent->state = AGENT_GONE;
}

static void hurry(struct agent *a)
{
    log_warn("agent.hurry",
             "what still runs is stopped; it is not reported, so that it is done again elsewhere");
    for (size_t i = 0; i < a->n_members; i++) {
        slots_drop_all(&a->members[i]);
        agent_dirty(&a->members[i]);
    }
    loop_timer(&a->loop, &a->patience, a->loop.now + HURRY_MS);
}

static void on_patience(struct timer *t)
{
    struct agent *a = container_of(t, struct agent, patience);
    size_t running = 0;
    for (size_t i = 0; i < a->n_members; i++)
        running += a->members[i].slots.n_running;
    if (running && !a->hurried) {
        a->hurried = true;
        hurry(a);
        return;
    }
    for (size_t i = 0; i < a->n_members; i++)
        member_leave(&a->members[i], a->members[i].slots.n_done
                                         ? "stopped; its last results were not acknowledged"
                                         : "stopped");
    a->state = AGENT_GONE;
}

void agent_leave(struct agent *a)
{
    if (a->state == AGENT_LEAVING) { /* asked twice: nobody waits any more */
        on_patience(&a->patience);
        return;
    }
    log_info("agent.leaving",
             "asked to stop: nothing new is started; what runs may end within %lld s",
             (long long)(a->patience_ms / 1000));
    a->state = AGENT_LEAVING;
    for (size_t i = 0; i < a->n_members; i++) {
        slots_drop_queue(&a->members[i]);
        agent_dirty(&a->members[i]);
    }
    loop_timer(&a->loop, &a->patience, a->loop.now + a->patience_ms);
}

void leave_init(struct agent *a)
{
    a->patience.due = on_patience;
    a->patience_ms = PATIENCE_MS;
}
