/* SPDX-License-Identifier: MPL-2.0 */
/* The core of a controller that stands by, takes over, or is about to leave (L3, L4, X10). */
#include "realm_harness.h"

enum { AGENT = 1, SECOND = 2, ASKER = 50 };

static struct core *standby(void)
{
    struct core *c = core_new();
    c->h = helios_new(&c->config, 7);
    return c;
}

static void greet(struct core *c, int peer)
{
    struct msg_hello hello = {
        .agent = BYTES("a1"), .instance = BYTES("i1"), .swarm = BYTES("s"), .slots = 1};
    core_send(c, peer, MSG_hello, &hello);
    core_cut(c);
}

/* take_over is what the shell does when the lease is its own and all is loaded. */
static void take_over(struct core *c)
{
    struct helios *before = c->h;
    c->h = helios_new(&c->config, 8);
    helios_inherit(c->h, before);
    helios_free(before);
    helios_lead(c->h, ++c->epoch, c->now);
    core_cut(c);
}

static struct msg_reply *ask(struct core *c, bool command, const char *what)
{
    return core_ask(c, ASKER, command, what, NULL);
}

static void who_greets_a_standby_is_asked_again_when_it_leads(void **state) /* L4 */
{
    (void)state;
    struct core *c = standby();
    greet(c, AGENT);
    struct msg_refuse *refuse = core_heard(c, AGENT, MSG_refuse);
    assert_true(bytes_is(refuse->code, "not_leader"));
    greet(c, AGENT);
    take_over(c);
    struct msg_beat_ok *again = core_heard(c, AGENT, MSG_beat_ok);
    assert_true(again->again);
    assert_int_equal(again->epoch, 1);
    assert_null(core_heard(c, AGENT, MSG_beat_ok)); /* it greeted twice, and is asked once */
    greet(c, AGENT);
    assert_non_null(core_heard(c, AGENT, MSG_welcome));
    core_free(c);
}

static void who_has_not_greeted_for_long_is_not_asked(void **state)
{
    (void)state;
    struct core *c = standby();
    greet(c, AGENT);
    c->now += 4000;
    greet(c, SECOND);
    c->now += 4000;
    take_over(c);
    assert_null(core_heard(c, AGENT, MSG_beat_ok));
    core_free(c);
}

static void callers_are_bounded(void **state) /* Z6 */
{
    (void)state;
    struct core *c = standby();
    c->config.agents.max = 3;
    for (int peer = 1; peer <= 10; peer++)
        greet(c, peer);
    core_forget_said(c);
    take_over(c);
    for (int peer = 1; peer <= 10; peer++)
        assert_int_equal(core_heard(c, peer, MSG_beat_ok) != NULL, peer > 7); /* the newest */
    core_free(c);
}

static void a_standby_answers_where_it_stands_and_nothing_else(void **state) /* L4 */
{
    (void)state;
    struct core *c = standby();
    struct msg_reply *r = ask(c, false, "controller");
    assert_true(r->ok);
    assert_int_equal(r->epoch, 0);
    assert_false(map_bool(r->data, "leads", true));
    assert_true(bytes_is(ask(c, false, "status")->code, "not_leader"));
    assert_true(bytes_is(ask(c, true, "pause")->code, "not_leader"));
    take_over(c);
    r = ask(c, false, "controller");
    assert_true(map_bool(r->data, "leads", false));
    assert_int_equal(r->epoch, 1);
    core_free(c);
}

static void a_standby_can_be_frozen(void **state) /* X10 */
{
    (void)state;
    struct core *c = standby();
    assert_true(ask(c, true, "freeze")->ok);
    assert_true(c->h->frozen);
    assert_true(ask(c, true, "unfreeze")->ok);
    assert_false(c->h->frozen);
    core_free(c);
}

static void the_record_freezes_the_next_leader(void **state) /* X10 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    assert_true(ask(c, true, "freeze")->ok);
    core_restart(c); /* another controller, whose file does not say so */
    assert_true(c->h->frozen);
    assert_true(ask(c, true, "unfreeze")->ok);
    core_restart(c);
    assert_false(c->h->frozen);
    core_free(c);
}

static void the_file_freezes_the_realm(void **state) /* X10 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    core_cut(c);
    struct helios *before = c->h;
    c->h = helios_new(&c->config,
                      8); /* a take-over by one whose file says so, and a record that does not */
    c->h->frozen = true;
    helios_free(before);
    helios_lead(c->h, ++c->epoch, c->now);
    core_cut(c);
    core_restart(c);
    assert_true(c->h->frozen);
    core_free(c);
}

static void who_leaves_takes_nothing_new_and_says_so(void **state) /* L3 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    greet(c, AGENT);
    core_forget_said(c);
    assert_true(ask(c, true, "handover")->ok);
    assert_true(c->h->hand_over);
    struct msg_request request;
    struct_defaults(part_schema("request"), &request);
    request.action = BYTES("echo");
    struct msg_submit submit = {.ref = BYTES("1"), .client = BYTES("c"), .items = {&request, 1}};
    core_send(c, ASKER, MSG_submit, &submit);
    greet(c, SECOND);
    assert_int_equal(core_turn(c), INT64_MAX);
    const struct msg_refusal *refusal =
        ((struct msg_rejected *)core_heard(c, ASKER, MSG_rejected))->items.at;
    assert_true(
        bytes_is(refusal->code, "not_leader")); /* so that it is said again to the next one */
    assert_non_null(core_heard(c, SECOND, MSG_refuse));
    assert_true(bytes_is(ask(c, false, "tasks")->code, "not_leader"));
    assert_int_equal(ask(c, false, "controller")->epoch, 0); /* nobody follows it any more */
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_greets_a_standby_is_asked_again_when_it_leads),
        cmocka_unit_test(who_has_not_greeted_for_long_is_not_asked),
        cmocka_unit_test(callers_are_bounded),
        cmocka_unit_test(a_standby_answers_where_it_stands_and_nothing_else),
        cmocka_unit_test(a_standby_can_be_frozen),
        cmocka_unit_test(the_record_freezes_the_next_leader),
        cmocka_unit_test(the_file_freezes_the_realm),
        cmocka_unit_test(who_leaves_takes_nothing_new_and_says_so),
    };
    return cmocka_run_group_tests_name("core_standby", tests, NULL, NULL);
}
