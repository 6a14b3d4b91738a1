/* SPDX-License-Identifier: MPL-2.0 */
/* The mass-failure brake (X9): when much vanishes at once, what is seen is no ground to act on. More than a share of the known
 * KPIs without data within one window, or more than a share of the agents lost within the time that three beats take: automation is
 * frozen, as by `helios freeze`, and a person lets it go on. Our own pause and the time after a takeover do not count (L6). */
#include "common/mutant.h"
#include "orchestrator/core/helios.h"

#define TAKEOVER_MS 1000  /* who has not found us yet says hello this often */
#define VANISHED_MAX 256 /* more at once change nothing: the share is long over its limit */

struct vanished {
    int64_t at[VANISHED_MAX]; /* oldest first */
    size_t n;
};

struct brake {
    struct vanished kpis, agents;
    struct timer timer; /* judges after the turn in which something vanished */
};

static int64_t patience(const struct helios *h)
{
    return h->config->agents.beat_ms * h->config->agents.missed;
}

/* add forgets what is older than the window. */
static void add(struct vanished *v, int64_t now, int64_t window)
{
    size_t old = 0;
    while (old < v->n && v->at[old] <= now - window)
        old++;
    v->n -= old;
    memmove(v->at, v->at + old, v->n * sizeof(*v->at));
    if (v->n < VANISHED_MAX)
        v->at[v->n++] = now;
}

static bool excused(const struct helios *h)
{
    return h->now < h->excused_until || h->now < h->started + TAKEOVER_MS + 3 * patience(h);
}

/* A KPI without weight is watched only: nothing is done for it, so its silence holds nothing back. */
static bool counts(const struct kpi *k)
{
    return k && kpi_config(k)->weight > 0;
}

static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    struct brake *b = h->decide.state[DECIDE_brake];
    if (b == NULL || (kind != EVENT_kpi_stale && kind != EVENT_agent_lost) || excused(h) || h->stopping)
        return;
    if (kind == EVENT_kpi_stale && counts(kpi_find(h, e->id)))
        add(&b->kpis, h->now, h->config->health.window_ms);
    else if (kind == EVENT_agent_lost)
        add(&b->agents, h->now, patience(h));
    timer_set(h, &b->timer, h->now + 1);
}

static void count_known(struct helios *h, struct kpi *k, void *n)
{
    if (counts(k) && kpi_known(h, k))
        ++*(size_t *)n;
}

/* over: did more than this share of what was there vanish? Fewer than brake.least are no mass. */
static bool over(const struct helios *h, const struct vanished *v, size_t left, double share)
{
    return v->n >= (size_t)h->config->brake.least && 100.0 * (double)v->n > share * (double)(v->n + left);
}

static void freeze(struct helios *h, const struct vanished *v, size_t left, const char *what, double share)
{
    char reason[200];
    snprintf(reason, sizeof(reason), "%zu of %zu %s vanished at once, over %.0f %% (X9)", v->n, v->n + left, what, share);
    helios_freeze(h, true, BYTES("helios"), bytes_of(reason));
}

static void on_timer(struct helios *h, struct timer *t)
{
    struct brake *b = container_of(t, struct brake, timer);
    const struct set_brake *c = &h->config->brake;
    size_t known = 0;
    if (!c->enabled || h->frozen || MUTANT(brake))
        return;
    kpi_each(h, count_known, &known);
    if (over(h, &b->kpis, known, c->kpis))
        freeze(h, &b->kpis, known, "known KPIs", c->kpis);
    else if (over(h, &b->agents, h->work.n_agents_live, c->agents))
        freeze(h, &b->agents, h->work.n_agents_live, "agents", c->agents);
}

static void init(struct helios *h)
{
    struct brake *b = NEW(struct brake);
    b->timer.run = on_timer;
    h->decide.state[DECIDE_brake] = b;
}

static void done(struct helios *h)
{
    struct brake *b = h->decide.state[DECIDE_brake];
    timer_stop(h, &b->timer);
    free(b);
    h->decide.state[DECIDE_brake] = NULL;
}

const struct decider decider_brake = {
    .kind = "brake",
    .init = init,
    .done = done,
    .on_event = on_event,
};
