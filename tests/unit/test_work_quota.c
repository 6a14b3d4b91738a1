/* SPDX-License-Identifier: MPL-2.0 */
/* Limits of actions (Q1): at once, a day, a time; what is over waits with its reason, and counts survive a restart. */
#include "work_harness.h"

#include "orchestrator/work/gate.h"
#include "orchestrator/work/quota.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)
#define HOUR_MS (3600 * (int64_t)1000)

static struct set_limit limit;

/* limited is a realm in which `echo` is limited; agent e1 has eight slots for it. */
static struct core *limited(int64_t max_concurrent, int64_t per_day, const char *rate)
{
    struct core *c = core_new();
    limit = (struct set_limit){.action = BYTES("echo"),
                               .max_concurrent = max_concurrent,
                               .per_day = per_day,
                               .rate = bytes_of(rate),
                               .zone = BYTES("UTC")};
    c->config.limits = (struct seq){&limit, 1};
    core_lead(c);
    join_many(c, 1, "e1", "echo", 8);
    core_forget_said(c);
    return c;
}

static unsigned attempts(struct core *c)
{
    unsigned n = 0;
    while (given(c, 1))
        n++;
    return n;
}

static void submit_some(struct core *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        submit(c, REQUEST(.attempt_ms = 7 * DAY_MS));
}

static void restart(struct core *c)
{
    core_cut(c);
    core_restart(c);
    join_many(c, 1, "e1", "echo", 8);
}

static int64_t number_of(struct core *c, const char *name)
{
    struct msg_reply *reply = core_ask(c, CLIENT, false, "limits", NULL);
    struct value list = map_get(reply->data, "limits"), row;
    struct walk walk = walk_of(list.whole);
    assert_true(reply->ok && walk_item(&walk, &row));
    return map_int(row.whole, name, -1);
}

static void q1_so_many_at_once(void **state)
{
    (void)state;
    struct core *c = limited(2, 0, "");
    submit_some(c, 4);
    assert_true(was_given(c, 1, "t-1", 1));
    assert_true(was_given(c, 1, "t-2", 1));
    assert_null(given(c, 1));
    assert_why(c, "t-3", "2 attempts of echo run, its limit is 2 at once");
    assert_int_equal(number_of(c, "waiting"), 2);
    assert_int_equal(number_of(c, "running"), 2);
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_true(was_given(c, 1, "t-3", 1));
    assert_null(given(c, 1));
    core_free(c);
}

/* Groups are of those who submit; the limit is the realm's. */
static void q1_holds_for_all_classes_of_an_action(void **state)
{
    (void)state;
    struct core *c = limited(2, 0, "");
    submit(c, REQUEST(.group = BYTES("g1")));
    submit(c, REQUEST(.group = BYTES("g2"), .swarm = BYTES("s")));
    submit(c, REQUEST(.group = BYTES("g3"), .agent = BYTES("e1")));
    assert_int_equal(attempts(c), 2);
    assert_why(c, "t-3", "its limit is 2 at once");
    core_free(c);
}

static void q1_so_many_a_day(void **state)
{
    (void)state;
    struct core *c = limited(0, 3, "");
    submit_some(c, 5);
    assert_int_equal(attempts(c), 3);
    assert_why(c, "t-4", "all 3 attempts that echo may make a day have begun");
    assert_int_equal(number_of(c, "today"), 3);
    assert_int_equal(number_of(c, "resets_at"), CORE_START - CORE_START % DAY_MS + DAY_MS);
    for (int i = 1; i <= 3; i++) {
        char id[8];
        snprintf(id, sizeof(id), "t-%d", i);
        result(c, 1, id, 1, outcome_COMPLETED);
    }
    assert_int_equal(attempts(c), 0);
    core_pass(c, quota_day_end(quota_find(c->h, BYTES("echo"))) - c->now - 1);
    assert_int_equal(attempts(c), 0);
    assert_state(c, "t-4", "PENDING");
    core_pass(c, 1);
    assert_int_equal(attempts(c), 2);
    assert_int_equal(number_of(c, "today"), 2);
    core_free(c);
}

/* In Berlin 25 October 2026 has 25 hours: from 22:00 to 23:00 UTC. */
static void q1_a_day_is_of_its_zone(void **state)
{
    (void)state;
    const int64_t eve = 1792879200000 - 1; /* 2026-10-24T22:00Z */
    struct core *c = limited(0, 1, "");
    core_die(c);
    core_forget_said(c);
    c->now = eve;
    limit.zone = BYTES("Europe/Berlin");
    core_lead(c);
    join_many(c, 1, "e1", "echo", 8);
    submit_some(c, 3);
    assert_int_equal(attempts(c), 1);
    assert_int_equal(number_of(c, "resets_at"), eve + 1);
    core_pass(c, 1);
    assert_int_equal(attempts(c), 1);
    assert_int_equal(number_of(c, "resets_at"), eve + 1 + 25 * HOUR_MS);
    core_free(c);
}

static void q1_a_retry_counts_and_waits_too(void **state)
{
    (void)state;
    struct core *c = limited(0, 1, "");
    submit(c, REQUEST(.backoff_ms = 100));
    assert_true(was_given(c, 1, "t-1", 1));
    result(c, 1, "t-1", 1, outcome_FAILED);
    core_pass(c, HOUR_MS);
    assert_null(given(c, 1));
    assert_state(c, "t-1", "PENDING");
    assert_why(c, "t-1", "a day have begun");
    core_pass(c, DAY_MS);
    assert_true(was_given(c, 1, "t-1", 2));
    core_free(c);
}

static void q1_a_rate_is_of_any_such_time(void **state)
{
    (void)state;
    struct core *c = limited(0, 0, "2/1m");
    submit_some(c, 6);
    assert_int_equal(attempts(c), 2);
    assert_why(c, "t-3", "echo begins at most 2/1m: the next one in 1m");
    assert_int_equal(number_of(c, "in_time"), 2);
    core_pass(c, 59999);
    assert_int_equal(attempts(c), 0);
    core_pass(c, 1);
    assert_int_equal(attempts(c), 2);
    core_pass(c, 60000);
    assert_int_equal(attempts(c), 2);
    core_pass(c, 60000);
    assert_int_equal(attempts(c), 0);
    assert_int_equal(number_of(c, "in_time"), 0);
    core_free(c);
}

/* The starts of a rate move through their array and back: many more than it has room for. */
static void q1_a_rate_holds_for_ever(void **state)
{
    (void)state;
    struct core *c = limited(0, 0, "1000/1s");
    int64_t starts[7000];
    size_t n = 0;
    for (int i = 0; i < 7000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%s", submit(c, REQUEST(.action = BYTES("echo"))));
        struct msg_task *t = given(c, 1);
        if (t == NULL) { /* over: it waits for the rate */
            core_pass(c, 1000);
            t = given(c, 1);
        }
        assert_non_null(t);
        starts[n++] = c->now;
        result(c, 1, id, 1, outcome_COMPLETED);
        c->now += i % 7 == 0;
        if (n > 1000)
            assert_true(starts[n - 1] - starts[n - 1001] >= 1000);
    }
    core_free(c);
}

static void q1_counts_survive_a_restart(void **state)
{
    (void)state;
    struct core *c = limited(5, 5, "4/10m");
    submit_some(c, 8);
    assert_int_equal(attempts(c), 4);
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_int_equal(attempts(c), 0);
    restart(c);
    assert_int_equal(number_of(c, "today"), 4);
    assert_int_equal(number_of(c, "in_time"), 4);
    core_pass(c, 5000);
    assert_int_equal(attempts(c), 0);
    assert_why(c, "t-8", "echo begins at most 4/10m");
    core_pass(c, 600000);
    assert_int_equal(attempts(c), 1);
    assert_why(c, "t-8", "all 5 attempts that echo may make a day");
    core_free(c);
}

/* An attempt that is out when the leader dies counts once, and holds its place under the next one. */
static void q1_an_attempt_that_is_out_counts_once(void **state)
{
    (void)state;
    struct core *c = limited(1, 5, "");
    submit_some(c, 2);
    assert_true(was_given(c, 1, "t-1", 1));
    core_cut(c);
    core_restart(c);
    struct msg_action offered = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("e1", &offered, 8);
    struct bytes held = BYTES("t-1/1");
    hello.holds = (struct seq){&held, 1};
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_int_equal(number_of(c, "running"), 1);
    assert_int_equal(number_of(c, "today"), 1);
    assert_null(given(c, 1));
    assert_why(c, "t-2", "its limit is 1 at once");
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_true(was_given(c, 1, "t-2", 1));
    assert_int_equal(number_of(c, "today"), 2);
    core_free(c);
}

static void q1_a_clock_behind_gives_nothing_twice(void **state)
{
    (void)state;
    struct core *c = limited(0, 2, "2/1h");
    submit_some(c, 3);
    assert_int_equal(attempts(c), 2);
    core_cut(c);
    core_die(c);
    core_forget_said(c);
    c->now -= 2 * DAY_MS;
    core_lead(c);
    join_many(c, 1, "e1", "echo", 8);
    assert_int_equal(number_of(c, "today"), 2);
    assert_int_equal(number_of(c, "in_time"), 2);
    assert_true(number_of(c, "next_at") <= c->now + DAY_MS);
    core_free(c);
}

/* Days follow the wall: it is set forward by a day, back again, and nothing is given twice but for the day that passed. */
static void q1_a_day_is_of_the_wall(void **state)
{
    (void)state;
    struct core *c = limited(0, 2, "");
    submit_some(c, 8);
    assert_int_equal(attempts(c), 2);
    helios_wall(c->h, DAY_MS);
    core_turn(c);
    assert_int_equal(attempts(c), 2);
    helios_wall(c->h, 0);
    core_turn(c);
    assert_int_equal(attempts(c), 0);
    assert_why(c, "t-5", "the next day begins in");
    assert_int_equal(number_of(c, "resets_at"), CORE_START - CORE_START % DAY_MS + DAY_MS);
    core_pass(c, CORE_START - CORE_START % DAY_MS + DAY_MS - c->now);
    assert_int_equal(attempts(c), 2);
    core_free(c);
}

static void q1_the_day_is_told_once(void **state)
{
    (void)state;
    struct core *c = limited(0, 2, "");
    submit_some(c, 4);
    assert_non_null(core_event(c, EVENT_quota_reached));
    restart(c);
    submit_some(c, 4);
    core_pass(c, HOUR_MS);
    assert_null(core_event(c, EVENT_quota_reached));
    core_pass(c, DAY_MS);
    assert_non_null(core_event(c, EVENT_quota_reached));
    assert_null(core_event(c, EVENT_quota_reached));
    core_free(c);
}

static void q1_follows_a_reload(void **state)
{
    (void)state;
    struct core *c = limited(1, 0, "");
    submit_some(c, 4);
    assert_int_equal(attempts(c), 1);
    limit.max_concurrent = 3;
    helios_reload(c->h, &c->config, "limits");
    core_turn(c);
    assert_int_equal(attempts(c), 2);
    c->config.limits = (struct seq){0};
    helios_reload(c->h, &c->config, "limits");
    core_turn(c);
    assert_int_equal(attempts(c), 1);
    c->config.limits = (struct seq){&limit, 1};
    limit.max_concurrent = 4;
    helios_reload(c->h, &c->config, "limits");
    submit_some(c, 1);
    assert_int_equal(attempts(c), 0);
    assert_why(c, "t-5", "4 attempts of echo run, its limit is 4 at once");
    core_free(c);
}

static void q1_a_limit_that_is_gone_leaves_nothing(void **state)
{
    (void)state;
    struct core *c = limited(0, 2, "");
    submit_some(c, 2);
    core_cut(c);
    core_die(c);
    core_forget_said(c);
    c->config.limits = (struct seq){0};
    c->now += DAY_MS;
    core_lead(c);
    core_turn(c);
    struct core_record *r, *next;
    HASH_ITER (hh, c->redis, r, next)
        assert_true(r->kind != REC_quota);
    core_free(c);
}

static void q1_other_actions_cost_nothing(void **state)
{
    (void)state;
    struct core *c = limited(1, 1, "1/1m");
    join_many(c, 2, "e2", "other", 4);
    for (int i = 0; i < 4; i++)
        submit(c, REQUEST(.action = BYTES("other")));
    core_turn(c);
    unsigned n = 0;
    while (given(c, 2))
        n++;
    assert_int_equal(n, 4);
    struct core_record *r, *next;
    HASH_ITER (hh, c->redis, r, next)
        assert_true(r->kind != REC_quota);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q1_so_many_at_once),
        cmocka_unit_test(q1_holds_for_all_classes_of_an_action),
        cmocka_unit_test(q1_so_many_a_day),
        cmocka_unit_test(q1_a_day_is_of_its_zone),
        cmocka_unit_test(q1_a_retry_counts_and_waits_too),
        cmocka_unit_test(q1_a_rate_is_of_any_such_time),
        cmocka_unit_test(q1_a_rate_holds_for_ever),
        cmocka_unit_test(q1_counts_survive_a_restart),
        cmocka_unit_test(q1_an_attempt_that_is_out_counts_once),
        cmocka_unit_test(q1_a_clock_behind_gives_nothing_twice),
        cmocka_unit_test(q1_a_day_is_of_the_wall),
        cmocka_unit_test(q1_the_day_is_told_once),
        cmocka_unit_test(q1_follows_a_reload),
        cmocka_unit_test(q1_a_limit_that_is_gone_leaves_nothing),
        cmocka_unit_test(q1_other_actions_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
