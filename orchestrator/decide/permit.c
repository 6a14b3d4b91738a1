/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the table of what holds an act back. The first row that holds wins; a row knows one rule. */
#include "permit.h"

#include "breaker.h"
#include "common/mutant.h"
#include "budget.h"
#include "incident.h"

#define L5_WINDOWS 3

typedef bool check(struct helios *h, const struct act *act, struct why *why);

static bool hold(struct why *why, const char *format, ...) FORMAT_LIKE(2, 3);
static bool hold(struct why *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return true;
}

/* ---- of the realm ---- */

static bool frozen(struct helios *h, const struct act *act, struct why *why)
{
    (void)act;
    return h->frozen && !MUTANT(freeze) && hold(why, "automation is frozen; `helios unfreeze` lets it go on");
}

const char *permit_changes(const struct helios *h)
{
    return h->frozen                       ? "automation is frozen"
           : h->config->mode == mode_act   ? NULL
           : h->config->mode == mode_observe ? "the mode is observe"
                                             : "the mode is advise";
}

static bool observing(struct helios *h, const struct act *act, struct why *why)
{
    (void)act;
    return h->config->mode == mode_observe && !MUTANT(mode) && hold(why, "the mode is observe: Helios only watches");
}

static bool leaving(struct helios *h, const struct act *act, struct why *why)
{
    (void)act;
    return (h->closing || h->stopping || h->control.draining) &&
           hold(why, "the realm drains or the controller stops");
}

static bool health_unknown(struct helios *h, const struct act *act, struct why *why)
{
    (void)act;
    struct health now = health_of(h, "realm");
    return !now.known &&
           hold(why,
                "health is unknown: coverage %.0f %% (needs %.0f %%), newest sample %lld s old",
                now.coverage, h->config->health.coverage,
                now.age < 0 ? -1LL : (long long)now.age / 1000);
}

struct observed {
    double weight, seen;
};

static void count_observed(struct helios *h, struct kpi *k, void *context)
{
    (void)h;
    struct observed *o = context;
    o->weight += kpi_config(k)->weight;
    if (kpi_windows_seen(k) >= L5_WINDOWS)
        o->seen += kpi_config(k)->weight;
}

static double observed_percent(struct helios *h)
{
    struct observed o = {0};
    kpi_each(h, count_observed, &o);
    return o.weight > 0 ? 100 * o.seen / o.weight : 0;
}

bool permit_observed(struct helios *h)
{
    return observed_percent(h) >= h->config->health.coverage;
}

static bool too_early(struct helios *h, const struct act *act, struct why *why)
{
    (void)act;
    double seen = observed_percent(h);
    return seen < h->config->health.coverage && !MUTANT(early) &&
           hold(why, "only %.0f %% of the KPIs were seen for %d full windows yet (needs %.0f %%)",
                seen, L5_WINDOWS, h->config->health.coverage);
}

static bool in_incident(struct helios *h, const struct act *act, struct why *why)
{
    const struct incident *i = incident_open(h);
    return i && !act->incident &&
           hold(why, "incident %s is open: only emergency acts start", i->r.id.at);
}

/* ---- of the act ---- */

static bool disabled(struct helios *h, const struct act *act, struct why *why)
{
    (void)h;
    return !act->plan->enabled && hold(why, "it is disabled in the config");
}

static bool wrong_kind(struct helios *h, const struct act *act, struct why *why)
{
    (void)h;
    return act->plan->emergency && !act->incident &&
           hold(why, "it is a response to incidents, not for cycles");
}

static bool kpi_blind(struct helios *h, const struct act *act, struct why *why)
{
    struct kpi *k = kpi_find(h, act->plan->improves);
    if (k && kpi_known(h, k) && (kpi_windows_seen(k) >= L5_WINDOWS || MUTANT(early)))
        return false;
    return hold(why, "%s has not been seen for %d full windows", act->plan->improves.at,
                L5_WINDOWS);
}

static bool breaker(struct helios *h, const struct act *act, struct why *why)
{
    int64_t until = breaker_open_until(h, act->plan->name);
    return until && hold(why, "its breaker is open for another %lld s; `helios reset %s` closes it",
                         (long long)(until - h->now + 999) / 1000, act->plan->name.at);
}

/* In advise mode what was only told cools down as well, or each cycle would tell it anew. It lies in the records of what
 * ended: no breaker is touched, and a real act never waits for it. */
static int64_t told_cool_at(struct helios *h, const struct set_optimization *plan)
{
    int64_t pause = plan->cooldown_ms ? plan->cooldown_ms : h->config->cycle.cooldown_ms, at = 0;
    if (h->config->mode == mode_advise)
        list_each (o, &optimizations_of(h)->ended, struct optimization, link)
            if (optimization_told(o) && bytes_eq(o->r.name, plan->name))
                at = MAX(at, o->r.ended + pause);
    return at > h->now ? at : 0;
}

static bool cooling(struct helios *h, const struct act *act, struct why *why)
{
    int64_t at = act->follows ? 0 : MAX(breaker_cool_at(h, act->plan), told_cool_at(h, act->plan));
    return at && !MUTANT(cooldown) &&
           hold(why, "its cooldown runs for another %lld s", (long long)(at - h->now + 999) / 1000);
}

static bool in_force(struct helios *h, const struct act *act, struct why *why)
{
    const struct breaker *b = breaker_find(h, act->plan->name);
    return b && b->r.accepted && !act->advised && !act->incident && !act->follows &&
           hold(why, "it was accepted before and no analyst says that it is needed again");
}

static bool runs_already(struct helios *h, const struct act *act, struct why *why)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (bytes_eq(o->r.name, act->plan->name))
            return hold(why, "%s is the same one and %s", o->r.id.at,
                        o->r.needs_approval ? "waits for approval" : "under way");
    return false;
}

/* Its resources and the KPI that it improves: two that share one would explain each other's effect
 * away (X6). */
static const char *shared(const struct optimization *o, const struct act *act)
{
    SEQ_EACH (touched, struct bytes, act->plan->touches)
        if (names_have(o->r.touches, *touched))
            return touched->at;
    return bytes_eq(o->r.kpi, act->plan->improves) ? act->plan->improves.at : NULL;
}

static bool touched(struct helios *h, const struct act *act, struct why *why)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link) {
        const char *what = o->r.needs_approval ? NULL : shared(o, act);
        if (what)
            return hold(why, "%s %s touches %s too", o->r.id.at, o->r.name.at, what);
    }
    return false;
}

/* One per target: an act on a target that another one is acting on waits (X6). */
static bool target_busy(struct helios *h, const struct act *act, struct why *why)
{
    size_t first, n;
    act_step(act, &first, &n);
    const struct bytes *targets = act->plan->targets.at;
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        for (size_t i = first; i < first + n; i++)
            if (names_have(o->r.targets, targets[i]))
                return hold(why, "%s acts on %s", o->r.id.at, targets[i].at);
    return false;
}

/* Emergency acts are bounded by max_issues and their budgets: a cycle's work must not keep an
 * incident waiting. */
static bool too_many(struct helios *h, const struct act *act, struct why *why)
{
    size_t n = optimizations_under_way(h, false);
    return !MUTANT(crowd) && !act->incident && n >= (size_t)h->config->cycle.max_concurrent &&
           hold(why, "%zu optimizations are under way, cycle.max_concurrent is %lld", n,
                (long long)h->config->cycle.max_concurrent);
}

static bool nobody(struct helios *h, const struct act *act, struct why *why)
{
    return !roster_can(h, act->plan->swarm.at, "implementer", "apply") &&
           hold(why, "no live implementer of swarm %s offers the action `apply`",
                act->plan->swarm.at);
}

/* What we decide carries nobody's signature: tried, it would be refused for good (Z7). */
static bool needs_signer(struct helios *h, const struct act *act, struct why *why)
{
    const struct set_optimization *plan = act->plan;
    const char *const actions[] = {"apply", plan->apply.action.at, plan->rollback.action.at};
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
        if (actions[i] && roster_signed_only(h, plan->swarm.at, "implementer", actions[i]))
            return hold(why, "the implementers of swarm %s run %s only when a person signed it",
                        plan->swarm.at, actions[i]);
    return false;
}

static bool over_budget(struct helios *h, const struct act *act, struct why *why)
{
    if (!act->incident)
        return false;
    size_t first, n;
    act_step(act, &first, &n);
    const struct bytes *targets =
        n ? (const struct bytes *)act->plan->targets.at + first : &act->plan->name;
    unsigned realm = (unsigned)h->config->emergency.per_realm, used = budget_used(h, BYTES("*"));
    for (size_t i = 0; i < MAX(n, (size_t)1); i++)
        if (budget_left(h, targets[i]) == 0 || used + MAX(n, (size_t)1) > realm)
            return hold(
                why,
                "the budget is spent: %u of %lld acts on %s and %u of %u in all within the hour",
                budget_used(h, targets[i]), (long long)h->config->emergency.per_target,
                targets[i].at, used, realm);
    return false;
}

static const struct row {
    const char *rule;
    check *holds;
} of_realm[] =
    {
        {"X10", frozen},        {"mode", observing}, {"draining", leaving},
        {"H3", health_unknown}, {"L5", too_early},   {"incident", in_incident},
},
  of_act[] = {
      {"disabled", disabled},     {"emergency", wrong_kind},
      {"H3", kpi_blind},          {"X7", breaker},
      {"X6 cooldown", cooling},   {"in_force", in_force},
      {"X6 same", runs_already},  {"X6 touches", touched},
      {"X6 target", target_busy}, {"X6 max_concurrent", too_many},
      {"Z7", needs_signer},       {"no_implementer", nobody},
      {"X8", over_budget},
};

static bool first_hold(struct helios *h, const struct act *act, const struct row *rows, size_t n,
                       struct why *why)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].holds(h, act, why)) {
            why->rule = rows[i].rule;
            return true;
        }
    return false;
}

bool permit_act(struct helios *h, const struct act *act, struct why *ret_why)
{
    return !first_hold(h, act, of_realm, ARRAY_SIZE(of_realm), ret_why) &&
           !first_hold(h, act, of_act, ARRAY_SIZE(of_act), ret_why);
}

bool permit_now(struct helios *h, bool emergency, struct why *ret_why)
{
    struct act act = {.incident = emergency ? "" : NULL};
    return !first_hold(h, &act, of_realm, ARRAY_SIZE(of_realm), ret_why);
}

bool permit_change(struct helios *h, const struct optimization *o, struct why *ret_why)
{
    static const struct row of_kpi[] = {{"H3", kpi_blind}};
    struct act act = {.plan = o->plan, .incident = o->r.incident.n ? o->r.incident.at : NULL};
    return !first_hold(h, &act, of_realm, ARRAY_SIZE(of_realm), ret_why) &&
           !(o->plan && first_hold(h, &act, of_kpi, ARRAY_SIZE(of_kpi), ret_why));
}
