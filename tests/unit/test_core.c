/* SPDX-License-Identifier: MPL-2.0 */
/* The outbox and what comes in: C1's pure half, C3, X10, Z3, W1. */
#include "core_harness.h"

static void query(struct world *w, const char *what)
{
    struct msg_query m = {BYTES("7"), bytes_of(what), {0}};
    world_feed(w, MSG_query, &m, 3);
}

static void two_changes_of_one_record_are_one_write(void **state) /* C3 */
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lead(&w);
    world_cut(&w);
    world_forget(&w);
    save_mark(w.h, &w.h->control_save);
    w.h->control.next_task++;
    save_mark(w.h, &w.h->control_save);
    world_cut(&w);
    assert_int_equal(world_ops(&w, REC_control, false), 1);
    world_close(&w);
}

static void born_and_dropped_in_one_turn_is_no_write(void **state) /* C3 */
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lead(&w);
    world_cut(&w);
    world_forget(&w);
    struct rec_silence r = {.id = BYTES("s-1")};
    struct save save;
    save_init(&save, REC_silence, &r, &r.id);
    save_mark(w.h, &save);
    save_drop(w.h, &save);
    world_cut(&w);
    assert_int_equal(world_ops(&w, REC_silence, false) + world_ops(&w, REC_silence, true), 0);
    save_mark(w.h, &save);
    world_cut(&w);
    save_drop(w.h, &save);
    world_cut(&w);
    assert_int_equal(world_ops(&w, REC_silence, true), 1);
    world_close(&w);
}

static void events_are_numbered_without_gaps(void **state) /* W1 */
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lead(&w);
    for (int i = 0; i < 5; i++)
        note(w.h, EVENT_realm_paused, "realm", NULL, NULL, "number %d", i);
    world_cut(&w);
    uint64_t expected = 0;
    list_each (b, &w.batches, struct batch, link)
        for (size_t i = 0; i < b->n_says; i++)
            if (b->says[i].endpoint == ENDPOINT_events) {
                struct msg_event e;
                assert_int_equal(message_decode(MSG_event, b->says[i].body, &e, NULL, NULL), 0);
                assert_int_equal(e.seq, ++expected);
            }
    assert_true(expected >= 6);
    world_close(&w);
}

static void freeze_is_answered_without_redis(void **state) /* X10 */
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lead(&w);
    helios_hold(w.h, true, "Redis is down");
    struct msg_command m = {BYTES("1"), BYTES("freeze"), {0}, BYTES("ada")};
    struct routing from = world_peer(4);
    struct buf bytes = {0};
    message_encode(&bytes, MSG_command, &m);
    helios_message(w.h, ENDPOINT_control, &from, buf_bytes(&bytes), w.now);
    assert_true(w.h->frozen);
    struct batch *urgent = helios_cut_urgent(w.h);
    assert_non_null(urgent);
    assert_int_equal(message_which(urgent->urgent[0].body), MSG_reply);
    batch_free(urgent);
    buf_done(&bytes);
    world_close(&w);
}

static void hostile_bytes_are_counted_and_nothing_else(void **state) /* Z3, Z6 */
{
    (void)state;
    struct world w;
    world_open(&w);
    world_lead(&w);
    const struct bytes rows[] = {
        BYTES(""), BYTES("\xdf\x0f\xff\xff\xff"), BYTES("GET / HTTP/1.1\r\n\r\n"), BYTES("\x81\xa4type\xa5hello"),
        BYTES("\x81\xa4type\xa4nope"), BYTES("\x81\xa4type\xa7welcome"), BYTES("\x80"),
    };
    struct routing from = world_peer(5);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (int e = 0; e < ENDPOINTS; e++)
            helios_message(w.h, (enum endpoint)e, &from, rows[i], w.now);
    assert_int_equal(w.h->counters.refused_bytes + w.h->counters.refused_messages, ARRAY_SIZE(rows) * ENDPOINTS);
    world_cut(&w);
    assert_int_equal(world_events(&w, "peer.refused"), 1); /* a flood is shown once a second */
    world_close(&w);
}

static void a_standby_says_so(void **state) /* L4 */
{
    (void)state;
    struct world w;
    struct arena arena = {0};
    world_open(&w);
    w.h = helios_new(w.config, 1);
    struct msg_hello hello = {.agent = BYTES("a1"), .instance = BYTES("i"), .swarm = BYTES("backend"), .slots = 1};
    struct msg_refuse refuse;
    world_feed(&w, MSG_hello, &hello, 1);
    assert_true(world_said(&w, MSG_refuse, &refuse, &arena));
    assert_true(bytes_is(refuse.code, "not_leader"));
    struct msg_reply reply;
    query(&w, "status");
    assert_true(world_said(&w, MSG_reply, &reply, &arena) && !reply.ok && bytes_is(reply.code, "not_leader"));
    arena_done(&arena);
    world_close(&w);
}

static void queries_answer_and_unknown_ones_say_so(void **state)
{
    (void)state;
    struct world w;
    struct arena arena = {0};
    struct msg_reply reply;
    world_open(&w);
    world_lead(&w);
    const char *const good[] = {"status", "verbs", "kpis", "health", "sources", "silences", "ledger", "snapshot"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        query(&w, good[i]);
        assert_true(world_said(&w, MSG_reply, &reply, &arena));
        assert_true(reply.ok);
        assert_int_equal(guard_check(reply.data), 0);
    }
    query(&w, "statsu");
    assert_true(world_said(&w, MSG_reply, &reply, &arena) && !reply.ok && bytes_is(reply.code, "unknown"));
    query(&w, "why");
    assert_true(world_said(&w, MSG_reply, &reply, &arena) && !reply.ok && bytes_is(reply.code, "bad_args"));
    arena_done(&arena);
    world_close(&w);
}

static void why_reads_the_ledger_alone(void **state) /* X13 */
{
    (void)state;
    struct world w;
    struct arena arena = {0};
    struct msg_reply reply;
    struct buf args = {0};
    struct pack p;
    world_open(&w);
    world_lead(&w);
    note(w.h, EVENT_cycle_began, "c-1", NULL, NULL, "began");
    note(w.h, EVENT_optimization_proposed, "o-1", "c-1", NULL, "because");
    note(w.h, EVENT_task_completed, "t-1", "o-1", NULL, "done");
    pack_init(&p, &args);
    pack_map(&p);
    pack_put_text(&p, "id", "o-1");
    pack_end(&p);
    struct msg_query m = {BYTES("8"), BYTES("why"), buf_bytes(&args)};
    world_feed(&w, MSG_query, &m, 3);
    assert_true(world_said(&w, MSG_reply, &reply, &arena) && reply.ok);
    const char *const parts[] = {"from", "about", "followed_by"};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        assert_int_equal(map_get(reply.data, parts[i]).count, 1);
    buf_done(&args);
    arena_done(&arena);
    world_close(&w);
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
