/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way out, of one member and of the process (A9). Refuses to report as failed what it cut
 * off itself. */
#include "agents/leave.h"

#include "agents/agent.h"
#include "common/log.h"
#include "common/ready.h"
#include "common/text.h"

enum { HURRY_MS = 3000, TELL_MS = 5000, TOLD_MOST = 3 };

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

static size_t running(const struct agent *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_members; i++)
        n += a->members[i].slots.n_running;
    return n;
}

/* ---- what it waits for ---- */

static void tell_attempt(struct buf *text, const struct attempt *it, size_t n)
{
    buf_printf(text, "%s%s ", n ? ", " : "", it->asked.task);
    text_safe(text, bytes_of(it->asked.action));
    buf_text(text, " for ");
    text_duration(text, it->member->agent->loop.now - it->started);
}

static void tell_attempts(struct buf *text, const struct agent *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_members; i++)
        list_each(it, &a->members[i].slots.running, struct attempt, link)
        {
            if (n < TOLD_MOST)
                tell_attempt(text, it, n);
            n++;
        }
    if (n > TOLD_MOST)
        buf_printf(text, ", and %zu more", n - TOLD_MOST);
}

/* The service manager gives a stop so long and no longer, unless it hears that it goes on. What lives in
 * somebody else's program does not speak for it. */
static void on_tell(struct timer *t)
{
    struct agent *a = container_of(t, struct agent, tell);
    _cleanup_(buf_done) struct buf text = {0}, state = {0};
    size_t n = running(a);
    if (n == 0 || a->hurried)
        return;
    buf_printf(&text, "waits for %zu %s, ", n, n == 1 ? "attempt" : "attempts");
    text_duration(&text, MAX(a->leave_by - a->loop.now, 0));
    buf_text(&text, " at most: ");
    tell_attempts(&text, a);
    log_info("agent.waiting", "%s", buf_str(&text));
    buf_printf(&state, "STOPPING=1\nSTATUS=%s\nEXTEND_TIMEOUT_USEC=%d", buf_str(&text), 4 * TELL_MS * 1000);
    if (!a->guest)
        ready_say(buf_str(&state));
    loop_timer(&a->loop, t, a->loop.now + TELL_MS);
}

static void on_patience(struct timer *t)
{
    struct agent *a = container_of(t, struct agent, patience);
    if (running(a) && !a->hurried) {
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
    _cleanup_(buf_done) struct buf within = {0};
    text_duration(&within, a->patience_ms);
    log_info("agent.leaving", "asked to stop: nothing new is started; what runs may end within %s", buf_str(&within));
    a->state = AGENT_LEAVING;
    for (size_t i = 0; i < a->n_members; i++) {
        slots_drop_queue(&a->members[i]);
        agent_dirty(&a->members[i]);
    }
    a->leave_by = a->loop.now + a->patience_ms;
    loop_timer(&a->loop, &a->patience, a->leave_by);
    on_tell(&a->tell);
}

void leave_init(struct agent *a)
{
    const struct set_agent_config *config = settings_root(a->settings);
    a->patience.due = on_patience;
    a->tell.due = on_tell;
    a->patience_ms = config->stop.wait_ms;
}
