/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the computation of success.h's formulas. Changes nothing else. */
#include "success.h"

#include <math.h>

#include "cycle.h"
#include "incident.h"
#include "optimization.h"

#define TICK_MS 1000
#define EFFORT_POINTS                                                                              \
    10 /* score points that one unit of resources × complexity has to win to pay */

struct success *success_of(struct helios *h)
{
    return h->decide.state[DECIDE_success];
}

static bool judged(const struct optimization *o)
{
    return o->r.verdict != verdict_NONE && o->r.state != opt_state_ABANDONED;
}

static bool overlap(const struct optimization *a, const struct optimization *b)
{
    return a != b && a->r.began < b->r.ended && b->r.began < a->r.ended;
}

static bool same_resource(const struct optimization *a, const struct optimization *b)
{
    SEQ_EACH (touched, struct bytes, a->r.touches)
        if (names_have(b->r.touches, *touched))
            return true;
    return false;
}

/* ---- over the ended optimizations ---- */

struct tally {
    double ended, accepted, together, together_accepted, conflicts, effect, benefit, effort;
};

static void tally_pairs(struct helios *h, const struct optimization *o, struct tally *t)
{
    bool together = false, conflict = false;
    list_each (other, &optimizations_of(h)->ended, struct optimization, link)
        if (judged(other) && overlap(o, other)) {
            together = true;
            conflict |= same_resource(o, other);
        }
    t->together += together;
    t->together_accepted += together && o->r.state == opt_state_ACCEPTED;
    t->conflicts += conflict;
}

static void tally_accepted(struct helios *h, const struct optimization *o, struct tally *t)
{
    struct kpi *k = kpi_find(h, o->r.kpi);
    if (k == NULL || o->r.state != opt_state_ACCEPTED)
        return;
    const struct set_kpi *c = kpi_config(k);
    double better = c->better == better_higher ? o->r.effect : -o->r.effect;
    t->accepted++;
    t->effect += o->r.before != 0 ? 100 * better / fabs(o->r.before) : 0;
    t->benefit += (o->r.score_after - o->r.score_before) * c->weight * c->impact;
}

static struct tally tally_all(struct helios *h)
{
    struct tally t = {0};
    list_each (o, &optimizations_of(h)->ended, struct optimization, link) {
        if (!judged(o))
            continue;
        t.ended++;
        t.effort +=
            o->plan ? o->plan->resources * o->plan->complexity * EFFORT_POINTS : EFFORT_POINTS;
        tally_accepted(h, o, &t);
        tally_pairs(h, o, &t);
    }
    return t;
}

static void tell_share(struct helios *h, const char *kpi, double part, double whole)
{
    if (whole > 0)
        kpi_own(h, kpi, 100 * part / whole);
}

static void tell_optimizations(struct helios *h)
{
    struct tally t = tally_all(h);
    tell_share(h, "optimization_success_rate", t.accepted, t.ended);
    tell_share(h, "concurrent_efficiency", t.together_accepted, t.together);
    tell_share(h, "conflict_rate", t.conflicts, t.ended);
    if (t.accepted > 0)
        kpi_own(h, "performance_improvement", t.effect / t.accepted);
    if (t.effort > 0)
        kpi_own(h, "optimization_roi", t.benefit / t.effort);
}

/* ---- over cycles and incidents ---- */

static bool parallel_gain(struct helios *h, const struct cycle *c, double *ret_percent)
{
    double serial = 0, longest = 0;
    int64_t first = INT64_MAX, last = 0;
    size_t n = 0;
    list_each (o, &optimizations_of(h)->ended, struct optimization, link) {
        if (!bytes_eq(o->r.cycle, c->r.id))
            continue;
        n++;
        serial += (double)(o->r.ended - o->r.began);
        longest = fmax(longest, (double)(o->r.ended - o->r.began));
        first = MIN(first, o->r.began);
        last = MAX(last, o->r.ended);
    }
    if (n < 2 || serial <= longest)
        return false;
    *ret_percent = fmax(0, 100 * (serial - (double)(last - first)) / (serial - longest));
    return true;
}

static void tell_cycles(struct helios *h)
{
    struct cycles *all = cycles_of(h);
    const struct cycle *worked = NULL;
    double gain = -1;
    list_each (c, &all->ended, struct cycle, link) {
        double percent;
        if (c->r.optimizations.n)
            worked = c;
        if (parallel_gain(h, c, &percent))
            gain = percent;
    }
    tell_share(h, "cycle_completion_rate", (double)all->reported,
               (double)all->begun - (all->current ? 1 : 0));
    if (worked)
        kpi_own(h, "health_score_improvement", worked->r.health_after - worked->r.health_before);
    if (gain >= 0)
        kpi_own(h, "concurrent_optimization_efficiency", gain);
}

static void tell_incidents(struct helios *h)
{
    const struct incident *acted = NULL;
    list_each (i, &incidents_of(h)->ended, struct incident, link)
        acted = i->r.acted ? i : acted;
    if (incident_open(h) && incident_open(h)->r.acted)
        acted = incident_open(h);
    if (acted)
        kpi_own(h, "emergency_response_time", (double)(acted->r.acted - acted->r.began) / 1000);
}

/* ---- over agents ---- */

static bool same_group(const struct agent *a, const struct agent *b)
{
    return b->live && a->r.role == b->r.role && bytes_eq(a->r.swarm, b->r.swarm);
}

/* Each agent contributes its group's index, so groups are weighted by their size. */
static void tell_distribution(struct helios *h)
{
    double sum_of_indices = 0, agents = 0;
    for (struct agent *a = h->work.agents_by_id; a; a = a->hh.next) {
        double n = 0, sum = 0, squares = 0;
        for (struct agent *b = h->work.agents_by_id; a->live && b; b = b->hh.next)
            if (same_group(a, b)) {
                n++;
                sum += (double)b->done;
                squares += (double)b->done * (double)b->done;
            }
        if (n < 2 || squares == 0)
            continue;
        sum_of_indices += sum * sum / (n * squares);
        agents++;
    }
    kpi_own(h, "task_distribution", agents > 0 ? 100 * sum_of_indices / agents : 100);
}

#define DISTRIBUTION_AGENTS 200 /* beyond that the pairs cost more than the figure is worth */

/* ---- by the clock ---- */

static void keep_point(struct success *s, int64_t now, double health)
{
    if (s->skip++ % s->stride)
        return;
    if (s->n_history == HISTORY_MOST) {
        for (size_t i = 0; i < HISTORY_MOST / 2; i++)
            s->history[i] = s->history[2 * i];
        s->n_history = HISTORY_MOST / 2;
        s->stride *= 2;
    }
    s->history[s->n_history++] = (struct point){now, (float)health};
}

static void see_health(struct helios *h, struct success *s)
{
    struct health now = health_of(h, "realm");
    double span = (double)(h->now - s->last);
    s->all_ms += now.known ? span : 0;
    s->well_ms += now.known && incident_open(h) == NULL ? span : 0;
    s->last = h->now;
    keep_point(s, h->now, now.known ? now.score : -1);
    if (now.known)
        kpi_own(h, "overall_health_score", now.score);
    tell_share(h, "system_availability", s->well_ms, s->all_ms);
}

static void on_timer(struct helios *h, struct timer *t)
{
    struct success *s = success_of(h);
    see_health(h, s);
    if (s->changed) {
        s->changed = false;
        tell_optimizations(h);
        tell_cycles(h);
        tell_incidents(h);
        tell_share(h, "communication_overhead", fmax(0, s->seen_ms - s->worked_ms), s->seen_ms);
        if (h->work.n_agents_live <= DISTRIBUTION_AGENTS)
            tell_distribution(h);
    }
    timer_set(h, t, h->now + TICK_MS);
}

void success_pack_history(struct helios *h, struct pack *p)
{
    const struct success *s = success_of(h);
    pack_list(p);
    for (size_t i = 0; i < s->n_history; i++) {
        pack_map(p);
        pack_put_int(p, "at", s->history[i].at);
        pack_key(p, "health");
        if (s->history[i].health < 0)
            pack_nil(p);
        else
            pack_num(p, s->history[i].health);
        pack_end(p);
    }
    pack_end(p);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct success *s = h->decide.state[DECIDE_success] = NEW(struct success);
    s->timer.run = on_timer;
    s->stride = 1;
}

static void done(struct helios *h)
{
    timer_stop(h, &success_of(h)->timer);
    free(success_of(h));
}

static void lead(struct helios *h)
{
    success_of(h)->last = h->now;
    timer_set(h, &success_of(h)->timer, h->now + TICK_MS);
}

/* A task that waited for a free agent tells of load, not of coordination: only those that could go
 * at once count. */
static void see_dispatch(struct helios *h, const struct rec_entry *e)
{
    struct task *t = task_find(h, e->id);
    if (t && t->r.owner_kind.n && t->r.attempt == 1 && t->agent &&
        t->agent->n_held <= t->agent->slots)
        kpi_own(h, "coordination_latency", (double)(h->now - t->r.created));
}

static void see_worked(struct helios *h, const struct rec_entry *e)
{
    struct success *s = success_of(h);
    struct task *t = task_find(h, e->id);
    if (t == NULL || t->r.owner_kind.n == 0 || t->r.elapsed_ms == 0)
        return;
    s->seen_ms += (double)(t->r.ended - t->r.started);
    s->worked_ms += fmin((double)t->r.elapsed_ms, (double)(t->r.ended - t->r.started));
}

static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    if (kind == EVENT_task_dispatched)
        see_dispatch(h, e);
    else if (kind == EVENT_task_completed)
        see_worked(h, e);
    else if (kind == EVENT_cycle_ended || kind == EVENT_incident_acted ||
             kind == EVENT_incident_resolved)
        success_of(h)->changed = true;
}

static void on_ended(struct helios *h, const struct optimization *o)
{
    (void)o;
    success_of(h)->changed = true;
}

const struct decider decider_success = {.kind = "success",
                                        .init = init,
                                        .done = done,
                                        .lead = lead,
                                        .on_event = on_event,
                                        .on_ended = on_ended};
