/* SPDX-License-Identifier: MPL-2.0 */
/* The outbox and what comes in: C1's pure half, C3, X10, Z3, W1. */
#include "realm_harness.h"

static void two_changes_of_one_record_are_one_write(void **state) /* C3 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    core_cut(c);
    size_t before = c->n_writes;
    save_mark(c->h, &c->h->control_save);
    c->h->control.next_task++;
    save_mark(c->h, &c->h->control_save);
    core_cut(c);
    assert_int_equal(c->n_writes, before + 1);
    core_free(c);
}

static void born_and_dropped_in_one_turn_is_no_write(void **state) /* C3 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    core_cut(c);
    size_t before = c->n_writes;
    struct rec_silence r = {.id = BYTES("s-1")};
    struct save save;
    save_init(&save, REC_silence, &r, &r.id);
    save_mark(c->h, &save);
    save_drop(c->h, &save);
    core_cut(c);
    assert_int_equal(c->n_writes, before);
    save_mark(c->h, &save);
    core_cut(c);
    save_drop(c->h, &save);
    core_cut(c);
    assert_int_equal(c->n_writes, before + 2);
    core_free(c);
}

static void events_are_numbered_without_gaps(void **state) /* W1 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    for (int i = 0; i < 5; i++)
        note(c->h, EVENT_realm_paused, "realm", NULL, NULL, "number %d", i);
    core_cut(c);
    uint64_t expected = 0;
    for (struct msg_event *e; (e = core_heard(c, -1, MSG_event));)
        assert_int_equal(e->seq, ++expected);
    assert_true(expected >= 6);
    core_free(c);
}

static void freeze_is_answered_without_redis(void **state) /* X10 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    core_cut(c);
    helios_hold(c->h, true, "Redis is down");
    c->held = true;
    assert_true(core_ask(c, 4, true, "freeze", NULL)->ok);
    assert_true(c->h->frozen);
    struct msg_reply *status = core_ask(c, 4, false, "status", NULL);
    assert_true(status->ok && map_bool(status->data, "held", false));
    assert_true(bytes_is(core_ask(c, 4, true, "pause", NULL)->code, "busy"));
    core_free(c);
}

static void hostile_bytes_are_counted_and_nothing_else(void **state) /* Z3, Z6 */
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    enum { NO_BYTES = 3 }; /* these first ones are not even unpacked */
    const struct bytes rows[] = {
        BYTES(""), BYTES("\xdf\x0f\xff\xff\xff"), BYTES("GET / HTTP/1.1\r\n\r\n"), BYTES("\x81\xa4type\xa5hello"),
        BYTES("\x81\xa4type\xa4nope"), BYTES("\x81\xa4type\xa7welcome"), BYTES("\x80"),
    };
    struct routing from = core_route(5);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (int e = 0; e < ENDPOINTS; e++)
            helios_message(c->h, (enum endpoint)e, &from, rows[i], c->now);
    assert_int_equal(c->h->counters.refused_bytes, NO_BYTES * ENDPOINTS);
    assert_int_equal(c->h->counters.refused_messages, (ARRAY_SIZE(rows) - NO_BYTES) * ENDPOINTS);
    core_cut(c);
    assert_non_null(core_event(c, EVENT_peer_refused)); /* a flood is shown once a second */
    assert_null(core_event(c, EVENT_peer_refused));
    core_free(c);
}

static void a_standby_says_so(void **state) /* L4 */
{
    (void)state;
    struct core *c = core_new();
    c->h = helios_new(&c->config, 1);
    struct msg_hello hello = {.agent = BYTES("a1"), .instance = BYTES("i"), .swarm = BYTES("backend"), .slots = 1};
    struct msg_request items[2] = {{.action = BYTES("echo")}, {.action = BYTES("echo")}};
    struct msg_submit submit = {BYTES("9"), BYTES("c"), false, {items, 2}};
    core_send(c, 1, MSG_hello, &hello);
    core_send(c, 2, MSG_submit, &submit);
    core_cut(c);
    struct msg_refuse *refuse = core_heard(c, 1, MSG_refuse);
    assert_true(refuse && bytes_is(refuse->code, "not_leader"));
    struct msg_rejected *rejected = core_heard(c, 2, MSG_rejected);
    assert_true(rejected && rejected->items.n == 2);
    struct msg_reply *reply = core_ask(c, 3, false, "status", NULL);
    assert_true(!reply->ok && bytes_is(reply->code, "not_leader"));
    core_free(c);
}

static void queries_answer_and_unknown_ones_say_so(void **state)
{
    (void)state;
    struct core *c = core_new();
    core_lead(c);
    const char *const good[] = {"status", "verbs", "kpis", "health", "sources", "silences", "ledger", "snapshot"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct msg_reply *reply = core_ask(c, 3, false, good[i], NULL);
        assert_true(reply->ok);
        assert_int_equal(guard_check(reply->data), 0);
    }
    assert_true(bytes_is(core_ask(c, 3, false, "statsu", NULL)->code, "unknown"));
    assert_true(bytes_is(core_ask(c, 3, false, "why", NULL)->code, "bad_args"));
    core_free(c);
}

static void why_reads_the_ledger_alone(void **state) /* X13 */
{
    (void)state;
    struct core *c = core_new();
    struct buf args = {0};
    core_lead(c);
    note(c->h, EVENT_cycle_began, "c-1", NULL, NULL, "began");
    note(c->h, EVENT_optimization_proposed, "o-1", "c-1", NULL, "because");
    note(c->h, EVENT_task_completed, "t-1", "o-1", NULL, "done");
    struct msg_reply *reply = core_ask(c, 3, false, "why", core_args(&args, "id", "o-1", NULL));
    assert_true(reply->ok);
    const char *const parts[] = {"from", "about", "followed_by"};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        assert_int_equal(map_get(reply->data, parts[i]).count, 1);
    buf_done(&args);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_changes_of_one_record_are_one_write),
        cmocka_unit_test(born_and_dropped_in_one_turn_is_no_write),
        cmocka_unit_test(events_are_numbered_without_gaps),
        cmocka_unit_test(freeze_is_answered_without_redis),
        cmocka_unit_test(hostile_bytes_are_counted_and_nothing_else),
        cmocka_unit_test(a_standby_says_so),
        cmocka_unit_test(queries_answer_and_unknown_ones_say_so),
        cmocka_unit_test(why_reads_the_ledger_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
