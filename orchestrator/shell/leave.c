/* SPDX-License-Identifier: MPL-2.0 */
/* Leaving the lead on purpose (L3): for good, when the process is to stop, or to stand by, when a
 * person hands it over. The core takes nothing new; what it has said is committed; the lease is
 * given away; whoever still asks is told that another one leads. */
#include "common/clock.h"
#include "common/log.h"
#include "common/ready.h"
#include "shell.h"

#define STOP_WITHIN 2000 /* ms from the signal to the end, commits included */

static bool all_said(const struct shell *s)
{
    return !shell_leads(s) || (store_can_commit(s->store) && store_idle(s->store));
}

/* The lease is given away: what is left is a standby. */
static void step_down(struct shell *s)
{
    log_info("controller.handed_over", "leads no longer");
    store_step_down(s->store);
    helios_free(s->loading);
    s->loading = NULL;
    s->replace = true;
    if (s->stopping)
        return;
    lease_watch_again(&s->lease);
    ready_say("STATUS=standing by");
}

int64_t leave_tick(struct shell *s)
{
    bool leaves = s->stopping || (shell_leads(s) && s->core->hand_over);
    if (!leaves)
        return INT64_MAX;
    if (s->lease.state <= LEASE_LEADING && all_said(s))
        lease_hand_over(&s->lease);
    if (s->lease.state != LEASE_DONE)
        return s->stopping ? s->stop_by : INT64_MAX;
    if (shell_leads(s) || s->loading)
        step_down(s);
    return 0; /* the next turn tells who asks, and is the last */
}

/* Over: handed over and said so, or the time is up, or somebody insists. */
bool loop_over(struct shell *s)
{
    return s->stopping && (s->hurried || s->told || clock_now() > s->stop_by);
}

void loop_stop(struct shell *s, int64_t now)
{
    s->hurried = s->stopping;
    if (s->stopping)
        return;
    s->stopping = true;
    s->stop_by = now + STOP_WITHIN;
    log_info("controller.stopping", "a clean stop, within %d s", STOP_WITHIN / 1000);
    ready_say("STOPPING=1");
    helios_stop(s->core);
}
