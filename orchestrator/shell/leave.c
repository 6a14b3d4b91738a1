/* SPDX-License-Identifier: MPL-2.0 */
/* Leaving the lead on purpose (L3): for good, when the process is to stop, or to stand by, when a
 * person hands it over. The core takes nothing new; what it has said is committed; the lease is
 * given away; whoever still asks is told that another one leads. */
#include "common/clock.h"
#include "common/log.h"
#include "common/ready.h"
#include "common/text.h"
#include "shell.h"

#define STOP_WITHIN 2000 /* ms from the signal to the end, commits included */
#define TELL_EVERY 5000  /* what a stop waits for */

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

/* ---- a stop that waits for what runs (settings `stop`) ---- */

static void begin_stop(struct shell *s, int64_t now)
{
    s->stopping = true;
    s->stop_by = now + STOP_WITHIN;
    log_info("controller.stopping", "a clean stop, within %d s", STOP_WITHIN / 1000);
    ready_say("STOPPING=1\nSTATUS=stopping");
    helios_stop(s->core);
}

/* The service manager gives a stop so long and no longer, unless it hears that it goes on. */
static void tell_waiting(struct shell *s, size_t n, int64_t now)
{
    _cleanup_(buf_done) struct buf text = {0}, state = {0};
    buf_printf(&text, "waits for %zu %s, ", n, n == 1 ? "attempt" : "attempts");
    text_duration(&text, MAX(s->close_by - now, 0));
    buf_text(&text, " at most: ");
    work_tell_running(s->core, &text);
    log_info("controller.waiting", "%s", buf_str(&text));
    buf_printf(&state, "STOPPING=1\nSTATUS=%s\nEXTEND_TIMEOUT_USEC=%d", buf_str(&text), 4 * TELL_EVERY * 1000);
    ready_say(buf_str(&state));
    s->told_at = now;
}

/* close_tick: whoever leads no longer has nothing to wait for. The core gets one more turn after the last end: who waits for that is
 * told in it. */
static int64_t close_tick(struct shell *s, int64_t now)
{
    size_t n = shell_leads(s) ? work_running(s->core) : 0;
    bool was_idle = s->idle;
    s->idle = n == 0;
    if (s->idle && !was_idle)
        return now;
    if (n == 0 || now >= s->close_by) {
        if (n)
            log_warn("controller.waited", "%zu still run: they go on, and the next leader hears of their ends", n);
        else
            log_info("controller.waited", "nothing runs any more");
        begin_stop(s, now);
        return now;
    }
    if (now >= s->told_at + TELL_EVERY)
        tell_waiting(s, n, now);
    return MIN(s->told_at + TELL_EVERY, s->close_by);
}

static void begin_close(struct shell *s, int64_t now)
{
    s->closing = true;
    s->close_by = now + s->config->stop.wait_ms;
    s->told_at = now - TELL_EVERY;
    helios_close(s->core);
}

void loop_stop(struct shell *s, int64_t now)
{
    s->hurried = s->stopping;
    if (s->stopping)
        return;
    if (!s->closing && s->config->stop.wait_ms && shell_leads(s)) {
        begin_close(s, now);
        return;
    }
    if (s->closing)
        log_info("controller.hurries", "asked again: waits no longer for what runs");
    begin_stop(s, now);
}

int64_t leave_tick(struct shell *s)
{
    bool leaves = s->stopping || (shell_leads(s) && s->core->hand_over);
    if (s->closing && !leaves)
        return close_tick(s, clock_now());
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
