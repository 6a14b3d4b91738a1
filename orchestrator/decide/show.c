/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the field names of answers and reports about this room's records. */
#include "show.h"

#include <math.h>

#include "verdict.h"

void optimization_pack_row(struct pack *p, const struct optimization *o)
{
    const struct rec_optimization *r = &o->r;
    pack_put_str(p, "id", r->id);
    pack_put_str(p, "name", r->name);
    pack_put_str(p, "swarm", r->swarm);
    pack_put_str(p, "kpi", r->kpi);
    pack_put_text(p, "state", enum_text(&enum_opt_state, r->state));
    pack_put_text(p, "verdict", enum_text(&enum_verdict, r->verdict));
    pack_put_str(p, "rule", r->rule);
    pack_put_num(p, "before", r->before);
    pack_put_num(p, "after", r->after);
    pack_put_num(p, "effect_percent", r->before != 0 ? 100 * r->effect / fabs(r->before) : 0);
    pack_put_int(p, "n_before", (int64_t)r->n_before);
    pack_put_int(p, "n_after", (int64_t)r->n_after);
    pack_put_num(p, "p", r->p);
    pack_put_num(p, "ess_before", r->ess_before);
    pack_put_num(p, "ess_after", r->ess_after);
    pack_put_num(p, "effect", r->effect);
    pack_put_num(p, "low", r->low);
    pack_put_num(p, "high", r->high);
    pack_put_num(p, "alpha", r->alpha);
    pack_put_num(p, "score_before", r->score_before);
    pack_put_num(p, "score_after", r->score_after);
    pack_put_bool(p, "returned", r->returned);
    pack_put_str(p, "guard", r->guard);
    pack_put_str(p, "cycle", r->cycle);
    pack_put_str(p, "incident", r->incident);
    pack_put_int(p, "began", r->began);
    pack_put_int(p, "ended", r->ended);
}

static void pack_names(struct pack *p, const char *key, struct seq names)
{
    pack_key(p, key);
    pack_list(p);
    SEQ_EACH (name, struct bytes, names)
        pack_str(p, *name);
    pack_end(p);
}

void optimization_pack(struct helios *h, struct pack *p, const struct optimization *o)
{
    const struct rec_optimization *r = &o->r;
    char sentence[512];
    verdict_sentence(h, o, sentence, sizeof(sentence));
    optimization_pack_row(p, o);
    pack_put_text(p, "sentence", sentence);
    pack_put_str(p, "title", o->plan ? o->plan->title : (struct bytes){0});
    pack_put_str(p, "reason", r->reason);
    pack_put_str(p, "context", r->context);
    pack_put_int(p, "since", r->since);
    pack_put_int(p, "step", (int64_t)r->step);
    pack_put_int(p, "steps", (int64_t)r->steps);
    pack_put_str(p, "follows", r->follows);
    pack_names(p, "targets", r->targets);
    pack_names(p, "touches", r->touches);
    pack_names(p, "waiting", r->waiting);
    pack_put_str(p, "action", r->action);
    pack_put_raw(p, "params", r->params);
    pack_put_str(p, "undo_action", r->undo_action);
    pack_put_raw(p, "undo", r->undo);
    pack_put_str(p, "apply_task", r->apply_task);
    pack_put_str(p, "inspect_task", r->inspect_task);
    pack_put_str(p, "undo_task", r->undo_task);
    pack_put_str(p, "inspection", r->inspection);
    pack_put_raw(p, "findings", r->findings);
    pack_put_int(p, "applied", r->applied);
    pack_put_int(p, "looks", (int64_t)r->looks);
    pack_put_num(p, "alpha_spent", r->alpha_spent);
    pack_put_bool(p, "dry_run", r->dry_run);
    pack_put_bool(p, "needs_approval", r->needs_approval);
    pack_put_str(p, "approved_by", r->approved_by);
    pack_put_str(p, "error", r->error);
}

void cycle_pack_row(struct pack *p, const struct cycle *c)
{
    const struct rec_cycle *r = &c->r;
    pack_put_str(p, "id", r->id);
    pack_put_text(p, "state", enum_text(&enum_cycle_state, r->state));
    pack_put_str(p, "mode", r->mode);
    pack_put_int(p, "began", r->began);
    pack_put_int(p, "since", r->since);
    pack_put_str(p, "task", r->task);
    pack_put_num(p, "health_before", r->health_before);
    pack_key(p, "health_after");
    r->state == cycle_state_REPORT ? pack_num(p, r->health_after) : pack_nil(p);
    pack_put_int(p, "accepted", map_int(r->outcome, "accepted", 0));
    pack_put_int(p, "rolled_back", map_int(r->outcome, "rolled_back", 0));
    pack_put_int(p, "duration_ms", map_int(r->outcome, "duration_ms", 0));
    pack_put_str(p, "note", r->note);
    pack_names(p, "optimizations", r->optimizations);
}

void cycle_pack(struct helios *h, struct pack *p, const struct cycle *c)
{
    (void)h;
    cycle_pack_row(p, c);
    pack_names(p, "waiting", c->r.waiting);
    pack_put_raw(p, "metrics", c->r.metrics);
    pack_put_raw(p, "bottlenecks", c->r.bottlenecks);
    pack_put_raw(p, "advice", c->r.advice);
    pack_put_raw(p, "priorities", c->r.priorities);
    pack_put_raw(p, "outcome", c->r.outcome);
}

void incident_pack_row(struct pack *p, const struct incident *i)
{
    const struct rec_incident *r = &i->r;
    pack_put_str(p, "id", r->id);
    pack_put_text(p, "state", enum_text(&enum_incident_state, r->state));
    pack_put_str(p, "scope", r->scope);
    pack_put_int(p, "began", r->began);
    pack_put_int(p, "opened", r->opened);
    pack_put_int(p, "since", r->since);
    pack_put_int(p, "ended", r->ended);
    pack_put_int(p, "acted", r->acted);
    pack_put_num(p, "threshold", r->threshold);
    pack_put_num(p, "resolve", r->resolve);
    pack_put_num(p, "health_at_open", r->health_at_open);
    pack_put_num(p, "worst", r->worst);
    pack_put_int(p, "fires", (int64_t)r->fires);
    pack_put_int(p, "max_issues", (int64_t)r->max_issues);
    pack_put_str(p, "task", r->task);
    pack_put_str(p, "why", r->why);
    pack_put_str(p, "acked_by", r->acked_by);
    pack_put_str(p, "ack_reason", r->ack_reason);
    pack_put_bool(p, "flapping", r->flapping);
    pack_names(p, "optimizations", r->optimizations);
}

void incident_pack(struct helios *h, struct pack *p, const struct incident *i)
{
    struct value issues = map_get(i->r.issues, "issues");
    incident_pack_row(p, i);
    pack_put_num(p, "health", health_of(h, "realm").score);
    if (issues.type == VALUE_LIST)
        pack_put_raw(p, "issues", issues.whole);
    pack_key(p, "acts");
    pack_list(p);
    SEQ_EACH (id, struct bytes, i->r.optimizations) {
        const struct optimization *o = optimization_find(h, *id);
        if (o == NULL)
            continue;
        pack_map(p);
        optimization_pack_row(p, o);
        pack_end(p);
    }
    pack_end(p);
    pack_key(p, "timeline");
    incident_pack_timeline(h, p, i);
}
