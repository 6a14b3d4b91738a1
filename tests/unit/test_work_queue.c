/* SPDX-License-Identifier: MPL-2.0 */
/* Order, turns, credit and gates: who starts when, and why not (T8, T9, T11, T13). */
#include "work_harness.h"

static void finish(struct core *c, int peer, const struct msg_task *t)
{
    struct msg_result r = {.task = t->id, .attempt = t->attempt, .outcome = outcome_COMPLETED};
    assert_string_equal(say_result(c, peer, r), "ok");
}

/* runs_next finishes what the agent was given and answers the task's number. */
static int runs_next(struct core *c, int peer)
{
    struct msg_task *t = given(c, peer);
    if (t == NULL)
        return 0;
    int number = atoi(t->id.at + 2);
    finish(c, peer, t);
    return number;
}

static void urgent_first_then_oldest(void **state) /* T8 */
{
    (void)state;
    struct core *c = realm();
    static const uint64_t priorities[] = {4, 2, 2, 0, 1, 3};
    static const int order[] = {4, 5, 2, 3, 6, 1};
    for (size_t i = 0; i < ARRAY_SIZE(priorities); i++)
        submit(c, (struct msg_request){.priority = priorities[i]});
    join(c, 1, "a1");
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        assert_int_equal(runs_next(c, 1), order[i]);
    core_free(c);
}

static void who_waits_gains_priority(void **state) /* T8 */
{
    (void)state;
    struct core *c = realm();
    submit(c, (struct msg_request){.priority = 4});
    core_pass(c, 179000);
    submit(c, (struct msg_request){.priority = 1});
    submit(c, (struct msg_request){.priority = 0});
    core_pass(c, 1000); /* three aging periods: the first is at priority 1 now, and older; never
                           over the emergency */
    join(c, 1, "a1");
    assert_int_equal(runs_next(c, 1), 3);
    assert_int_equal(runs_next(c, 1), 1);
    assert_int_equal(runs_next(c, 1), 2);
    core_free(c);
}

static void a_steady_flow_does_not_starve_the_last(void **state) /* T8 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    submit(c, (struct msg_request){.priority = 1});
    submit(c, (struct msg_request){.priority = 4});
    bool ran = false;
    for (int i = 0; i < 250 && !ran; i++) { /* one a second, each takes a second */
        submit(c, (struct msg_request){.priority = 1});
        ran = runs_next(c, 1) == 2;
        core_pass(c, 1000);
    }
    assert_true(ran);
    core_free(c);
}

static void credit_is_slots_and_prefetch(void **state) /* T9 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 2);
    hello.prefetch = 3;
    core_send(c, 1, MSG_hello, &hello);
    for (int i = 0; i < 10; i++)
        submit(c, REQUEST());
    struct msg_task *first = given(c, 1);
    for (int i = 1; i < 5; i++)
        assert_non_null(given(c, 1));
    assert_null(given(c, 1));
    assert_int_equal(agent_find(c->h, BYTES("a1"))->n_held, 5);
    assert_why(c, "t-9", "busy");
    finish(c, 1, first);
    assert_non_null(given(c, 1));
    assert_null(given(c, 1));
    core_free(c);
}

static void work_is_spread_evenly(void **state) /* T9 */
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 4);
    join_many(c, 2, "a2", "echo", 4);
    join_many(c, 3, "a3", "echo", 8);
    for (int i = 0; i < 8; i++)
        submit(c, REQUEST());
    assert_int_equal(agent_find(c->h, BYTES("a1"))->n_held, 2);
    assert_int_equal(agent_find(c->h, BYTES("a2"))->n_held, 2);
    assert_int_equal(agent_find(c->h, BYTES("a3"))->n_held, 4);
    core_free(c);
}

static void attempts_of_a_turn_are_one_message(void **state)
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 8);
    struct msg_request items[5];
    for (int i = 0; i < 5; i++)
        items[i] = REQUEST(.action = BYTES("echo"));
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {items, 5}};
    core_send(c, CLIENT, MSG_submit, &m);
    core_turn(c);
    assert_int_equal(((struct msg_tasks *)core_heard(c, 1, MSG_tasks))->items.n, 5);
    assert_null(core_heard(c, 1, MSG_tasks));
    core_free(c);
}

/* ---- T13 ---- */

static void submitters_take_turns(void **state) /* T13 */
{
    (void)state;
    struct core *c = realm();
    for (int i = 0; i < 20; i++)
        submit_as(c, CLIENT, "flood", REQUEST());
    submit_as(c, CLIENT, "one", REQUEST());
    submit_as(c, CLIENT, "two", REQUEST());
    submit_as(c, CLIENT, "flood", REQUEST(.fair = BYTES("apart")));
    join(c, 1, "a1");
    bool seen[32] = {0};
    for (int i = 0; i < 4; i++)
        seen[runs_next(c, 1)] = true;
    assert_true(seen[1] && seen[21] && seen[22] && seen[23]);
    core_free(c);
}

static void a_flood_over_many_classes_gets_no_more_turns(void **state) /* T13 */
{
    (void)state;
    struct core *c = realm();
    static const char *const swarms[] = {"", "s"}, *const roles[] = {"", "worker"},
                             *const agents[] = {"", "a1"};
    for (int i = 0; i < 40; i++)
        submit_as(c, CLIENT, "flood",
                  REQUEST(.swarm = bytes_of(swarms[i & 1]), .role = bytes_of(roles[i >> 1 & 1]),
                          .agent = bytes_of(agents[i >> 2 & 1])));
    for (int i = 0; i < 5; i++)
        submit_as(c, CLIENT, "small", REQUEST());
    join(c, 1, "a1");
    int small = 0;
    for (int i = 0; i < 10; i++)
        small += runs_next(c, 1) > 40;
    assert_int_equal(small, 5);
    core_free(c);
}

static void turns_hold_at_a_full_group_and_a_lock(void **state) /* T13 */
{
    (void)state;
    struct core *c = realm();
    struct bytes lock = BYTES("db");
    join_many(c, 1, "a1", "echo", 8);
    for (int i = 0; i < 20; i++)
        submit_as(c, CLIENT, "flood", REQUEST(.group = BYTES("g"), .max_concurrent = 1));
    submit_as(c, CLIENT, "small", REQUEST(.group = BYTES("g"), .max_concurrent = 1));
    bool small = false;
    for (int i = 0; i < 3; i++)
        small |= runs_next(c, 1) == 21;
    assert_true(small);
    while (runs_next(c, 1))
        ;
    for (int i = 0; i < 20; i++)
        submit_as(c, CLIENT, "flood", REQUEST(.locks = {&lock, 1}));
    submit_as(c, CLIENT, "small", REQUEST(.locks = {&lock, 1}));
    small = false;
    for (int i = 0; i < 3; i++)
        small |= runs_next(c, 1) == 42;
    assert_true(small);
    core_free(c);
}

/* ---- gates ---- */

static void a_group_runs_so_many_at_once(void **state) /* T11 */
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 8);
    for (int i = 0; i < 4; i++)
        submit(c, REQUEST(.max_concurrent = 2));
    assert_int_equal(agent_find(c->h, BYTES("a1"))->n_held, 2);
    assert_why(c, "t-3", "2 of its group echo run, at most 2 may");
    assert_int_equal(runs_next(c, 1), 1);
    assert_state(c, "t-3", "IN_PROGRESS");
    core_free(c);
}

static void a_group_cools_down(void **state) /* T11 */
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 8);
    submit(c, REQUEST(.cooldown_ms = 5000));
    assert_int_equal(runs_next(c, 1), 1);
    submit(c, REQUEST(.cooldown_ms = 5000));
    assert_why(c, "t-2", "cools down");
    core_pass(c, 4999);
    assert_state(c, "t-2", "PENDING");
    core_pass(c, 2);
    assert_state(c, "t-2", "IN_PROGRESS");
    core_free(c);
}

static void a_lock_has_one_holder(void **state) /* T11, T7 */
{
    (void)state;
    struct core *c = realm();
    struct bytes both[] = {BYTES("db"), BYTES("web")}, web = BYTES("web");
    join_many(c, 1, "a1", "echo", 8);
    submit(c, REQUEST(.locks = {both, 2}));
    submit(c, REQUEST(.locks = {&web, 1}));
    submit(c, REQUEST(.locks = {both, 1}));
    submit(c, REQUEST());
    assert_why(c, "t-2", "t-1 holds its lock web");
    assert_why(c, "t-3", "t-1 holds its lock db");
    assert_state(c, "t-4", "IN_PROGRESS");
    core_restart(c); /* who held it, holds it */
    core_turn(c);
    assert_why(c, "t-2", "no live agent");
    assert_state(c, "t-1", "IN_PROGRESS");
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 8);
    struct bytes held[] = {BYTES("t-1/1"), BYTES("t-4/1")};
    hello.holds = (struct seq){held, 2};
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_why(c, "t-2", "t-1 holds its lock web");
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_state(c, "t-2", "IN_PROGRESS");
    assert_state(c, "t-3", "IN_PROGRESS");
    core_free(c);
}

static void who_finds_no_agent_blocks_no_lock(void **state) /* T11 */
{
    (void)state;
    struct core *c = realm();
    struct bytes lock = BYTES("db");
    join_many(c, 1, "a1", "echo", 8);
    submit(c, REQUEST(.locks = {&lock, 1}));
    submit(c, (struct msg_request){.action = BYTES("rare"), .priority = 0, .locks = {&lock, 1}});
    submit(c, REQUEST(.locks = {&lock, 1}));
    assert_why(c, "t-2", "no live agent");
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_state(c, "t-3", "IN_PROGRESS");
    core_free(c);
}

static void everybody_can_say_why(void **state) /* T11 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    submit(c, REQUEST(.swarm = BYTES("backend"), .role = BYTES("verifier")));
    assert_why(c, "t-1", "no live agent of swarm backend with role verifier offers echo");
    submit(c, REQUEST(.not_before = c->now + 90000));
    assert_why(c, "t-2", "may not start before 2026-09-21T");
    order(c, "pause", core_args(&args, "scope", "task", "id", "t-1", NULL));
    assert_why(c, "t-1", "paused by a person");
    order(c, "resume", core_args(&args, "scope", "task", "id", "t-1", NULL));
    order(c, "pause", core_args(&args, "scope", "realm", "reason", "deploy", NULL));
    assert_why(c, "t-1", "paused by ada: deploy");
    struct msg_reply *reply =
        core_ask(c, CLIENT, false, "task", core_args(&args, "id", "t-1", NULL));
    assert_non_null(strstr(map_str(map_get(reply->data, "task").whole, "why", "").at, "deploy"));
    buf_done(&args);
    core_free(c);
}

/* ---- much ---- */

static void fill(struct core *c, unsigned n)
{
    struct msg_request items[1000];
    char clients[8][8], locks[16][8];
    struct bytes lock[16];
    for (unsigned i = 0; i < 16; i++) {
        snprintf(locks[i], sizeof(locks[i]), "l%u", i);
        lock[i] = bytes_of(locks[i]);
    }
    for (unsigned m = 0; m < n / 1000; m++) {
        for (unsigned i = 0; i < 1000; i++) {
            items[i] = (struct msg_request){.action = BYTES("echo"), .priority = i % 5};
            if (i % 3 == 0)
                items[i].locks = (struct seq){&lock[i % 16], 1};
            if (i % 7 == 0)
                items[i].max_concurrent = 5;
        }
        snprintf(clients[m % 8], sizeof(clients[0]), "c%u", m % 8);
        struct msg_submit submit = {
            .ref = BYTES("1"), .client = bytes_of(clients[m % 8]), .items = {items, 1000}};
        core_send(c, CLIENT, MSG_submit, &submit);
        core_turn(c);
    }
    core_forget_said(c);
}

/* With a cost that grows with the queue this would take minutes: the limit of the test's time is
 * its assertion. */
static void a_hundred_thousand_tasks_are_worked_off(void **state)
{
    (void)state;
    struct core *c = realm();
    fill(c, 100000);
    assert_int_equal(c->h->work.n_tasks, 100000);
    core_pass(c, 200000); /* all of them age */
    for (int i = 1; i <= 4; i++)
        join_many(c, i, (const char *[]){"", "a1", "a2", "a3", "a4"}[i], "echo", 64);
    for (unsigned turns = 0; c->h->work.n_tasks; turns++) {
        assert_true(turns < 100000);
        for (int peer = 1; peer <= 4; peer++) {
            struct msg_result items[64];
            struct msg_results m = {.items = {items, 0}};
            for (struct msg_task *t; m.items.n < 64 && (t = given(c, peer));)
                items[m.items.n++] = (struct msg_result){
                    .task = t->id, .attempt = t->attempt, .outcome = outcome_COMPLETED};
            core_send(c, peer, MSG_results, &m);
        }
        core_turn(c);
        list_each(s, &c->said, struct core_said, link) if (s->which != MSG_tasks)
        {
            list_out(&s->link);
            free(s->body);
            free(s);
        }
    }
    assert_int_equal(c->h->counters.completed, 100000);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_first_then_oldest),
        cmocka_unit_test(who_waits_gains_priority),
        cmocka_unit_test(a_steady_flow_does_not_starve_the_last),
        cmocka_unit_test(credit_is_slots_and_prefetch),
        cmocka_unit_test(work_is_spread_evenly),
        cmocka_unit_test(attempts_of_a_turn_are_one_message),
        cmocka_unit_test(submitters_take_turns),
        cmocka_unit_test(a_flood_over_many_classes_gets_no_more_turns),
        cmocka_unit_test(turns_hold_at_a_full_group_and_a_lock),
        cmocka_unit_test(a_group_runs_so_many_at_once),
        cmocka_unit_test(a_group_cools_down),
        cmocka_unit_test(a_lock_has_one_holder),
        cmocka_unit_test(who_finds_no_agent_blocks_no_lock),
        cmocka_unit_test(everybody_can_say_why),
        cmocka_unit_test(a_hundred_thousand_tasks_are_worked_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
