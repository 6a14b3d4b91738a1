/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the timing of a change: baseline, settling, looks, deadline, return. Knows when to look;
 * verdict.c knows what it means. */
#include "trial.h"

#include "change.h"
#include "permit.h"
#include "verdict.h"

#define TICK_MS 1000  /* how often a recovery or a return is looked for */
#define RETRY_MS 5000 /* a rollback that was refused is submitted again */

static int64_t or_default(int64_t own, int64_t otherwise)
{
    return own ? own : otherwise;
}

static int64_t settle_ms(struct helios *h, const struct optimization *o)
{
    return or_default(o->plan ? o->plan->settle_ms : 0, optimization_emergency(o)
                                                            ? h->config->emergency.settle_ms
                                                            : h->config->verify.settle_ms);
}

static int64_t verify_ms(struct helios *h, const struct optimization *o)
{
    return or_default(o->plan ? o->plan->verify_ms : 0, optimization_emergency(o)
                                                            ? h->config->emergency.verify_ms
                                                            : h->config->verify.window_ms);
}

static void end_by(struct helios *h, struct optimization *o, const char *rule, const char *error,
                   enum opt_event event)
{
    verdict_settle(o, verdict_rule(rule), NULL);
    own_text(&o->r.error, error);
    optimization_step(h, o, event);
}

/* ---- before the change ---- */

static void hold_place(struct helios *h, struct optimization *o)
{
    evidence_free(o->evidence);
    o->evidence = NULL;
    timer_set(h, &o->timer, h->now + settle_ms(h, o) + verify_ms(h, o));
}

void trial_baseline(struct helios *h, struct optimization *o)
{
    if (optimization_told(o)) { /* after a restart */
        hold_place(h, o);
        return;
    }
    evidence_free(o->evidence);
    o->evidence = evidence_open(h, o);
    evidence_record(h, o->evidence);
    timer_set(h, &o->timer,
              h->now +
                  or_default(o->plan ? o->plan->baseline_ms : 0, h->config->verify.baseline_ms));
}

void trial_would(struct helios *h, struct optimization *o)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_str(&p, "action", o->r.action);
    pack_put_raw(&p, "params", o->r.params);
    pack_put_str(&p, "reason", o->r.reason);
    pack_end(&p);
    note(h, EVENT_optimization_would, o->r.id.at, o->r.cycle.n ? o->r.cycle.at : o->r.incident.at,
         &data, "%s %s would run %s for %s: dry-run", o->r.id.at, o->r.name.at, o->r.action.at,
         o->r.kpi.at);
    buf_done(&data);
    verdict_settle(o, verdict_rule("dry_run"), NULL);
    save_mark(h, &o->save);
    hold_place(h, o);
}

static void baseline_due(struct helios *h, struct optimization *o)
{
    struct why why;
    const char *without = "";
    if (optimization_told(o)) {
        optimization_step(h, o, OPT_DROPPED);
        return;
    }
    o->r.dry_run |= h->config->mode != mode_act; /* it may have changed since it was proposed */
    if (o->plan == NULL)
        end_by(h, o, "plan_gone", "", OPT_DROPPED);
    else if (!permit_change(h, o, &why))
        end_by(h, o, "held", why.text, OPT_DROPPED);
    else if (evidence_baseline(h, o->evidence, o, &without) < 0)
        end_by(h, o, "no_baseline", without, OPT_DROPPED);
    else if (o->r.dry_run)
        trial_would(h, o);
    else
        optimization_step(h, o, OPT_FULL);
}

static void proposal_due(struct helios *h, struct optimization *o)
{
    if (optimization_told(o))
        optimization_step(h, o, OPT_DROPPED);
    else
        end_by(h, o, "not_approved", "", OPT_DROPPED);
}

/* An emergency act has no time for a baseline window: what the windows say now is its baseline. */
void trial_apply(struct helios *h, struct optimization *o)
{
    timer_stop(h, &o->timer);
    if (o->evidence == NULL) {
        o->evidence = evidence_open(h, o);
        evidence_instant(h, o->evidence, o);
    }
    if (change_apply(h, o) < 0) {
        verdict_settle(o, verdict_rule("not_submitted"), NULL);
        optimization_step(h, o, OPT_NEVER_STARTED);
    } else {
        timer_set(h, &o->timer, h->now + TICK_MS);
    }
}

/* An apply that no agent has got is an act yet to come: what it was decided on must still hold (H3, L5, X10). */
static void apply_due(struct helios *h, struct optimization *o)
{
    struct why why;
    timer_set(h, &o->timer, h->now + TICK_MS);
    if (!permit_change(h, o, &why))
        change_take_back(h, o, why.text);
}

/* ---- after it ---- */

void trial_settle(struct helios *h, struct optimization *o)
{
    timer_set(h, &o->timer, h->now + MAX(settle_ms(h, o), (int64_t)1));
}

static void settle_due(struct helios *h, struct optimization *o)
{
    optimization_step(h, o, OPT_SETTLED);
}

/* An emergency act has no baseline window to test against: one look, when its KPI is lifted or at
 * the deadline. */
static unsigned looks_of(struct helios *h, const struct optimization *o)
{
    return optimization_emergency(o) ? 1 : (unsigned)h->config->verify.looks;
}

/* Looks are evenly spread over the window; after a restart those that are left are spread over a
 * fresh one. */
static int64_t next_look(struct helios *h, const struct optimization *o)
{
    uint64_t left = looks_of(h, o) > o->first_look ? looks_of(h, o) - o->first_look : 1;
    uint64_t next = o->r.looks + 1 - o->first_look;
    return o->window + verify_ms(h, o) * (int64_t)MIN(next, left) / (int64_t)left;
}

static void plan_look(struct helios *h, struct optimization *o)
{
    int64_t at = next_look(h, o);
    timer_set(h, &o->timer,
              MAX(optimization_emergency(o) ? MIN(at, h->now + TICK_MS) : at, h->now + 1));
}

void trial_verify(struct helios *h, struct optimization *o)
{
    o->window = h->now;
    o->first_look = MIN(o->r.looks, (uint64_t)looks_of(h, o) - 1);
    o->lifted = 0;
    if (o->evidence == NULL)
        o->evidence = evidence_open(h, o);
    evidence_record(h, o->evidence);
    change_inspect(h, o);
    plan_look(h, o);
}

static void note_look(struct helios *h, const struct optimization *o, const struct sight *s,
                      const struct rule *rule)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    verdict_pack(&p, o);
    pack_put_int(&p, "looks_planned", looks_of(h, o));
    pack_put_bool(&p, "last", s->last);
    pack_put_text(&p, "test", judge_reason_name(s->kpi.reason));
    pack_put_num(&p, "drift", s->kpi.drift);
    pack_put_num(&p, "p_harm", s->kpi.p_harm);
    pack_put_bool(&p, "guards_proved", s->guards_proved);
    pack_put_text(&p, "guard_worse", s->worse ? s->worse : "");
    pack_put_text(&p, "guard_blind", s->blind ? s->blind : "");
    pack_put_num(&p, "score", s->score);
    pack_end(&p);
    note(h, EVENT_optimization_look, o->r.id.at, NULL, &data,
         "%s look %llu of %u: %s %.4g → %.4g, n=%zu/%zu (eff. %zu/%zu), p=%.2g, alpha %.2g: %s",
         o->r.id.at, (unsigned long long)o->r.looks, looks_of(h, o), o->r.kpi.at, s->kpi.level,
         s->kpi.level + s->kpi.shift, s->kpi.n_baseline, s->kpi.n_after, s->kpi.effective_baseline,
         s->kpi.effective_after, s->kpi.p_improve, s->alpha,
         rule ? rule->sentence : judge_reason_text(s->kpi.reason));
    buf_done(&data);
}

static void look(struct helios *h, struct optimization *o)
{
    struct sight s;
    unsigned this = (unsigned)o->r.looks + 1;
    double alpha = verdict_alpha(h, o, MIN(this, looks_of(h, o)), looks_of(h, o));
    evidence_look(h, o->evidence, alpha, this >= looks_of(h, o) && h->now >= next_look(h, o), &s);
    o->r.looks++;
    o->r.alpha_spent += alpha;
    const struct rule *rule = verdict_by(h, o, &s);
    if (rule)
        verdict_settle(o, rule, &s);
    save_mark(h, &o->save);
    note_look(h, o, &s, rule);
    if (rule)
        optimization_step(h, o, rule->verdict == verdict_SUCCESS ? OPT_PROVED : OPT_DISPROVED);
    else
        plan_look(h, o);
}

static void see_lift(struct helios *h, struct optimization *o)
{
    struct kpi *k = kpi_find(h, o->r.kpi);
    bool lifted = k && kpi_known(h, k) && kpi_score(h, k) >= h->config->health.leave;
    o->lifted = !lifted ? 0 : o->lifted ? o->lifted : h->now;
}

static void verify_due(struct helios *h, struct optimization *o)
{
    if (o->plan == NULL) {
        end_by(h, o, "plan_gone", "", OPT_DISPROVED);
        return;
    }
    if (optimization_emergency(o))
        see_lift(h, o);
    if (h->now >= next_look(h, o) || verdict_recovered(h, o))
        look(h, o);
    else
        plan_look(h, o);
}

/* ---- the way back ---- */

void trial_undo(struct helios *h, struct optimization *o)
{
    timer_stop(h, &o->timer);
    change_cancel_inspection(h, o);
    if (change_undone(o)) { /* a step without legs left: nothing lies there to undo */
        optimization_step(h, o, OPT_UNDONE);
        return;
    }
    int r = change_undo(h, o);
    if (r == -ENOENT) {
        own_text(&o->r.error, "no rollback is declared");
        optimization_step(h, o, OPT_UNDO_FAILED);
    } else if (r < 0) {
        timer_set(h, &o->timer, h->now + RETRY_MS);
    }
}

/* The effect of the undo settles too; then the KPI has verify.return to come back (X5). */
static int64_t check_from(struct helios *h, const struct optimization *o)
{
    return o->window + MIN(settle_ms(h, o), h->config->verify.return_ms / 2);
}

void trial_check(struct helios *h, struct optimization *o)
{
    o->window = h->now;
    if (o->evidence == NULL)
        o->evidence = evidence_open(h, o);
    evidence_record(h, o->evidence);
    timer_set(h, &o->timer, MAX(check_from(h, o), h->now + 1));
}

static void check_due(struct helios *h, struct optimization *o)
{
    double before = 0, now = 0;
    int back = evidence_returned(h, o->evidence, &before, &now);
    if (back == 1) {
        o->r.returned = true;
        own_printf(&o->r.error, "%s is back: %.4g, was %.4g before the change", o->r.kpi.at, now,
                   before);
        optimization_step(h, o, OPT_RETURNED);
    } else if (h->now >= o->window + h->config->verify.return_ms) {
        if (back < 0)
            own_printf(&o->r.error, "%s gave too few samples after the rollback", o->r.kpi.at);
        else
            own_printf(&o->r.error, "%s did not come back: %.4g, was %.4g before the change",
                       o->r.kpi.at, now, before);
        optimization_step(h, o, OPT_STAYED_AWAY);
    } else {
        timer_set(h, &o->timer, h->now + TICK_MS);
    }
}

/* ---- timers and restarts ---- */

void trial_due(struct helios *h, struct optimization *o)
{
    static opt_verb *const due[opt_state_COUNT] = {
        [opt_state_PROPOSED] = proposal_due,   [opt_state_BASELINE] = baseline_due,
        [opt_state_APPLYING] = apply_due,      [opt_state_SETTLING] = settle_due,     [opt_state_VERIFYING] = verify_due,
        [opt_state_ROLLING_BACK] = trial_undo, [opt_state_CHECKING] = check_due,
    };
    if (due[o->r.state])
        due[o->r.state](h, o);
}

static void resume_proposed(struct helios *h, struct optimization *o)
{
    if (optimization_told(o))
        hold_place(h, o);
    else
        timer_set(h, &o->timer, o->r.since + PROPOSAL_MS);
}

/* The batch that submitted a task also saved that we wait for it: when it is gone, its end was
 * never told, and nobody knows. */
static void resume_apply(struct helios *h, struct optimization *o)
{
    if (change_lost(h, o)) {
        o->r.applied = o->r.applied ? o->r.applied : h->now;
        end_by(h, o, "apply_failed", "its task is gone", OPT_BROKEN);
    } else {
        timer_set(h, &o->timer, h->now + TICK_MS);
    }
}

static void resume_undo(struct helios *h, struct optimization *o)
{
    if (change_lost(h, o))
        trial_undo(h, o);
}

void trial_resume(struct helios *h, struct optimization *o)
{
    static opt_verb *const resume[opt_state_COUNT] = {
        [opt_state_PROPOSED] = resume_proposed, [opt_state_BASELINE] = trial_baseline,
        [opt_state_APPLYING] = resume_apply,    [opt_state_SETTLING] = trial_settle,
        [opt_state_VERIFYING] = trial_verify,   [opt_state_ROLLING_BACK] = resume_undo,
        [opt_state_CHECKING] = trial_check,
    };
    if (resume[o->r.state])
        resume[o->r.state](h, o);
}
