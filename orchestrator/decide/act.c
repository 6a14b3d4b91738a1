/* SPDX-License-Identifier: MPL-2.0 */
/* From an act that somebody wants to an optimization that is under way: steps over targets, the
 * gate, the budget. */
#include "budget.h"
#include "common/mutant.h"
#include "optimization.h"
#include "permit.h"
#include "trial.h"
#include "verdict.h"

/* 1, then a quarter, then the rest. */
unsigned act_step(const struct act *act, size_t *ret_first, size_t *ret_n)
{
    size_t all = act->plan->targets.n, quarter = (all + 3) / 4;
    size_t ends[] = {MIN(all, (size_t)1), MIN(all, 1 + quarter), all};
    unsigned step = act->follows ? (unsigned)act->follows->r.step : 0, steps = all <= 1         ? 1
                                                                               : ends[1] == all ? 2
                                                                                                : 3;
    step = MIN(step, steps - 1);
    *ret_first = step ? ends[step - 1] : 0;
    *ret_n = (step + 1 == steps ? all : ends[step]) - *ret_first;
    return steps;
}

static void set_touches(struct rec_optimization *r, const struct set_optimization *plan)
{
    char kpi[128];
    snprintf(kpi, sizeof(kpi), "kpi:%s", plan->improves.at);
    own_names(&r->touches, plan->touches.at, plan->touches.n);
    own_names_add(&r->touches, bytes_of(kpi));
}

static void set_plan(struct helios *h, struct rec_optimization *r,
                     const struct set_optimization *plan)
{
    own_set(&r->swarm, plan->swarm);
    own_set(&r->kpi, plan->improves);
    own_set(&r->action, plan->apply.action);
    own_set(&r->params, plan->apply.params);
    own_set(&r->undo_action, plan->rollback.action);
    own_set(&r->undo_params, plan->rollback.params);
    set_touches(r, plan);
    r->dry_run = h->config->mode == mode_advise;
}

static struct optimization *make(struct helios *h, const struct act *act)
{
    struct rec_optimization r;
    char id[32];
    size_t first, n;
    snprintf(id, sizeof(id), "o-%llu", (unsigned long long)h->control.next_optimization++);
    save_mark(h, &h->control_save);
    struct_defaults(&schema_records[REC_optimization], &r);
    r.id = bytes_of(id);
    r.name = act->plan->name;
    r.cycle = bytes_of(act->cycle);
    r.incident = bytes_of(act->incident);
    r.reason = bytes_of(act->reason);
    r.context = bytes_of(act->context);
    r.began = r.since = h->now;
    r.steps = act_step(act, &first, &n);
    r.step = act->follows ? act->follows->r.step + 1 : 1;
    r.follows = act->follows ? act->follows->r.id : (struct bytes){0};
    record_own(&schema_records[REC_optimization], &r);
    if (n)
        own_names(&r.targets, (struct bytes *)act->plan->targets.at + first, n);
    set_plan(h, &r, act->plan);
    struct kpi *k = kpi_find(h, r.kpi);
    r.score_before = r.score_after = k && kpi_known(h, k) ? kpi_score(h, k) : 0;
    r.needs_approval = act->plan->gate == gate_approve && !act->follows;
    return optimization_new(h, &r);
}

static void note_proposed(struct helios *h, const struct optimization *o, const struct act *act)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_str(&p, "name", o->r.name);
    pack_put_str(&p, "kpi", o->r.kpi);
    pack_put_num(&p, "score", o->r.score_before);
    pack_put_str(&p, "reason", o->r.reason);
    pack_put_str(&p, "context", o->r.context);
    pack_put_bool(&p, "advised", act->advised);
    pack_put_int(&p, "step", (int64_t)o->r.step);
    pack_put_int(&p, "steps", (int64_t)o->r.steps);
    pack_put_bool(&p, "needs_approval", o->r.needs_approval);
    pack_put_bool(&p, "dry_run", o->r.dry_run);
    pack_put_raw(&p, "ranking", act->numbers);
    pack_end(&p);
    note(h, EVENT_optimization_proposed, o->r.id.at, act->incident ? act->incident : act->cycle,
         &data, "%s %s for %s (score %.0f), step %llu of %llu: %s%s", o->r.id.at, o->r.name.at,
         o->r.kpi.at, o->r.score_before, (unsigned long long)o->r.step,
         (unsigned long long)o->r.steps, o->r.reason.n ? o->r.reason.at : "no reason given",
         o->r.needs_approval ? "; waits for a person" : "");
    buf_done(&data);
}

/* X8: in the same batch as the act that it authorizes. A dry-run spends nothing. */
static void spend(struct helios *h, const struct optimization *o)
{
    if (!optimization_emergency(o) || o->r.dry_run)
        return;
    if (o->r.targets.n == 0)
        budget_spend(h, o->r.name, o->r.id.at);
    SEQ_EACH (target, struct bytes, o->r.targets)
        budget_spend(h, *target, o->r.id.at);
}

/* The mode is asked now: a proposal may have waited for its person through a change of it (X10). */
static void set_going(struct helios *h, struct optimization *o)
{
    o->r.dry_run = h->config->mode != mode_act && !MUTANT(mode);
    save_mark(h, &o->save);
    spend(h, o);
    if (!optimization_emergency(o))
        optimization_step(h, o, OPT_AUTHORIZED);
    else if (o->r.dry_run)
        trial_would(h, o);
    else
        optimization_step(h, o, OPT_URGENT);
}

struct optimization *optimization_start(struct helios *h, const struct act *act)
{
    struct optimization *o = make(h, act);
    list_push(&optimizations_of(h)->live, &o->link);
    h->counters.optimizations++;
    save_mark(h, &o->save);
    if (!MUTANT(reason))
        note_proposed(h, o, act);
    if (o->r.needs_approval)
        timer_set(h, &o->timer, h->now + PROPOSAL_MS);
    else
        set_going(h, o);
    return o;
}

static struct act act_of(const struct optimization *o)
{
    return (struct act){
        .plan = o->plan,
        .cycle = o->r.cycle.n ? o->r.cycle.at : NULL,
        .incident = o->r.incident.n ? o->r.incident.at : NULL,
        .context = o->r.context.at,
        .advised = true,
    };
}

static void note_held(struct helios *h, const struct optimization *o, const struct why *why)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "held_rule", why->rule);
    pack_put_text(&p, "held", why->text);
    pack_put_int(&p, "step", (int64_t)o->r.step + 1);
    pack_put_int(&p, "steps", (int64_t)o->r.steps);
    pack_end(&p);
    note(h, EVENT_optimization_held, o->r.name.at, o->r.id.at, &data,
         "the step after %s is not started (%s): %s", o->r.id.at, why->rule, why->text);
    buf_done(&data);
}

void optimization_follow(struct helios *h, const struct optimization *o)
{
    struct why why;
    char reason[160];
    if (o->r.step >= o->r.steps || o->plan == NULL)
        return;
    struct act act = act_of(o);
    snprintf(reason, sizeof(reason), "step %llu of %llu was accepted as %s",
             (unsigned long long)o->r.step, (unsigned long long)o->r.steps, o->r.id.at);
    act.reason = reason;
    act.follows = o;
    if (permit_act(h, &act, &why))
        optimization_start(h, &act);
    else
        note_held(h, o, &why);
}

/* While it is judged again, it must not stand in its own way. */
static bool permit_waiting(struct helios *h, struct optimization *o, struct why *why)
{
    struct act act = act_of(o);
    struct list *next = o->link.next;
    list_out(&o->link);
    bool allowed = permit_act(h, &act, why);
    list_insert_before(next, &o->link);
    return allowed;
}

int optimization_approve(struct helios *h, struct optimization *o, struct bytes author,
                         char *ret_why, size_t room)
{
    struct why why = {.text = "the config no longer names it"};
    if (!o->r.needs_approval || o->r.state != opt_state_PROPOSED)
        return -EALREADY;
    if (o->plan == NULL || !permit_waiting(h, o, &why)) {
        snprintf(ret_why, room, "%s", why.text);
        return -EBUSY;
    }
    o->r.needs_approval = false;
    own_set(&o->r.approved_by, author);
    set_going(h, o);
    return 0;
}
