/* SPDX-License-Identifier: MPL-2.0 */
/* The work room alone: a realm whose only decider is one of the test, with helpers that read as a
 * transcript. */
#ifndef HELIOS_TESTS_WORK_HARNESS_H
#define HELIOS_TESTS_WORK_HARNESS_H

#include "realm_harness.h"

#include "orchestrator/core/verb.h"
#include "orchestrator/work/keep.h"
#include "orchestrator/work/queue.h"
#include "orchestrator/work/roster.h"
#include "orchestrator/work/settle.h"
#include "orchestrator/work/task.h"

/* ---- the only decider: it owns tasks of kind `test` and does the action `think` itself ---- */

static struct {
    unsigned done, asked;
    char done_id[32], owner_id[32], asked_id[32];
    enum task_state done_state;
} decider_seen;

static const char *const decider_actions[] = {"think", NULL};

static void decider_asked(struct helios *h, struct task *t)
{
    (void)h;
    decider_seen.asked++;
    snprintf(decider_seen.asked_id, sizeof(decider_seen.asked_id), "%s", t->r.id.at);
}

static const struct decider decider_of_test = {
    .kind = "test", .actions = decider_actions, .on_request = decider_asked};

const struct verb decide_verbs[] = {{0}}, run_verbs[] = {{0}}, schedule_verbs[] = {{0}}, review_verbs[] = {{0}},
                  production_verbs[] = {{0}};

void decide_init(struct helios *h)
{
    (void)h;
    memset(&decider_seen, 0, sizeof(decider_seen));
}

void decide_done(struct helios *h)
{
    (void)h;
}

int decide_load(struct helios *h, enum rec kind, struct bytes value)
{
    (void)h, (void)kind, (void)value;
    return -ENOENT;
}

void decide_lead(struct helios *h)
{
    (void)h;
}

void decide_reload(struct helios *h)
{
    (void)h;
}

void decide_on_done(struct helios *h, const struct rec_task *ended)
{
    (void)h;
    decider_seen.done++;
    decider_seen.done_state = ended->state;
    snprintf(decider_seen.done_id, sizeof(decider_seen.done_id), "%s", ended->id.at);
    snprintf(decider_seen.owner_id, sizeof(decider_seen.owner_id), "%s", ended->owner_id.at);
}

void decide_on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    (void)h, (void)kind, (void)e;
}

void decide_on_health(struct helios *h, const char *scope, bool bad)
{
    (void)h, (void)scope, (void)bad;
}

void decide_on_frozen(struct helios *h)
{
    (void)h;
}

void decide_on_wall(struct helios *h)
{
    (void)h;
}

const struct decider *decide_internal(struct bytes action)
{
    return bytes_is(action, decider_actions[0]) ? &decider_of_test : NULL;
}

/* ---- peers ---- */

#define CLIENT 50 /* peer numbers: agents have small ones */
#define CLIENT_2 51

static inline struct core *realm(void)
{
    struct core *c = core_new();
    core_lead(c);
    core_turn(c);
    core_forget_said(c);
    return c;
}

/* hello_of is an agent with one action; swarm `s`, instance `i1`. */
static inline struct msg_hello hello_of(const char *id, struct msg_action *action, unsigned slots)
{
    return (struct msg_hello){.agent = bytes_of(id),
                              .instance = BYTES("i1"),
                              .swarm = BYTES("s"),
                              .slots = slots,
                              .actions = {action, 1}};
}

static inline void join_many(struct core *c, int peer, const char *id, const char *action,
                             unsigned slots)
{
    struct msg_action offered = {.name = bytes_of(action)};
    struct msg_hello hello = hello_of(id, &offered, slots);
    core_send(c, peer, MSG_hello, &hello);
    c->beating[peer] = true;
    core_turn(c);
    assert_non_null(core_heard(c, peer, MSG_welcome));
}

static inline void join(struct core *c, int peer, const char *id)
{
    join_many(c, peer, id, "echo", 1);
}

static inline void vanish(struct core *c, int peer)
{
    c->beating[peer] = false;
    core_pass(c, 4000);
}

/* submit_as answers the id, or the refusal's code. */
static inline const char *submit_as(struct core *c, int peer, const char *client,
                                    struct msg_request r)
{
    if (r.action.n == 0)
        r.action = BYTES("echo");
    struct msg_submit m = {
        .ref = BYTES("1"), .client = bytes_of(client), .watch = true, .items = {&r, 1}};
    core_send(c, peer, MSG_submit, &m);
    core_turn(c);
    struct msg_accepted *yes = core_heard(c, peer, MSG_accepted);
    struct msg_rejected *no = yes ? NULL : core_heard(c, peer, MSG_rejected);
    assert_true(yes || no);
    struct bytes id =
        yes ? ((struct msg_ticket *)yes->items.at)->id : ((struct msg_refusal *)no->items.at)->code;
    char *text = arena_take(&c->arena, id.n + 1);
    memcpy(text, id.at, id.n);
    return text;
}

static inline const char *submit(struct core *c, struct msg_request r)
{
    return submit_as(c, CLIENT, "cli", r);
}

#define REQUEST(...) ((struct msg_request){.priority = 2, __VA_ARGS__})

/* given takes the next attempt that the agent was sent; NULL: none. */
static inline struct msg_task *given(struct core *c, int peer)
{
    static struct seq left[CORE_PEERS];
    static struct core *of;
    if (of != c)
        memset(left, 0, sizeof(left));
    of = c;
    if (left[peer].n == 0) {
        struct msg_tasks *tasks = core_heard(c, peer, MSG_tasks);
        if (tasks == NULL)
            return NULL;
        left[peer] = tasks->items;
    }
    struct msg_task *first = left[peer].at;
    left[peer] = (struct seq){first + 1, left[peer].n - 1};
    return first;
}

static inline bool was_given(struct core *c, int peer, const char *id, uint64_t attempt)
{
    struct msg_task *t = given(c, peer);
    return t && bytes_is(t->id, id) && t->attempt == attempt;
}

/* say_result answers the code with which the result was settled; NULL when it was not. */
static inline const char *say_result(struct core *c, int peer, struct msg_result r)
{
    struct msg_results m = {.items = {&r, 1}};
    core_send(c, peer, MSG_results, &m);
    core_turn(c);
    struct msg_results_ok *ok = core_heard(c, peer, MSG_results_ok);
    if (ok == NULL)
        return NULL;
    struct msg_settled *settled = ok->items.at;
    char *text = arena_take(&c->arena, settled->code.n + 1);
    memcpy(text, settled->code.at, settled->code.n);
    return text;
}

static inline const char *result(struct core *c, int peer, const char *id, uint64_t attempt,
                                 enum outcome outcome)
{
    return say_result(
        c, peer,
        (struct msg_result){.task = bytes_of(id),
                            .attempt = attempt,
                            .outcome = outcome,
                            .exit_code = outcome == outcome_FAILED ? 1 : 0,
                            .error = bytes_of(outcome == outcome_COMPLETED ? "" : "no luck")});
}

/* state_of answers the state's name, also of a task that has ended; "" when nobody knows it. */
static inline const char *state_of(struct core *c, const char *id)
{
    struct task *t = task_find(c->h, bytes_of(id));
    enum task_state state;
    if (t)
        return enum_text(&enum_task_state, (int)t->r.state);
    return past_state(c->h, bytes_of(id), &state) == 0 ? enum_text(&enum_task_state, (int)state)
                                                       : "";
}

#define assert_state(c, id, expected) assert_string_equal(state_of(c, id), expected)

/* why answers the sentence, which is never empty for a task that waits. */
static inline const char *why(struct core *c, const char *id)
{
    struct buf out = {0};
    struct task *t = task_find(c->h, bytes_of(id));
    assert_non_null(t);
    task_why(c->h, t, &out);
    char *text = arena_take(&c->arena, out.n + 1);
    memcpy(text, buf_str(&out), out.n);
    buf_done(&out);
    return text;
}

#define assert_why(c, id, part) assert_non_null(strstr(why(c, id), part))

/* order gives a command that must be done. */
static inline struct msg_reply *order(struct core *c, const char *verb, struct buf *args)
{
    struct msg_reply *reply = core_ask(c, CLIENT, true, verb, args);
    if (!reply->ok)
        fail_msg("%s: " BYTES_F, verb, BYTES_A(reply->error));
    return reply;
}

#endif
