/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the judgement. Refuses to know the product: it includes nothing of orchestrator/. */
#include "oracle.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/read.h"

#define SLACK_MS (3 * STEP_MS) /* the world moves in steps, and what waits for an agent is looked at once a second */
#define NEAR 3.0               /* points: the oracle's window is not cut into parts as the product's is */

const char *const forbidden_names[] = {
#define X(name, doc) #name,
    FORBIDDEN(X)
#undef X
};
const char *const forbidden_docs[] = {
#define X(name, doc) doc,
    FORBIDDEN(X)
#undef X
};

static void broken(struct oracle *o, enum forbidden what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void broken(struct oracle *o, enum forbidden what, const char *format, ...)
{
    va_list args;
    o->broken[what]++;
    if (o->first[0])
        return;
    int n = snprintf(o->first, sizeof(o->first), "%.1f s, %s: ", (double)(o->now - START_MS) / 1000,
                     forbidden_names[what]);
    va_start(args, format);
    vsnprintf(o->first + n, sizeof(o->first) - (size_t)n, format, args);
    va_end(args);
}

unsigned oracle_broken(const struct oracle *o)
{
    unsigned n = 0;
    for (int i = 0; i < FORBIDDEN_COUNT; i++)
        n += o->broken[i];
    return n;
}

/* ---- what is given ---- */

void oracle_lead(struct oracle *o, int64_t now)
{
    o->now = o->started = now;
    o->excused = now + 10 * BEAT_MS; /* nine beats, and a second to greet */
    o->must_freeze = false;
    memset(o->kpis, 0, sizeof(o->kpis));
    for (int i = 0; i < AGENTS_MOST; i++)
        o->agents[i].lost = 0;
}

void oracle_paused(struct oracle *o, int64_t now)
{
    o->excused = now + 2 * PATIENCE_MS + SLACK_MS;
    for (int i = 0; i < KPIS; i++)
        o->kpis[i].given_up = 0;
    for (int i = 0; i < AGENTS_MOST; i++)
        o->agents[i].beat = now;
}

void oracle_order(struct oracle *o, enum allowance mode, bool frozen)
{
    o->mode = mode;
    if (o->frozen && !frozen) {
        o->must_freeze = false;
        o->frozen_seen = false;
    }
    o->frozen = frozen;
}

void oracle_sample(struct oracle *o, int kpi, double value, int64_t at, int64_t now)
{
    struct seen_kpi *k = &o->kpis[kpi];
    if (!isfinite(value) || value < LOWEST || value > HIGHEST || at > now + FUTURE_MS || at < now - WINDOW_MS)
        return;
    at = at < now ? at : now;
    k->first = k->first ? k->first : at;
    k->last = at > k->last ? at : k->last;
    k->given_up = 0;
    if (value > TARGET + (CRITICAL - TARGET) * SEVERITY / 100 - 1)
        k->bad = at > k->bad ? at : k->bad;
    k->at[k->n % READINGS_MOST] = at;
    k->values[k->n++ % READINGS_MOST] = value;
}

void oracle_beat(struct oracle *o, int agent, int64_t now)
{
    struct seen_agent *a = &o->agents[agent];
    a->there = true;
    a->beat = now;
    a->lost = 0;
}

/* ---- its own view ---- */

static bool fresh(const struct oracle *o, int kpi)
{
    return o->kpis[kpi].last && o->now - o->kpis[kpi].last <= STALE_MS + SLACK_MS;
}

static double share(const struct oracle *o, bool (*counts)(const struct oracle *, int))
{
    double all = 0, some = 0;
    for (int k = 0; k < KPIS; k++) {
        all += kpi_weight(k);
        some += counts(o, k) ? kpi_weight(k) : 0;
    }
    return 100 * some / all;
}

static bool was_watched(const struct oracle *o, int kpi)
{
    return o->kpis[kpi].last - o->kpis[kpi].first >= WINDOWS_SEEN * WINDOW_MS;
}

static double mean_of(const struct oracle *o, int kpi)
{
    const struct seen_kpi *k = &o->kpis[kpi];
    double sum = 0;
    unsigned n = 0, kept = k->n < READINGS_MOST ? k->n : READINGS_MOST;
    for (unsigned i = 0; i < kept; i++)
        if (k->at[i] > k->last - WINDOW_MS) {
            sum += k->values[i];
            n++;
        }
    return n ? sum / n : TARGET;
}

static double health(const struct oracle *o)
{
    double all = 0, sum = 0;
    for (int k = 0; k < KPIS; k++) {
        if (!fresh(o, k))
            continue;
        double score = 100 * (mean_of(o, k) - CRITICAL) / (TARGET - CRITICAL);
        all += kpi_weight(k);
        sum += kpi_weight(k) * fmin(100, fmax(0, score));
    }
    return all > 0 ? sum / all : 100;
}

/* ---- the brake: only what vanished in one blow is demanded ---- */

/* since: nothing of it happened earlier; what did while it was excused need not count. */
static void demand(struct oracle *o, int64_t since, const char *vanished, int gone, int left)
{
    if (!o->frozen && !o->must_freeze && since > o->excused) {
        o->must_freeze = true;
        o->must_since = o->now;
        o->vanished = vanished;
        o->gone = gone;
        o->left = left;
    }
}

static void watch_kpis(struct oracle *o)
{
    int gone = 0, known = 0;
    int64_t blow = 0;
    for (int i = 0; i < KPIS; i++) {
        struct seen_kpi *k = &o->kpis[i];
        if (k->last && k->given_up == 0 && o->now - k->last > STALE_MS)
            k->given_up = k->last + STALE_MS;
        blow = k->given_up > blow ? k->given_up : blow;
    }
    for (int i = 0; i < KPIS; i++) {
        gone += o->kpis[i].given_up && o->kpis[i].given_up > blow - WINDOW_MS / 2;
        known += o->kpis[i].last && o->kpis[i].given_up == 0;
    }
    if (gone >= BRAKE_LEAST && 100.0 * gone > BRAKE_KPIS * (gone + known) && o->now - blow < WINDOW_MS)
        demand(o, blow - WINDOW_MS / 2, "KPIs", gone, known);
}

static void watch_agents(struct oracle *o)
{
    int gone = 0, live = 0;
    for (int i = 0; i < AGENTS_MOST; i++) {
        struct seen_agent *a = &o->agents[i];
        if (a->there && a->lost == 0 && o->now - a->beat > PATIENCE_MS)
            a->lost = a->beat + PATIENCE_MS;
        gone += a->lost && o->now - a->lost < PATIENCE_MS / 2;
        live += a->there && a->lost == 0;
    }
    if (gone >= BRAKE_LEAST && 100.0 * gone > BRAKE_AGENTS * (gone + live))
        demand(o, o->now - PATIENCE_MS / 2, "agents", gone, live);
}

static void watch_health(struct oracle *o)
{
    double now = health(o);
    if (now < LEAVE + NEAR)
        o->low = o->now;
    if (now >= ENTER + NEAR)
        o->under_since = 0;
    else if (o->under_since == 0)
        o->under_since = o->now;
    if (now < LEAVE - NEAR)
        o->over_since = 0;
    else if (o->over_since == 0)
        o->over_since = o->now;
}

void oracle_step(struct oracle *o, int64_t now)
{
    o->now = now;
    watch_kpis(o);
    watch_agents(o);
    watch_health(o);
    if (o->must_freeze && !o->frozen_seen && now - o->must_since > 2 * STEP_MS) {
        broken(o, FORBIDDEN_brake, "%d %s vanished at once, %d were left, and nothing was frozen", o->gone, o->vanished, o->left);
        o->must_freeze = false;
    }
}

/* ---- what comes out ---- */

static int plan_of(struct bytes name)
{
    int kpi = name.n ? name.at[name.n - 1] - '0' : -1;
    return kpi < 0 || kpi >= KPIS ? -1 : name.at[0] == 'f' ? KPIS + kpi : kpi;
}

static struct seen_optimization *find(struct oracle *o, struct bytes id)
{
    for (unsigned i = 0; i < o->n_optimizations; i++)
        if (bytes_is(id, o->optimizations[i].id))
            return &o->optimizations[i];
    if (o->n_optimizations == OPTIMIZATIONS_MOST)
        return NULL;
    struct seen_optimization *s = &o->optimizations[o->n_optimizations++];
    *s = (struct seen_optimization){.plan = -1};
    snprintf(s->id, sizeof(s->id), "%.*s", (int)id.n, id.at);
    return s;
}

static void on_proposed(struct oracle *o, struct bytes entry)
{
    struct seen_optimization *s = find(o, map_str(entry, "id", ""));
    struct bytes data = map_get(entry, "data").whole;
    if (s == NULL)
        return;
    s->plan = plan_of(map_str(data, "name", ""));
    s->step = map_int(data, "step", 1);
    s->proposed = map_str(entry, "cause", "").n && map_str(entry, "text", "").n && map_str(data, "kpi", "").n;
}

static void on_moved(struct oracle *o, struct bytes entry)
{
    struct seen_optimization *s = find(o, map_str(entry, "id", ""));
    struct bytes data = map_get(entry, "data").whole, to = map_str(data, "to", ""), rule = map_str(data, "rule", "");
    static const char *const last[] = {"ACCEPTED", "ROLLED_BACK", "STUCK", "ABANDONED"};
    bool ends = false;
    for (unsigned i = 0; i < sizeof(last) / sizeof(*last); i++)
        ends |= bytes_is(to, last[i]);
    if (s == NULL || !ends || s->plan < 0)
        return;
    s->ended = true;
    if (!s->applied)
        return;
    bool vain = bytes_is(rule, "no_move") || bytes_is(rule, "not_lifted");
    o->ended_at[s->plan] = o->now;
    o->vain[s->plan] = vain ? o->vain[s->plan] + 1 : 0;
    if (o->vain[s->plan] < VAIN)
        return;
    o->vain[s->plan] = 0;
    o->vain_at[s->plan] = o->now;
}

static void on_side(struct oracle *o, struct bytes entry, bool bad)
{
    int64_t since = bad ? o->under_since : o->over_since, dwell = bad ? ENTER_MS : LEAVE_MS;
    if (bytes_is(map_str(entry, "id", ""), "realm") && (since == 0 || o->now - since < dwell - 2 * STEP_MS))
        broken(o, FORBIDDEN_dwell, "%s after %lld ms", bad ? "bad" : "good",
               since ? (long long)(o->now - since) : -1LL);
}

void oracle_entry(struct oracle *o, struct bytes entry)
{
    struct bytes topic = map_str(entry, "topic", "");
    if (bytes_is(topic, "optimization.proposed"))
        on_proposed(o, entry);
    else if (bytes_is(topic, "optimization.state"))
        on_moved(o, entry);
    else if (bytes_is(topic, "optimization.would"))
        o->would++;
    else if (bytes_is(topic, "health.bad") || bytes_is(topic, "health.good"))
        on_side(o, entry, bytes_is(topic, "health.bad"));
    else if (bytes_is(topic, "realm.frozen"))
        o->frozen = o->frozen_seen = true;
}

/* ---- an act ---- */

static void judge_data(struct oracle *o, const struct seen_optimization *s)
{
    int kpi = plan_kpi(s->plan);
    const struct seen_kpi *k = &o->kpis[kpi];
    int64_t before = plan_urgent(s->plan) ? 0 : BASELINE_MS + ANALYZE_MS;
    if (!fresh(o, kpi) || share(o, fresh) < COVERAGE)
        broken(o, FORBIDDEN_blind, "%s: the newest of its KPI is %lld ms old, %.0f %% are known", s->id,
               (long long)(o->now - k->last), share(o, fresh));
    if (!was_watched(o, kpi) || share(o, was_watched) < COVERAGE)
        broken(o, FORBIDDEN_early, "%s: its KPI was seen for %lld ms", s->id, (long long)(k->last - k->first));
    if (s->step == 1 && (k->bad == 0 || o->now - k->bad > before + WINDOW_MS + STALE_MS + SLACK_MS))
        broken(o, FORBIDDEN_baseless, "%s: its KPI was last bad %lld ms ago", s->id,
               k->bad ? (long long)(o->now - k->bad) : -1LL);
    if (plan_urgent(s->plan) && s->step == 1 && (o->low == 0 || o->now - o->low > SLACK_MS))
        broken(o, FORBIDDEN_calm, "%s: health is %.1f", s->id, health(o));
}

static void judge_budget(struct oracle *o, const struct seen_optimization *s)
{
    unsigned target = 1, realm = 1;
    for (unsigned i = 0; i < o->n_optimizations; i++) {
        const struct seen_optimization *other = &o->optimizations[i];
        bool counts = other != s && other->applied && plan_urgent(other->plan) && o->now - other->applied_at < HOUR_MS;
        realm += counts;
        target += counts && plan_target(other->plan) == plan_target(s->plan);
    }
    if (target > PER_TARGET || realm > PER_REALM)
        broken(o, FORBIDDEN_budget, "%s is number %u on its target and %u in all", s->id, target, realm);
}

static void judge_beside(struct oracle *o, const struct seen_optimization *s)
{
    unsigned beside = 0;
    for (unsigned i = 0; i < o->n_optimizations; i++) {
        const struct seen_optimization *other = &o->optimizations[i];
        if (other == s || !other->applied || other->ended)
            continue;
        beside += !plan_urgent(other->plan);
        if (plan_kpi(other->plan) == plan_kpi(s->plan) || 
            (plan_urgent(other->plan) && plan_urgent(s->plan) && plan_target(other->plan) == plan_target(s->plan)))
            broken(o, FORBIDDEN_touches, "%s and %s", other->id, s->id);
    }
    if (!plan_urgent(s->plan) && beside >= CONCURRENT)
        broken(o, FORBIDDEN_crowd, "%s is the %uth", s->id, beside + 1);
}

/* "helios/o-3:apply:web1" is of o-3. */
static struct bytes optimization_of(struct bytes key)
{
    const char *end = key.at + key.n, *slash = memchr(key.at, '/', key.n), *at = slash ? slash + 1 : key.at;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    return (struct bytes){at, (size_t)((colon ? colon : end) - at)};
}

void oracle_apply(struct oracle *o, struct bytes key, int plan)
{
    struct seen_optimization *s = find(o, optimization_of(key));
    if (s == NULL)
        return;
    if (!s->proposed || s->plan != plan)
        broken(o, FORBIDDEN_why, "%s has no row that says why", s->id);
    s->plan = plan;
    o->acts++;
    o->urgent += plan_urgent(plan);
    if (o->mode != ACT)
        broken(o, FORBIDDEN_unasked, "%s", s->id);
    if (o->frozen)
        broken(o, FORBIDDEN_frozen, "%s", s->id);
    judge_data(o, s);
    if (plan_urgent(plan))
        judge_budget(o, s);
    judge_beside(o, s);
    if (o->ended_at[plan] && o->now - o->ended_at[plan] < COOLDOWN_MS && s->step == 1)
        broken(o, FORBIDDEN_cooldown, "%s %lld ms after the last one", s->id, (long long)(o->now - o->ended_at[plan]));
    if (o->vain_at[plan] && o->now - o->vain_at[plan] < BREAKER_MS)
        broken(o, FORBIDDEN_breaker, "%s", s->id);
    s->applied = true;
    s->applied_at = o->now;
}

void oracle_selected(struct oracle *o, const char *what)
{
    broken(o, FORBIDDEN_selector, "%s", what);
}
