/* SPDX-License-Identifier: MPL-2.0 */
/* A realm with pipelines, written as a person writes them, and one agent that does what the test says.
 *
 *   struct flow *f = flow_open("pipelines: …");
 *   const char *run = flow_run(f, "video", "{\"topic\": \"sea\"}");
 *   flow_end(f, "r-1/script", outcome_COMPLETED, "{\"words\": 300}");     the task of that step ends
 *   assert_step(f, run, "script", "COMPLETED");
 *   flow_restart(f);                                                        another core with what was committed */
#ifndef HELIOS_TESTS_RUN_HARNESS_H
#define HELIOS_TESTS_RUN_HARNESS_H

#include "realm_harness.h"

#include <unistd.h>

#include "orchestrator/core/verb.h"
#include "orchestrator/flow/part.h"
#include "orchestrator/flow/run.h"
#include "orchestrator/flow/step.h"
#include "orchestrator/work/task.h"
#include "proto/json.h"

#define FLOW_AGENT 1
#define FLOW_CLIENT 50
#define FLOW_SLOTS 64
#define FLOW_GIVEN 20000

struct flow {
    struct core *c;
    struct settings *loaded;
    struct msg_task given[FLOW_GIVEN]; /* what the agent holds; id.at NULL = ended */
    size_t n_given;
    unsigned begun; /* attempts that it was given, ever */
};

static inline struct settings *flow_settings(const char *yaml, char **ret_report)
{
    char name[] = "/tmp/helios-flow-XXXXXX";
    struct settings *s = NULL;
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
    close(fd);
    settings_load(section_config, name, NULL, 0, &s, ret_report);
    unlink(name);
    return s;
}

static inline void flow_join(struct flow *f, unsigned slots)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct msg_action actions[4] = {0};
    for (int i = 0; i < 4; i++)
        actions[i].name = bytes_of(names[i]);
    struct msg_hello hello = {.agent = BYTES("a1"), .instance = BYTES("i1"), .swarm = BYTES("s"), .slots = slots,
                              .actions = {actions, 4}};
    core_send(f->c, FLOW_AGENT, MSG_hello, &hello);
    f->c->beating[FLOW_AGENT] = true;
    core_turn(f->c);
}

/* flow_hear takes what the agent was sent. */
static inline void flow_hear(struct flow *f)
{
    for (struct msg_tasks *m; (m = core_heard(f->c, FLOW_AGENT, MSG_tasks));)
        SEQ_EACH (t, struct msg_task, m->items) {
            assert_true(f->n_given < FLOW_GIVEN);
            f->given[f->n_given++] = *t;
            f->begun++;
        }
}

static inline void flow_turn(struct flow *f)
{
    for (int i = 0; i < 3; i++)
        core_turn(f->c);
    flow_hear(f);
}

static inline struct flow *flow_open_config(struct settings *s)
{
    struct flow *f = NEW(struct flow);
    f->c = core_new();
    f->loaded = s;
    const struct set_config *config = settings_root(s);
    f->c->config.pipelines = config->pipelines;
    f->c->config.committees = config->committees;
    f->c->config.limits = config->limits;
    f->c->config.production = config->production;
    f->c->config.kpis = config->kpis;
    f->c->config.tasks.jitter = false;
    core_lead(f->c);
    flow_join(f, FLOW_SLOTS);
    return f;
}

static inline struct flow *flow_open(const char *yaml)
{
    char *report = NULL;
    struct settings *s = flow_settings(yaml, &report);
    if (s == NULL)
        fail_msg("%s", report);
    return flow_open_config(s);
}

static inline void flow_close(struct flow *f)
{
    core_free(f->c);
    settings_free(f->loaded);
    free(f);
}

/* flow_restart: kill -9 and a new leader; the agent goes on, and says what it holds. */
static inline void flow_restart(struct flow *f)
{
    core_restart(f->c);
    struct msg_hello hello = {.agent = BYTES("a1"), .instance = BYTES("i1"), .swarm = BYTES("s"), .slots = FLOW_SLOTS};
    struct msg_action actions[4] = {{.name = BYTES("a")}, {.name = BYTES("b")}, {.name = BYTES("c")}, {.name = BYTES("d")}};
    struct bytes *held = xalloc((f->n_given + 1) * sizeof(*held));
    size_t n = 0;
    for (size_t i = 0; i < f->n_given; i++) {
        char *text = arena_take(&f->c->arena, 64);
        if (f->given[i].id.at == NULL)
            continue;
        snprintf(text, 64, BYTES_F "/%llu", BYTES_A(f->given[i].id), (unsigned long long)f->given[i].attempt);
        held[n++] = bytes_of(text);
    }
    hello.actions = (struct seq){actions, 4};
    hello.holds = (struct seq){held, n};
    core_send(f->c, FLOW_AGENT, MSG_hello, &hello);
    flow_turn(f);
    free(held);
}

static inline struct msg_reply *flow_ask(struct flow *f, bool command, const char *verb, const char *json)
{
    struct buf args = {0};
    char err[200];
    if (json)
        assert_int_equal(json_text_to_msgpack(&args, bytes_of(json), err, sizeof(err)), 0);
    struct msg_reply *reply = core_ask(f->c, FLOW_CLIENT, command, verb, json ? &args : NULL);
    buf_done(&args);
    flow_turn(f);
    return reply;
}

/* flow_run answers the run's id. */
static inline const char *flow_run_with(struct flow *f, const char *json)
{
    struct msg_reply *reply = flow_ask(f, true, "pipeline_run", json);
    if (!reply->ok)
        fail_msg(BYTES_F, BYTES_A(reply->error));
    struct bytes id = map_str(reply->data, "id", "");
    char *text = arena_take(&f->c->arena, id.n + 1);
    return memcpy(text, id.at, id.n);
}

static inline const char *flow_run(struct flow *f, const char *pipeline, const char *params)
{
    struct buf json = {0};
    buf_printf(&json, "{\"name\": \"%s\", \"params\": %s}", pipeline, params ? params : "{}");
    const char *id = flow_run_with(f, buf_str(&json));
    buf_done(&json);
    return id;
}

static inline struct step *flow_step(struct flow *f, const char *run, const char *step)
{
    struct run *r = run_find(f->c->h, bytes_of(run));
    assert_non_null(r);
    const struct plan_step *plan = plan_find(r->plan, bytes_of(step));
    assert_non_null(plan);
    return &r->steps[plan->index];
}

#define assert_step(f, run, step, expected)                                                        \
    assert_string_equal(enum_text(&enum_step_state, (int)flow_step(f, run, step)->r.state), expected)
#define assert_run(f, run, expected)                                                               \
    assert_string_equal(enum_text(&enum_run_state, (int)run_find((f)->c->h, bytes_of(run))->r.state), expected)
#define assert_why(f, run, step, part) assert_non_null(strstr(flow_step(f, run, step)->r.error.at, part))

/* The task of RUN/STEP or RUN/STEP/N as the agent holds it; NULL: it does not. */
static inline struct msg_task *flow_held(struct flow *f, const char *owner)
{
    for (size_t i = 0; i < f->n_given; i++) {
        struct task *t = f->given[i].id.at ? task_find(f->c->h, f->given[i].id) : NULL;
        if (t && bytes_is(t->r.owner_id, owner) && t->r.attempt == f->given[i].attempt)
            return &f->given[i];
    }
    return NULL;
}

static inline void flow_end_with(struct flow *f, const char *owner, enum outcome outcome, const char *json, const char *output)
{
    struct buf data = {0};
    char err[200];
    struct msg_task *t = flow_held(f, owner);
    if (t == NULL)
        fail_msg("the agent holds no task of %s", owner);
    if (json)
        assert_int_equal(json_text_to_msgpack(&data, bytes_of(json), err, sizeof(err)), 0);
    struct msg_result r = {.task = t->id, .attempt = t->attempt, .outcome = outcome, .data = buf_bytes(&data),
                           .output = bytes_of(output), .exit_code = outcome == outcome_FAILED ? 1 : 0,
                           .error = bytes_of(outcome == outcome_COMPLETED ? "" : "no luck")};
    struct msg_results m = {.items = {&r, 1}};
    core_send(f->c, FLOW_AGENT, MSG_results, &m);
    t->id = (struct bytes){0};
    flow_turn(f);
    buf_done(&data);
}

static inline void flow_end(struct flow *f, const char *owner, enum outcome outcome, const char *json)
{
    flow_end_with(f, owner, outcome, json, "");
}

/* The parameters that the agent was given, as JSON. */
static inline const char *flow_params(struct flow *f, const char *owner)
{
    struct msg_task *t = flow_held(f, owner);
    struct buf out = {0};
    assert_non_null(t);
    json_print(&out, t->params, false);
    char *text = arena_take(&f->c->arena, out.n + 1);
    memcpy(text, buf_str(&out), out.n);
    buf_done(&out);
    return text;
}

#endif
