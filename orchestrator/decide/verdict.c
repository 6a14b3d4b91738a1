/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the rules from evidence to verdict. Failures stand before successes: when both limits are
 * met, failure wins (X3). */
#include "verdict.h"

#include <math.h>

#include "common/stats/sequential.h"
#include "incident.h"

typedef bool holds(struct helios *h, const struct optimization *o, const struct sight *s);

static bool check_failed(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)s;
    return bytes_is(o->r.inspection, "fail");
}

static bool guard_worse(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->worse != NULL;
}

static bool worse(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->kpi.verdict == JUDGE_FAILED && s->kpi.reason == JUDGE_HARM;
}

/* A check that was declared must have passed; one that could not run is no evidence of success
 * (X3). */
static bool inspected(const struct optimization *o)
{
    bool declared = o->plan && o->plan->check.action.n;
    return !declared || bytes_is(o->r.inspection, "pass");
}

bool verdict_recovered(struct helios *h, const struct optimization *o)
{
    int64_t hold = h->config->emergency.verify_ms / h->config->verify.looks;
    return optimization_emergency(o) && o->lifted && h->now - o->lifted >= hold && inspected(o);
}

static bool recovered(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)s;
    return verdict_recovered(h, o);
}

static bool improved(struct helios *h, const struct optimization *o, const struct sight *s)
{
    bool calm = optimization_emergency(o) || (!o->disturbed && incident_open(h) == NULL);
    return s->kpi.verdict == JUDGE_SUCCESS && calm && inspected(o) && s->blind == NULL &&
           (s->guards_proved || s->last);
}

static bool disturbed(struct helios *h, const struct optimization *o, const struct sight *s)
{
    return s->last && !optimization_emergency(o) && (o->disturbed || incident_open(h));
}

static bool no_move(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->last && s->kpi.verdict == JUDGE_FAILED && s->kpi.reason == JUDGE_NOTHING_MOVED;
}

static bool not_lifted(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h;
    return s->last && optimization_emergency(o) && s->score_known;
}

static bool not_inspected(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h;
    return s->last && s->kpi.verdict == JUDGE_SUCCESS && !inspected(o);
}

static bool guard_blind(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->last && s->kpi.verdict == JUDGE_SUCCESS && s->blind;
}

static bool few(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->last && (s->kpi.reason == JUDGE_FEW || s->kpi.reason == JUDGE_CORRELATED);
}

static bool drift(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->last && s->kpi.reason == JUDGE_DRIFT;
}

static bool out_of_time(struct helios *h, const struct optimization *o, const struct sight *s)
{
    (void)h, (void)o;
    return s->last;
}

static const struct row {
    struct rule rule;
    holds *holds; /* NULL: never by a look */
} rows[] = {
    {{"check_failed", verdict_FAILED, "the verifier's check failed"}, check_failed},
    {{"guard_worse", verdict_FAILED, "a guard got worse"}, guard_worse},
    {{"worse", verdict_FAILED, "it got worse"}, worse},
    {{"recovered", verdict_SUCCESS, "its score stayed over the limit"}, recovered},
    {{"improved", verdict_SUCCESS, "better by the test, no guard worse"}, improved},
    {{"disturbed", verdict_INCONCLUSIVE, "an incident was open: what was seen is no evidence"},
     disturbed},
    {{"no_move", verdict_FAILED, "it ran but nothing moved"}, no_move},
    {{"not_lifted", verdict_FAILED, "an emergency act that did not lift its KPI in time"},
     not_lifted},
    {{"not_inspected", verdict_INCONCLUSIVE, "the verifier's check did not run"}, not_inspected},
    {{"guard_blind", verdict_INCONCLUSIVE, "a guard has too few samples"}, guard_blind},
    {{"too_few", verdict_INCONCLUSIVE, "too few independent samples by the deadline"}, few},
    {{"drift", verdict_INCONCLUSIVE, "a trend that went on by itself would explain it"}, drift},
    {{"out_of_time", verdict_INCONCLUSIVE, "not enough evidence by the deadline"}, out_of_time},
    /* Without a look. */
    {{"apply_failed", verdict_ERROR, "the apply failed: nobody knows what it did"}, NULL},
    {{"never_started", verdict_ERROR, "no agent took the apply"}, NULL},
    {{"not_submitted", verdict_NONE, "its apply could not be submitted"}, NULL},
    {{"plan_gone", verdict_ERROR, "the config no longer names it"}, NULL},
    {{"no_baseline", verdict_INCONCLUSIVE, "too few samples before the change"}, NULL},
    {{"dry_run", verdict_NONE, "dry-run: it would have been applied"}, NULL},
    {{"incident", verdict_NONE, "an incident opened before its change"}, NULL},
    {{"held", verdict_NONE, "a rule held it before its change"}, NULL},
    {{"held_midway", verdict_NONE, "a rule held it with a part of its targets changed"}, NULL},
    {{"recalled", verdict_NONE, "a person wants it undone"}, NULL},
    {{"not_approved", verdict_NONE, "nobody approved it in time"}, NULL},
};

const struct rule *verdict_by(struct helios *h, const struct optimization *o, const struct sight *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows) && rows[i].holds; i++)
        if (rows[i].holds(h, o, s))
            return &rows[i].rule;
    return NULL;
}

const struct rule *verdict_rule(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].rule.name, name) == 0)
            return &rows[i].rule;
    return NULL;
}

static void settle_numbers(struct rec_optimization *r, const struct sight *s)
{
    const struct judgement *v = s->worse ? &s->guard : &s->kpi;
    own_text(&r->guard, s->worse ? s->worse : "");
    r->n_before = v->n_baseline;
    r->n_after = v->n_after;
    r->ess_before = (double)v->effective_baseline;
    r->ess_after = (double)v->effective_after;
    bool tested = v->effective_baseline && v->effective_after;
    r->before = tested ? v->level : s->before;
    r->after = tested ? v->level + v->shift : s->after;
    r->effect = r->after - r->before;
    r->low = v->low;
    r->high = v->high;
    r->p = v->verdict == JUDGE_FAILED && v->reason == JUDGE_HARM ? v->p_harm : v->p_improve;
    r->alpha = s->alpha;
    if (s->score_known)
        r->score_after = s->score;
}

void verdict_settle(struct optimization *o, const struct rule *rule, const struct sight *s)
{
    o->r.verdict = rule->verdict;
    own_text(&o->r.rule, rule->name);
    if (s)
        settle_numbers(&o->r, s);
}

static double share_of_cycle(struct helios *h, const struct optimization *o)
{
    const struct list *lists[] = {&optimizations_of(h)->live, &optimizations_of(h)->ended};
    unsigned claims = 0;
    if (o->r.cycle.n == 0)
        return 1;
    for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
        list_each (other, lists[l], const struct optimization, link)
            claims += bytes_eq(other->r.cycle, o->r.cycle) &&
                      other->r.state != opt_state_ACCEPTED && other->r.state != opt_state_ABANDONED;
    return 1.0 / MAX(claims, 1u);
}

double verdict_alpha(struct helios *h, const struct optimization *o, unsigned look, unsigned looks)
{
    return spend_alpha(SPEND_POCOCK, h->config->verify.alpha * share_of_cycle(h, o), look, looks);
}

static double percent_of(double part, double whole)
{
    return whole != 0 ? 100 * part / fabs(whole) : 0;
}

static void sentence_without_test(const struct rec_optimization *r, const struct rule *rule,
                                  const char *unit, char *ret, size_t room)
{
    snprintf(ret, room, "%s %.4g → %.4g %s (%+.1f %%), n=%llu/%llu, score %.0f → %.0f: %s (%s)",
             r->kpi.at, r->before, r->after, unit, percent_of(r->effect, r->before),
             (unsigned long long)r->n_before, (unsigned long long)r->n_after, r->score_before,
             r->score_after, enum_text(&enum_verdict, r->verdict), rule->sentence);
}

static void sentence_of_test(const struct rec_optimization *r, const struct rule *rule,
                             const char *unit, char *ret, size_t room)
{
    snprintf(ret, room,
             "%s %.4g → %.4g %s (%+.1f %%, %.4g %% interval %+.1f..%+.1f %%), n=%llu/%llu (eff. "
             "%.0f/%.0f), "
             "p=%.2g %s %.2g, score %.0f → %.0f: %s (%s)",
             r->guard.n ? r->guard.at : r->kpi.at, r->before, r->after, unit,
             percent_of(r->effect, r->before), 100 * (1 - 2 * r->alpha),
             percent_of(r->low, r->before), percent_of(r->high, r->before),
             (unsigned long long)r->n_before, (unsigned long long)r->n_after, r->ess_before,
             r->ess_after, r->p, r->p < r->alpha ? "<" : "≥", r->alpha, r->score_before,
             r->score_after, enum_text(&enum_verdict, r->verdict), rule->sentence);
}

void verdict_sentence(struct helios *h, const struct optimization *o, char *ret, size_t room)
{
    const struct rec_optimization *r = &o->r;
    const struct rule *rule = verdict_rule(r->rule.n ? r->rule.at : "");
    struct kpi *k = kpi_find(h, r->guard.n ? r->guard : r->kpi);
    const char *unit = k ? kpi_config(k)->unit.at : "";
    if (rule && r->n_after && r->ess_after > 0)
        sentence_of_test(r, rule, unit, ret, room);
    else if (rule && r->n_after)
        sentence_without_test(r, rule, unit, ret, room);
    else
        snprintf(ret, room, "%s%s%s: %s", rule ? rule->sentence : "no verdict yet",
                 r->error.n ? ": " : "", r->error.n ? r->error.at : "",
                 enum_text(&enum_verdict, r->verdict));
}

void verdict_pack(struct pack *p, const struct optimization *o)
{
    const struct rec_optimization *r = &o->r;
    pack_put_text(p, "verdict", enum_text(&enum_verdict, r->verdict));
    pack_put_str(p, "rule", r->rule);
    pack_put_str(p, "kpi", r->kpi);
    pack_put_str(p, "guard", r->guard);
    pack_put_int(p, "n_before", (int64_t)r->n_before);
    pack_put_int(p, "n_after", (int64_t)r->n_after);
    pack_put_num(p, "ess_before", r->ess_before);
    pack_put_num(p, "ess_after", r->ess_after);
    pack_put_num(p, "before", r->before);
    pack_put_num(p, "after", r->after);
    pack_put_num(p, "effect", r->effect);
    pack_put_num(p, "effect_percent", percent_of(r->effect, r->before));
    pack_put_num(p, "low", r->low);
    pack_put_num(p, "high", r->high);
    pack_put_num(p, "p", r->p);
    pack_put_num(p, "alpha", r->alpha);
    pack_put_num(p, "alpha_spent", r->alpha_spent);
    pack_put_int(p, "looks", (int64_t)r->looks);
    pack_put_num(p, "score_before", r->score_before);
    pack_put_num(p, "score_after", r->score_after);
    pack_put_str(p, "inspection", r->inspection);
    pack_put_raw(p, "findings", r->findings);
    pack_put_bool(p, "returned", r->returned);
    pack_put_str(p, "error", r->error);
}
