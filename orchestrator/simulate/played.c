/* SPDX-License-Identifier: MPL-2.0 */
#include "played.h"

#include "common/text.h"
#include "orchestrator/flow/run.h"

#define OTHERWISE_MS 10000 /* of what nobody knows how long it takes */
#define AGENTS_MOST 300
#define ACTIONS_MOST 1000

struct played_agent {
    char id[65];
    struct bytes swarm;
    enum role role;
};
struct attempt {
    struct heap_node node;
    char task[24];
    uint64_t number, took;
    size_t agent;
    struct bytes data; /* the config's, or nothing */
};

/* ---- who there is ---- */

static void add_agent(struct played *p, struct bytes name, struct bytes swarm, struct bytes role)
{
    struct played_agent *all = p->agents.at, *a = &all[p->agents.n];
    int found = role.n ? enum_find(&enum_role, role) : role_worker;
    if (p->agents.n == AGENTS_MOST)
        return;
    *a = (struct played_agent){.swarm = swarm.n ? swarm : BYTES("simulated"), .role = found < 0 ? role_worker : (enum role)found};
    if (name.n)
        snprintf(a->id, sizeof(a->id), BYTES_F, BYTES_A(name));
    else
        snprintf(a->id, sizeof(a->id), "simulated-%zu", p->agents.n + 1);
    p->agents.n++;
}

static bool is_there(const struct played *p, struct bytes swarm, struct bytes role)
{
    SEQ_EACH (a, const struct played_agent, p->agents)
        if ((swarm.n == 0 || bytes_eq(a->swarm, swarm)) && (role.n == 0 || bytes_is(role, enum_text(&enum_role, (int)a->role))))
            return true;
    return false;
}

static void want(struct played *p, struct bytes swarm, struct bytes role)
{
    if (!is_there(p, swarm, role))
        add_agent(p, (struct bytes){0}, swarm, role);
}

static void find_agents(struct played *p)
{
    p->agents.at = xalloc(AGENTS_MOST * sizeof(struct played_agent));
    want(p, (struct bytes){0}, (struct bytes){0});
    SEQ_EACH (s, const struct set_schedule, p->config->schedules)
        want(p, s->swarm, s->role);
    SEQ_EACH (pipeline, const struct set_pipeline, p->config->pipelines)
        SEQ_EACH (step, const struct set_flow_step, pipeline->steps)
            want(p, step->swarm, step->role);
    SEQ_EACH (c, const struct set_committee, p->config->committees) {
        SEQ_EACH (name, const struct bytes, c->agents)
            add_agent(p, *name, c->swarm, c->role);
        for (int64_t i = 0; c->agents.n == 0 && i < c->seats; i++)
            add_agent(p, (struct bytes){0}, c->swarm, c->role);
    }
}

/* ---- what they can do ---- */

static void add_action(struct msg_action *all, size_t *n, struct bytes name)
{
    if (name.n == 0 || *n == ACTIONS_MOST)
        return;
    for (size_t i = 0; i < *n; i++)
        if (bytes_eq(all[i].name, name))
            return;
    all[(*n)++] = (struct msg_action){.name = name};
}

static size_t find_actions(const struct played *p, struct msg_action *all)
{
    size_t n = 0;
    SEQ_EACH (s, const struct set_schedule, p->config->schedules)
        add_action(all, &n, s->action);
    SEQ_EACH (pipeline, const struct set_pipeline, p->config->pipelines)
        SEQ_EACH (step, const struct set_flow_step, pipeline->steps)
            add_action(all, &n, step->action);
    SEQ_EACH (c, const struct set_committee, p->config->committees)
        add_action(all, &n, c->action);
    return n;
}

static struct routing route_of(size_t agent)
{
    struct routing r = {.n = 5};
    uint32_t number = (uint32_t)agent;
    memcpy(r.at + 1, &number, sizeof(number));
    return r;
}

static size_t agent_of(const struct routing *r)
{
    uint32_t number;
    memcpy(&number, r->at + 1, sizeof(number));
    return number;
}

static void tell(struct played *p, size_t agent, enum msg which, const void *message, int64_t now)
{
    struct buf body = {0};
    struct routing from = route_of(agent);
    message_encode(&body, which, message);
    helios_message(p->h, ENDPOINT_agents, &from, buf_bytes(&body), now);
    buf_done(&body);
}

void played_greet(struct played *p, int64_t now)
{
    struct msg_action *actions = xalloc(ACTIONS_MOST * sizeof(*actions));
    size_t n = find_actions(p, actions), i = 0;
    SEQ_EACH (a, const struct played_agent, p->agents) {
        struct msg_hello hello = {.agent = bytes_of(a->id), .instance = BYTES("simulated"), .swarm = a->swarm, .role = a->role,
                                  .slots = 1000, .actions = {actions, n}};
        tell(p, i++, MSG_hello, &hello, now);
    }
    free(actions);
    p->next_beat = now + PLAYED_BEAT_MS;
}

/* ---- how long it takes, and what comes out ---- */

static const struct set_schedule *schedule_named(const struct played *p, struct bytes name)
{
    SEQ_EACH (s, const struct set_schedule, p->config->schedules)
        if (bytes_eq(s->name, name))
            return s;
    return NULL;
}

static int64_t known_took(const struct played *p, struct bytes name)
{
    struct walk w = walk_of(p->takes);
    struct value row;
    while (walk_item(&w, &row))
        if (bytes_eq(map_str(row.whole, "name", ""), name))
            return map_int(row.whole, "took_ms", 0);
    return 0;
}

static int64_t takes(const struct played *p, struct bytes schedule)
{
    const struct set_schedule *s = schedule_named(p, schedule);
    int64_t known = known_took(p, schedule);
    return known > 0 ? known : s && s->takes_ms ? s->takes_ms : 0;
}

/* The steps of a run share the time of its schedule. */
static int64_t took_of(const struct played *p, const struct task *t)
{
    int64_t ms = 0;
    if (t && bytes_is(t->r.owner_kind, "schedule"))
        ms = takes(p, t->r.owner_id);
    const char *slash = t && t->r.owner_id.n ? strchr(t->r.owner_id.at, '/') : NULL;
    const struct run *r = slash ? run_find(p->h, (struct bytes){t->r.owner_id.at, (size_t)(slash - t->r.owner_id.at)}) : NULL;
    if (r && r->r.steps)
        ms = takes(p, r->r.owner_id) / (int64_t)r->r.steps;
    return ms > 0 ? ms : OTHERWISE_MS;
}

/* What a step's dry run would give is what its action gives; whoever is asked for a vote says yes. */
static struct bytes data_of(const struct played *p, struct bytes action)
{
    static const char yes[] = "\x82\xa4vote\xa3yes\xa5score\x64";
    SEQ_EACH (pipeline, const struct set_pipeline, p->config->pipelines)
        SEQ_EACH (step, const struct set_flow_step, pipeline->steps)
            if (bytes_eq(step->action, action) && step->expect.n)
                return step->expect;
    SEQ_EACH (c, const struct set_committee, p->config->committees)
        if (bytes_eq(c->action, action))
            return (struct bytes){yes, sizeof(yes) - 1};
    return (struct bytes){0};
}

/* ---- attempts ---- */

static void begin(struct played *p, size_t agent, const struct msg_tasks *m, int64_t now)
{
    SEQ_EACH (t, const struct msg_task, m->items) {
        struct attempt *a = NEW(struct attempt);
        snprintf(a->task, sizeof(a->task), BYTES_F, BYTES_A(t->id));
        a->number = t->attempt;
        a->agent = agent;
        a->data = data_of(p, t->action);
        a->took = (uint64_t)took_of(p, task_find(p->h, t->id));
        heap_put(&p->ends, &a->node, now + (int64_t)a->took);
    }
}

static void end(struct played *p, struct attempt *a, enum outcome outcome, const char *error, int64_t now)
{
    struct msg_result r = {.task = bytes_of(a->task), .attempt = a->number, .outcome = outcome, .exit_code = outcome == outcome_FAILED,
                           .data = a->data, .error = bytes_of(error), .elapsed_ms = a->took};
    struct msg_results m = {.items = {&r, 1}};
    heap_out(&p->ends, &a->node);
    tell(p, a->agent, MSG_results, &m, now);
    free(a);
}

static void stop(struct played *p, const struct msg_beat_ok *m, int64_t now)
{
    SEQ_EACH (c, const struct msg_cancel, m->cancels)
        for (size_t i = p->ends.n; i > 0; i--) {
            struct attempt *a = container_of(p->ends.nodes[i], struct attempt, node);
            if (a->number == c->attempt && bytes_is(c->task, a->task)) {
                end(p, a, outcome_CANCELLED, "stopped", now);
                break;
            }
        }
}

void played_take(struct played *p, const struct said *said, int64_t now)
{
    struct arena arena = {0};
    union {
        struct msg_tasks tasks;
        struct msg_beat_ok beat_ok;
    } m;
    int which = message_which(said->body);
    if (which == MSG_tasks && message_decode(MSG_tasks, said->body, &m, &arena, NULL) == 0)
        begin(p, agent_of(&said->to), &m.tasks, now);
    else if (which == MSG_beat_ok && message_decode(MSG_beat_ok, said->body, &m, &arena, NULL) == 0)
        stop(p, &m.beat_ok, now);
    arena_done(&arena);
}

static void beat(struct played *p, int64_t now)
{
    struct msg_beat beat = {.free = 1000};
    for (size_t i = 0; i < p->agents.n; i++)
        tell(p, i, MSG_beat, &beat, now);
    p->next_beat = now + PLAYED_BEAT_MS;
}

int64_t played_turn(struct played *p, int64_t now)
{
    struct heap_node *first;
    if (now >= p->next_beat)
        beat(p, now);
    while ((first = heap_first(&p->ends)) && first->key <= now)
        end(p, container_of(first, struct attempt, node), outcome_COMPLETED, "", now);
    return first ? MIN(first->key, p->next_beat) : p->next_beat;
}

void played_init(struct played *p, struct helios *h, const struct set_config *config)
{
    *p = (struct played){.h = h, .config = config};
    find_agents(p);
}

void played_done(struct played *p)
{
    struct heap_node *first;
    while ((first = heap_first(&p->ends))) {
        heap_out(&p->ends, first);
        free(container_of(first, struct attempt, node));
    }
    heap_done(&p->ends);
    free(p->agents.at);
}
