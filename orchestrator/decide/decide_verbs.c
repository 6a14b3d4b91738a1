/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about what is decided: cycles, optimizations, incidents, and what they are
 * made of. */
#include "breaker.h"
#include "budget.h"
#include "metrics.h"
#include "orchestrator/core/verb.h"
#include "priority.h"
#include "show.h"
#include "success.h"

#define LIMIT 50

static size_t limit_of(const struct verb_call *call, size_t otherwise)
{
    int64_t n = map_int(call->args, "limit", (int64_t)otherwise);
    return n < 1 ? 1 : (size_t)MIN(n, (int64_t)DECIDE_KEEP * 2);
}

/* ---- cycles ---- */

static void pack_cycles(struct helios *h, struct pack *p, size_t most)
{
    struct cycles *all = cycles_of(h);
    size_t skip = all->n_ended > most ? all->n_ended - most : 0;
    pack_key(p, "cycles");
    pack_list(p);
    list_each (c, &all->ended, struct cycle, link) {
        if (skip && skip--)
            continue;
        pack_map(p);
        cycle_pack_row(p, c);
        pack_end(p);
    }
    if (all->current) {
        pack_map(p);
        cycle_pack_row(p, all->current);
        pack_end(p);
    }
    pack_end(p);
}

static int query_cycle(struct helios *h, struct verb_call *call)
{
    struct cycles *all = cycles_of(h);
    struct bytes id = map_str(call->args, "id", "");
    const struct cycle *newest =
        list_empty(&all->ended) ? NULL : container_of(all->ended.prev, struct cycle, link);
    const struct cycle *c = id.n ? cycle_find(h, id) : all->current ? all->current : newest;
    if (c == NULL && id.n)
        return verb_fail(call, "not_found",
                         "there is no cycle " BYTES_F "; `helios why` asks the ledger",
                         BYTES_A(id));
    pack_key(&call->answer, "cycle");
    if (c) {
        pack_map(&call->answer);
        cycle_pack(h, &call->answer, c);
        pack_end(&call->answer);
    } else {
        pack_nil(&call->answer);
    }
    pack_put_bool(&call->answer, "running", all->current != NULL);
    pack_put_int(&call->answer, "next_at", all->current ? 0 : all->clock.node.key);
    pack_cycles(h, &call->answer, limit_of(call, 10));
    return 0;
}

static int query_cycles(struct helios *h, struct verb_call *call)
{
    pack_cycles(h, &call->answer, limit_of(call, LIMIT));
    return 0;
}

static int command_cycle_run(struct helios *h, struct verb_call *call)
{
    struct bytes mode = map_str(call->args, "mode", "optimization");
    bool analysis = bytes_is(mode, "analysis");
    if (!analysis && !bytes_is(mode, "optimization"))
        return verb_fail(call, "bad_args", "mode is optimization or analysis");
    if (h->stopping)
        return verb_fail(call, "busy", "the controller stops");
    struct cycle *c =
        cycle_run(h, analysis ? "analysis" : "optimization", (struct bytes){0}, call->args);
    if (c == NULL)
        return verb_fail(call, "busy", "cycle %s runs; wait for its end",
                         cycles_of(h)->current->r.id.at);
    pack_put_str(&call->answer, "id", c->r.id);
    return 0;
}

/* ---- optimizations ---- */

static bool in_state(const struct optimization *o, struct bytes state)
{
    return state.n == 0 || bytes_is(state, enum_text(&enum_opt_state, o->r.state)) ||
           (bytes_is(state, "live") && !optimization_ended(o)) ||
           (bytes_is(state, "ended") && optimization_ended(o));
}

static void pack_some(struct pack *p, struct list *list, struct bytes state, size_t *skip)
{
    list_each (o, list, struct optimization, link) {
        if (!in_state(o, state) || (*skip && (*skip)--))
            continue;
        pack_map(p);
        optimization_pack_row(p, o);
        pack_end(p);
    }
}

static size_t count_in(struct list *list, struct bytes state)
{
    size_t n = 0;
    list_each (o, list, struct optimization, link)
        n += in_state(o, state);
    return n;
}

static void pack_optimizations(struct helios *h, struct pack *p, struct bytes state, size_t most)
{
    struct optimizations *all = optimizations_of(h);
    size_t n = count_in(&all->ended, state) + count_in(&all->live, state),
           skip = n > most ? n - most : 0;
    pack_key(p, "optimizations");
    pack_list(p);
    pack_some(p, &all->ended, state, &skip);
    pack_some(p, &all->live, state, &skip);
    pack_end(p);
}

static int query_optimizations(struct helios *h, struct verb_call *call)
{
    pack_optimizations(h, &call->answer, map_str(call->args, "state", ""), limit_of(call, LIMIT));
    return 0;
}

static struct optimization *asked_for(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct optimization *o = optimization_find(h, id);
    if (o == NULL)
        verb_fail(call, "not_found",
                  "there is no optimization `" BYTES_F "`; `helios optimizations` lists them",
                  BYTES_A(id));
    return o;
}

static int query_optimization(struct helios *h, struct verb_call *call)
{
    const struct optimization *o = asked_for(h, call);
    if (o == NULL)
        return -EINVAL;
    optimization_pack(h, &call->answer, o);
    return 0;
}

/* `id` may be the name in the config: then the proposal of that name that waits. */
static struct optimization *proposal_of(struct helios *h, struct bytes id)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (o->r.needs_approval && (bytes_eq(o->r.id, id) || bytes_eq(o->r.name, id)))
            return o;
    return NULL;
}

static int command_approve(struct helios *h, struct verb_call *call)
{
    char why[256];
    struct bytes id = map_str(call->args, "id", "");
    struct optimization *o = proposal_of(h, id);
    if (o == NULL)
        return verb_fail(call, "not_found", "no proposal `" BYTES_F "` waits for a person",
                         BYTES_A(id));
    if (optimization_approve(h, o, call->author, why, sizeof(why)) < 0)
        return verb_fail(call, "busy", "not now: %.200s", why);
    pack_put_str(&call->answer, "id", o->r.id);
    pack_put_text(&call->answer, "state", enum_text(&enum_opt_state, o->r.state));
    return 0;
}

static int command_rollback(struct helios *h, struct verb_call *call)
{
    struct optimization *o = asked_for(h, call);
    if (o == NULL)
        return -EINVAL;
    int r = optimization_recall(h, o, call->author);
    if (r == -EALREADY)
        return verb_fail(call, "not_allowed", "%s is %s: there is nothing to undo now", o->r.id.at,
                         enum_text(&enum_opt_state, o->r.state));
    if (r == -EBUSY)
        return verb_fail(
            call, "busy",
            "another optimization that touches the same is under way; wait for its end");
    pack_put_str(&call->answer, "id", o->r.id);
    pack_put_text(&call->answer, "state", enum_text(&enum_opt_state, o->r.state));
    return 0;
}

static int command_reset(struct helios *h, struct verb_call *call)
{
    struct bytes name = map_str(call->args, "name", "");
    if (breaker_reset(h, name, call->author) < 0)
        return verb_fail(call, "not_found", "nothing holds `" BYTES_F "` back", BYTES_A(name));
    pack_put_str(&call->answer, "name", name);
    return 0;
}

/* ---- incidents ---- */

static void pack_incidents(struct helios *h, struct pack *p, size_t most, bool whole)
{
    struct incidents *all = incidents_of(h);
    size_t skip = all->n_ended > most ? all->n_ended - most : 0;
    pack_key(p, "incidents");
    pack_list(p);
    list_each (i, &all->ended, struct incident, link) {
        if (skip && skip--)
            continue;
        pack_map(p);
        (whole ? incident_pack(h, p, i) : incident_pack_row(p, i));
        pack_end(p);
    }
    if (all->open) {
        pack_map(p);
        (whole ? incident_pack(h, p, all->open) : incident_pack_row(p, all->open));
        pack_end(p);
    }
    pack_end(p);
}

static int query_incidents(struct helios *h, struct verb_call *call)
{
    pack_incidents(h, &call->answer, limit_of(call, LIMIT), false);
    return 0;
}

static struct incident *incident_asked(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct incident *i = id.n ? incident_find(h, id) : incidents_of(h)->open;
    if (i == NULL)
        verb_fail(call, "not_found",
                  id.n ? "there is no such incident; `helios incident` lists them"
                       : "no incident is open");
    return i;
}

static int query_incident(struct helios *h, struct verb_call *call)
{
    const struct incident *i = incident_asked(h, call);
    if (i == NULL)
        return -EINVAL;
    incident_pack(h, &call->answer, i);
    return 0;
}

static int command_ack(struct helios *h, struct verb_call *call)
{
    struct incident *i = incident_asked(h, call);
    if (i == NULL)
        return -EINVAL;
    if (incident_ack(h, i, call->author, map_str(call->args, "reason", "")) < 0)
        return verb_fail(call, "not_allowed", "%s is resolved already", i->r.id.at);
    pack_put_str(&call->answer, "id", i->r.id);
    pack_put_str(&call->answer, "acked_by", i->r.acked_by);
    return 0;
}

static int command_emergency(struct helios *h, struct verb_call *call)
{
    struct health now = health_of(h, "realm");
    double threshold = map_num(call->args, "threshold", h->config->health.enter);
    int64_t issues = map_int(call->args, "max_issues", h->config->emergency.max_issues);
    threshold = threshold <= 1 ? 100 * threshold : threshold;
    if (incident_open(h))
        return verb_fail(call, "busy", "incident %s is open already", incident_open(h)->r.id.at);
    if (!now.known)
        return verb_fail(call, "not_allowed", "health is unknown: no act without data (H3)");
    if (now.score >= threshold)
        return verb_fail(call, "not_allowed",
                         "health is %.0f, not under %.0f; give another threshold", now.score,
                         threshold);
    struct incident *i = incident_declare(
        h, threshold, issues < 1 ? 1 : (uint64_t)MIN(issues, (int64_t)20), (struct bytes){0});
    pack_put_str(&call->answer, "id", i->r.id);
    return 0;
}

/* ---- what they are made of ---- */

static int query_metrics(struct helios *h, struct verb_call *call)
{
    metrics_pack(h, &call->answer);
    return 0;
}

static int query_bottlenecks(struct helios *h, struct verb_call *call)
{
    double severity = map_num(call->args, "severity", h->config->cycle.severity);
    struct bottlenecks found = bottlenecks_find(h, severity, (struct seq){0}, false);
    pack_put_num(&call->answer, "least_severity", severity);
    pack_key(&call->answer, "bottlenecks");
    bottlenecks_pack(&call->answer, &found);
    bottlenecks_done(&found);
    return 0;
}

/* As the next cycle would rank them, without analysts; `held` says what would stop each now. */
static int query_priorities(struct helios *h, struct verb_call *call)
{
    struct bottlenecks found =
        bottlenecks_find(h, h->config->cycle.severity, (struct seq){0}, false);
    struct candidates all = candidates_find(h, &found, (struct bytes){0});
    for (size_t i = 0; i < all.n; i++) {
        struct act act = {.plan = all.at[i].plan, .cycle = "", .context = all.at[i].context};
        permit_act(h, &act, &all.at[i].held);
    }
    pack_key(&call->answer, "priorities");
    candidates_pack(&call->answer, &all);
    candidates_done(&all);
    bottlenecks_done(&found);
    return 0;
}

static void pack_context(struct bytes context, struct odds odds, void *p)
{
    pack_map(p);
    pack_put_str(p, "context", context);
    pack_put_num(p, "successes", odds.a - 1);
    pack_put_num(p, "failures", odds.b - 1);
    pack_put_num(p, "success", odds.mean);
    pack_put_num(p, "lower", odds.lower);
    pack_put_num(p, "upper", odds.upper);
    pack_end(p);
}

static void pack_plan(struct helios *h, struct pack *p, const struct set_optimization *plan)
{
    const struct breaker *b = breaker_find(h, plan->name);
    struct bytes target = plan->targets.n ? *(const struct bytes *)plan->targets.at : plan->name;
    pack_map(p);
    pack_put_str(p, "name", plan->name);
    pack_put_str(p, "title", plan->title);
    pack_put_str(p, "swarm", plan->swarm);
    pack_put_str(p, "improves", plan->improves);
    pack_put_bool(p, "enabled", plan->enabled);
    pack_put_bool(p, "emergency", plan->emergency);
    pack_put_text(p, "gate", enum_text(&enum_gate, plan->gate));
    pack_put_num(p, "impact", plan->impact);
    pack_put_num(p, "complexity", plan->complexity);
    pack_put_num(p, "resources", plan->resources);
    pack_put_bool(p, "in_force", b && b->r.accepted);
    pack_put_int(p, "unmoved", b ? (int64_t)b->r.unmoved : 0);
    pack_put_int(p, "open_until", breaker_open_until(h, plan->name));
    pack_put_int(p, "cooldown_until", breaker_cool_at(h, plan));
    pack_put_int(p, "budget_left", budget_left(h, target));
    pack_key(p, "learned");
    pack_list(p);
    learned_each(h, plan->name, pack_context, p);
    pack_end(p);
    pack_end(p);
}

static int query_catalogue(struct helios *h, struct verb_call *call)
{
    pack_key(&call->answer, "optimizations");
    pack_list(&call->answer);
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations)
        pack_plan(h, &call->answer, plan);
    pack_end(&call->answer);
    pack_put_int(&call->answer, "emergency_acts_within_hour", budget_used(h, BYTES("*")));
    pack_put_int(&call->answer, "emergency_acts_limit", h->config->emergency.per_realm);
    return 0;
}

static void pack_total(struct pack *p, const char *key, uint64_t n)
{
    pack_put_int(p, key, (int64_t)n);
}

static int query_summary(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    pack_put_str(p, "realm", h->config->realm);
    pack_put_int(p, "now", h->now);
    pack_put_int(p, "uptime_ms", h->now - h->started);
    pack_total(p, "cycles_begun", h->counters.cycles);
    pack_total(p, "optimizations_begun", h->counters.optimizations);
    pack_total(p, "accepted", h->counters.accepted);
    pack_total(p, "rolled_back", h->counters.rolled_back);
    pack_total(p, "incidents_opened", h->counters.incidents);
    pack_cycles(h, p, LIMIT);
    pack_optimizations(h, p, (struct bytes){0}, LIMIT);
    pack_incidents(h, p, LIMIT, true);
    pack_key(p, "health");
    metrics_pack_health(h, p);
    pack_key(p, "health_history");
    success_pack_history(h, p);
    return 0;
}

const struct verb decide_verbs[] = {
    {"cycle", false, "id limit",
     "the running cycle, or the newest, whole; and the newest ones as rows", query_cycle},
    {"cycles", false, "limit", "the newest cycles, oldest first", query_cycles},
    {"optimizations", false, "limit state",
     "the newest ones; state: one of its states, live or ended", query_optimizations},
    {"optimization", false, "id", "one with all its numbers", query_optimization},
    {"incidents", false, "limit", "the newest incidents, oldest first", query_incidents},
    {"incident", false, "id", "one with issues, acts and timeline; without id the open one",
     query_incident},
    {"metrics", false, "",
     "KPI summaries, agents, tasks, what was learned, health: collect_system_metrics",
     query_metrics},
    {"bottlenecks", false, "severity",
     "KPIs that miss so many points, by swarm and business: analyze_bottlenecks",
     query_bottlenecks},
    {"priorities", false, "", "candidates as ranked now: calculate_optimization_priorities",
     query_priorities},
    {"catalogue", false, "",
     "what Helios may do, with breaker, cooldown, budget and learned success", query_catalogue},
    {"summary", false, "",
     "everything that happened: cycles, optimizations, incidents with timeline, health over time",
     query_summary},
    {"cycle_run", true, "mode depth focus_areas",
     "begin a cycle now; mode: optimization or analysis", command_cycle_run},
    {"emergency", true, "threshold max_issues",
     "declare an incident: health is under the threshold (0..1 or points)", command_emergency},
    {"approve", true, "id", "let a proposal start that waits for a person; id or name",
     command_approve},
    {"rollback", true, "id", "undo an accepted, running or stuck optimization", command_rollback},
    {"reset", true, "name", "close an optimization's breaker and forget its cooldown",
     command_reset},
    {"ack", true, "id reason", "say that you have seen an incident", command_ack},
    {0},
};
