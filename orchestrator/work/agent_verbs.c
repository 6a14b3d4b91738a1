/* SPDX-License-Identifier: MPL-2.0 */
/* Queries about agents; pause, resume and drain of realm, agents and tasks (T10). */
#include "drain.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "roster.h"
#include "task.h"
#include "verbs.h"

/* ---- who is there ---- */

static const char *agent_state(const struct agent *a)
{
    if (a->live)
        return a->r.draining ? "draining" : a->r.paused ? "paused" : "live";
    return a->r.stopped ? "stopped" : timer_is_set(&a->lost) ? "awaited" : "lost";
}

void agent_pack(struct helios *h, const struct agent *a, struct pack *p)
{
    pack_map(p);
    pack_put_str(p, "id", a->r.id);
    pack_put_text(p, "state", agent_state(a));
    pack_put_str(p, "swarm", a->r.swarm);
    pack_put_text(p, "role", enum_text(&enum_role, (int)a->r.role));
    pack_put_text(p, "title", a->title ? a->title : "");
    pack_put_bool(p, "live", a->live);
    pack_put_bool(p, "paused", a->r.paused);
    pack_put_bool(p, "draining", a->r.draining);
    pack_put_int(p, "slots", a->slots);
    pack_put_int(p, "prefetch", a->prefetch);
    pack_put_int(p, "held", a->n_held);
    pack_put_int(p, "stopping", a->n_stops);
    pack_put_int(p, "free", agent_free(a));
    pack_put_int(p, "done", (int64_t)a->done);
    pack_put_int(p, "seen_ms", a->seen ? h->now - a->seen : -1);
    pack_put_text(p, "host", a->host ? a->host : "");
    pack_put_int(p, "pid", (int64_t)a->pid);
    pack_put_text(p, "version", a->version ? a->version : "");
    pack_end(p);
}

static int query_agents(struct helios *h, struct verb_call *call)
{
    struct bytes swarm = map_str(call->args, "swarm", "");
    int64_t limit = map_int(call->args, "limit", 1000), total = 0;
    struct agent *a, *next;
    pack_key(&call->answer, "agents");
    pack_list(&call->answer);
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    if ((!swarm.n || bytes_eq(swarm, a->r.swarm)) && total++ < limit)
        agent_pack(h, a, &call->answer);
    pack_end(&call->answer);
    pack_put_int(&call->answer, "agents_total", total);
    return 0;
}

static int query_agent(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct agent *a = agent_find(h, id);
    if (a == NULL)
        return verb_fail(call, "not_found",
                         "no agent " BYTES_F " is known; `helios agents` lists them", BYTES_A(id));
    pack_key(&call->answer, "agent");
    agent_pack(h, a, &call->answer);
    pack_put_raw(&call->answer, "actions", a->actions_packed);
    pack_key(&call->answer, "holds");
    pack_list(&call->answer);
    list_each(t, &a->held, struct task, held) task_pack(h, t, &call->answer);
    pack_end(&call->answer);
    return 0;
}

/* ---- scopes ---- */

/* What a pause, resume or drain is about. */
struct scope_of {
    bool realm;
    struct agent *agent;
    struct task *task;
};

static int find_scope(struct helios *h, struct verb_call *call, struct scope_of *ret)
{
    struct bytes scope = map_str(call->args, "scope", ""), id = map_str(call->args, "id", "");
    *ret = (struct scope_of){.realm = bytes_is(scope, "realm")};
    if (bytes_is(scope, "agent"))
        ret->agent = agent_find(h, id);
    if (bytes_is(scope, "task"))
        ret->task = task_find(h, id);
    if (ret->realm || ret->agent || ret->task)
        return 0;
    if (bytes_is(scope, "agent") || bytes_is(scope, "task"))
        return verb_fail(call, "not_found", "no " BYTES_F " " BYTES_F, BYTES_A(scope), BYTES_A(id));
    return verb_fail(
        call, "bad_args",
        "nothing is selected: `scope` is realm, agent or task; agent and task need `id`");
}

static struct bytes author_of(const struct verb_call *call)
{
    return call->author.n ? call->author : BYTES("somebody");
}

static struct bytes reason_of(const struct verb_call *call)
{
    return map_str(call->args, "reason", "no reason given");
}

int command_pause(struct helios *h, struct verb_call *call)
{
    struct scope_of what;
    int r = find_scope(h, call, &what);
    if (r < 0)
        return r;
    if (what.realm)
        realm_pause(h, author_of(call), reason_of(call));
    else if (what.agent)
        agent_pause(h, what.agent, true);
    else
        task_pause(h, what.task, true);
    pack_put_bool(&call->answer, "paused", true);
    return 0;
}

int command_resume(struct helios *h, struct verb_call *call)
{
    struct scope_of what;
    int r = find_scope(h, call, &what);
    if (r < 0)
        return r;
    if (what.realm)
        realm_resume(h, author_of(call), reason_of(call));
    else if (what.agent)
        agent_resume(h, what.agent);
    else
        task_pause(h, what.task, false);
    pack_put_bool(&call->answer, "paused", false);
    return 0;
}

#define DRAIN_LONGEST (10LL * 365 * 24 * 3600 * 1000)

int command_drain(struct helios *h, struct verb_call *call)
{
    struct scope_of what;
    int64_t within = map_int(call->args, "within_ms", h->config->tasks.drain_ms);
    int r = find_scope(h, call, &what);
    if (r < 0)
        return r;
    if (what.task)
        return verb_fail(call, "bad_args", "a task is not drained: cancel it");
    if (within < 0 || within > DRAIN_LONGEST)
        return verb_fail(call, "bad_args",
                         "within_ms is a time in milliseconds, at most ten years");
    if (what.realm)
        realm_drain(h, within, author_of(call), reason_of(call));
    else
        agent_drain(h, what.agent, within);
    pack_put_int(&call->answer, "drain_until", h->now + within);
    return 0;
}

const struct verb agent_verbs[] = {
    {"agents", false, "swarm, limit (1000)", "the agents that are known", query_agents},
    {"agent", false, "id", "one agent, its actions and what it holds", query_agent},
    {"pause", true, "scope (realm, agent, task), id, reason", "start nothing, until resumed",
     command_pause},
    {"resume", true, "scope (realm, agent, task), id, reason", "end a pause or drain",
     command_resume},
    {"drain", true, "scope (realm, agent), id, within_ms, reason",
     "no new work; wait; then cancel what still runs", command_drain},
    {0},
};
