/* SPDX-License-Identifier: MPL-2.0 */
/* Computes the figures of success.h from what happened, and feeds them as KPIs. Decides nothing. */
#include "success.h"

#include <math.h>

#include "optimization.h"
#include "orchestrator/core/helios.h"

#define EVERY_MS 10000 /* the seed's health update */

struct success {
    struct timer timer;
    int64_t last;               /* tick */
    int64_t known_ms, good_ms;  /* of the realm's health */
    unsigned judged, accepted, overlapped, overlapped_accepted, conflicts;
    double improved, gained, spent;
    unsigned cycles_began, cycles_ended, cycles_acting;
    double health_before, health_gained; /* at the start of the newest cycle; of all that acted */
    double parallel; /* of the newest cycle with two or more; -1 = none yet */
    int64_t opened;  /* the newest incident, until its first act; 0 = none waits */
    double response_s, latency_ms; /* -1 = none yet */
};

/* ---- what happened ---- */

static bool overlap(const struct optimization *a, const struct optimization *b)
{
    int64_t a_end = a->r.ended ? a->r.ended : INT64_MAX, b_end = b->r.ended ? b->r.ended : INT64_MAX;
    return a != b && a->r.began < b_end && b->r.began < a_end;
}

static bool touch(const struct optimization *a, const struct optimization *b)
{
    SEQ_EACH (name, struct bytes, a->r.touches)
        if (names_have(b->r.touches, *name))
            return true;
    return false;
}

/* note_company asks whether another one was under way at the same time, and touched the same. */
static void note_company(struct helios *h, const struct optimization *o, bool *ret_overlapped, bool *ret_conflict)
{
    struct list *const lists[] = {&optimizations_of(h)->live, &optimizations_of(h)->ended};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_each (other, lists[i], struct optimization, link)
            if (other->r.applied && overlap(o, other)) {
                *ret_overlapped = true;
                *ret_conflict |= o->r.applied && touch(o, other);
            }
}

static void on_ended(struct helios *h, const struct optimization *o)
{
    struct success *s = h->decide.state[DECIDE_success];
    bool overlapped = false, conflict = false, accepted = o->r.state == opt_state_ACCEPTED;
    if (o->r.dry_run || o->r.verdict == verdict_NONE || optimization_emergency(o))
        return;
    note_company(h, o, &overlapped, &conflict);
    s->judged++;
    s->accepted += accepted;
    s->overlapped += overlapped;
    s->overlapped_accepted += overlapped && accepted;
    s->conflicts += conflict;
    s->spent += o->plan ? o->plan->resources : 1;
    if (accepted && o->r.before != 0)
        s->improved += 100 * fabs(o->r.effect) / fabs(o->r.before);
    if (accepted)
        s->gained += o->r.score_after - o->r.score_before;
}

/* One cycle's share of parallel work, when it started two or more. */
static void note_parallel(struct helios *h, struct success *s, struct bytes cycle)
{
    int64_t sum = 0, longest = 0, first = INT64_MAX, last = 0;
    unsigned n = 0;
    list_each (o, &optimizations_of(h)->ended, struct optimization, link) {
        if (!bytes_eq(o->r.cycle, cycle) || o->r.applied == 0)
            continue;
        int64_t took = o->r.ended - o->r.began;
        n++;
        sum += took;
        longest = MAX(longest, took);
        first = MIN(first, o->r.began);
        last = MAX(last, o->r.ended);
    }
    if (n >= 2 && sum > longest)
        s->parallel = 100.0 * (double)(sum - (last - first)) / (double)(sum - longest);
    s->cycles_acting += n > 0;
    s->health_gained += n > 0 ? health_of(h, "realm").score - s->health_before : 0;
}

static void note_dispatch(struct helios *h, struct success *s, struct bytes task)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (o->submitted && bytes_eq(o->r.apply_task, task))
            s->latency_ms = (double)(h->now - o->submitted);
}

static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    struct success *s = h->decide.state[DECIDE_success];
    if (s == NULL)
        return;
    if (kind == EVENT_cycle_began) {
        s->cycles_began++;
        s->health_before = health_of(h, "realm").score;
    } else if (kind == EVENT_cycle_ended) {
        s->cycles_ended++;
        note_parallel(h, s, e->id);
    } else if (kind == EVENT_incident_opened) {
        s->opened = h->now;
    } else if (kind == EVENT_incident_acted && s->opened) {
        s->response_s = (double)(h->now - s->opened) / 1000;
        s->opened = 0;
    } else if (kind == EVENT_task_dispatched) {
        note_dispatch(h, s, e->id);
    }
}

/* ---- figures; NAN = there is nothing to say yet ---- */

typedef double figure(struct helios *h, const struct success *s);

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

static double overall_health_score(struct helios *h, const struct success *s)
{
    struct health now = health_of(h, "realm");
    (void)s;
    return now.known ? now.score : NAN;
}

static double system_availability(struct helios *h, const struct success *s)
{
    (void)h;
    return share((double)s->good_ms, (double)s->known_ms);
}

static double optimization_success_rate(struct helios *h, const struct success *s)
{
    (void)h;
    return share(s->accepted, s->judged);
}

static double concurrent_efficiency(struct helios *h, const struct success *s)
{
    (void)h;
    return share(s->overlapped_accepted, s->overlapped);
}

static double concurrent_optimization_efficiency(struct helios *h, const struct success *s)
{
    (void)h;
    return s->parallel >= 0 ? s->parallel : NAN;
}

static double cycle_completion_rate(struct helios *h, const struct success *s)
{
    (void)h;
    /* The one that runs now has not had its chance yet. */
    unsigned begun = s->cycles_began > s->cycles_ended ? s->cycles_began - 1 : s->cycles_began;
    return share(MIN(s->cycles_ended, begun), begun);
}

static double health_score_improvement(struct helios *h, const struct success *s)
{
    (void)h;
    return s->cycles_acting ? s->health_gained / s->cycles_acting : NAN;
}

static double emergency_response_time(struct helios *h, const struct success *s)
{
    (void)h;
    return s->response_s >= 0 ? s->response_s : NAN;
}

static double coordination_latency(struct helios *h, const struct success *s)
{
    (void)h;
    return s->latency_ms >= 0 ? s->latency_ms : NAN;
}

static double task_distribution(struct helios *h, const struct success *s)
{
    double sum = 0, squares = 0;
    unsigned n = 0;
    struct agent *a, *next;
    (void)s;
    HASH_ITER (hh, h->work.agents_by_id, a, next)
        if (a->live && a->r.role == role_implementer) {
            n++;
            sum += (double)a->done;
            squares += (double)a->done * (double)a->done;
        }
    return squares > 0 ? 100 * sum * sum / (n * squares) : NAN;
}

static double communication_overhead(struct helios *h, const struct success *s)
{
    const struct counters *c = &h->counters;
    (void)s;
    return share((double)(c->messages - c->work_messages), (double)c->messages);
}

static double conflict_rate(struct helios *h, const struct success *s)
{
    (void)h;
    return share(s->conflicts, s->judged);
}

static double performance_improvement(struct helios *h, const struct success *s)
{
    (void)h;
    return s->accepted ? s->improved / s->accepted : NAN;
}

static double optimization_roi(struct helios *h, const struct success *s)
{
    (void)h;
    return s->spent > 0 ? 0.1 * s->gained / s->spent : NAN;
}

static const struct {
    const char *kpi;
    figure *compute;
} rows[] = {
#define ROW(name) {#name, name},
    ROW(overall_health_score) ROW(system_availability) ROW(optimization_success_rate) ROW(concurrent_efficiency)
    ROW(concurrent_optimization_efficiency) ROW(cycle_completion_rate) ROW(health_score_improvement)
    ROW(emergency_response_time) ROW(coordination_latency) ROW(task_distribution) ROW(communication_overhead)
    ROW(conflict_rate) ROW(performance_improvement) ROW(optimization_roi)
#undef ROW
};

static void on_timer(struct helios *h, struct timer *t)
{
    struct success *s = container_of(t, struct success, timer);
    struct health now = health_of(h, "realm");
    if (now.known) {
        s->known_ms += h->now - s->last;
        s->good_ms += now.score >= h->config->health.enter ? h->now - s->last : 0;
    }
    s->last = h->now;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        kpi_own(h, rows[i].kpi, rows[i].compute(h, s));
    timer_set(h, t, h->now + EVERY_MS);
}

static void init(struct helios *h)
{
    struct success *s = NEW(struct success);
    *s = (struct success){.timer.run = on_timer, .parallel = -1, .response_s = -1, .latency_ms = -1};
    h->decide.state[DECIDE_success] = s;
}

static void lead(struct helios *h)
{
    struct success *s = h->decide.state[DECIDE_success];
    s->last = h->now;
    timer_set(h, &s->timer, h->now + EVERY_MS);
}

static void done(struct helios *h)
{
    struct success *s = h->decide.state[DECIDE_success];
    timer_stop(h, &s->timer);
    free(s);
    h->decide.state[DECIDE_success] = NULL;
}

const struct decider decider_success = {
    .kind = "success",
    .init = init,
    .done = done,
    .lead = lead,
    .on_event = on_event,
    .on_ended = on_ended,
};
