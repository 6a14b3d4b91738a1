/* SPDX-License-Identifier: MPL-2.0 */
/* Commits when all goes well, and what Redis refuses (C1–C4, C8). */
#include "orchestrator/shell/items.h"
#include "rig.h"

static int set_up(void **state)
{
    struct rig *r = NEW(struct rig);
    rig_make(r, DURABLE);
    rig_open(r);
    rig_lead(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    rig_done(*state);
    free(*state);
    return 0;
}

static void expect_text(struct rig *r, const char *command, const char *is)
{
    _autofree_ char *text = server_text(&r->server, command);
    assert_string_equal(text, is);
}

static void c1_said_after_durable(void **state)
{
    struct rig *r = *state;
    rig_put(r, "t-1", "one");
    assert_int_equal(r->durable, 0);
    UNTIL(r, r->durable == 1);
    expect_text(r, "HGET " KEY("task") " t-1", "one");
    expect_text(r, "HGET " KEY("pos") " seq", "1");
}

static void c3_a_record_dropped_and_made_anew_is_there(void **state)
{
    struct rig *r = *state;
    rig_put(r, "again", "old");
    rig_put(r, "gone", "x");
    struct batch *b = batch_new(r);
    batch_drop(b, REC_task, "again");
    batch_drop(b, REC_task, "gone");
    batch_put(b, REC_task, "again", "new");
    batch_put(b, REC_agent, "gone", "an agent of that name");
    rig_commit(r, b);
    UNTIL(r, r->durable == 3);
    expect_text(r, "HGET " KEY("task") " again", "new");
    assert_int_equal(server_int(&r->server, "HEXISTS " KEY("task") " gone"), 0);
    assert_int_equal(server_int(&r->server, "HLEN " KEY("agent")), 1);
}

static void c2_batch_is_one_call_whatever_its_size(void **state)
{
    struct rig *r = *state;
    char id[16];
    struct batch *large = batch_new(r);
    for (int i = 0; i < 20000; i++) {
        snprintf(id, sizeof(id), "t-%d", i);
        batch_put(large, i % 2 ? REC_failed : REC_task, id, "v");
    }
    rig_commit(r, large);
    UNTIL(r, r->durable == 1);
    expect_text(r, "HGET " KEY("pos") " seq", "1");
    assert_int_equal(server_int(&r->server, "HLEN " KEY("task")), 10000);
    assert_int_equal(server_int(&r->server, "HLEN " KEY("failed")), 10000);
}

/* Redis is stopped, so that all of them are on their way when it goes on. */
static void c3_several_on_their_way_in_order(void **state)
{
    struct rig *r = *state;
    char value[16];
    server_signal(&r->server, SIGSTOP);
    for (int i = 0; i < 8; i++) {
        assert_true(store_can_commit(r->store));
        snprintf(value, sizeof(value), "%d", i);
        rig_put(r, "t-1", value);
    }
    assert_false(store_can_commit(r->store));
    assert_true(store_unanswered_since(r->store) < INT64_MAX);
    server_signal(&r->server, SIGCONT);
    UNTIL(r, store_idle(r->store));
    assert_int_equal(r->durable, 8);
    assert_false(r->out_of_order);
    assert_int_equal(store_unanswered_since(r->store), INT64_MAX);
    expect_text(r, "HGET " KEY("task") " t-1", "7");
}

static void c1_words_alone_wait_for_what_was_before(void **state)
{
    struct rig *r = *state;
    server_signal(&r->server, SIGSTOP);
    rig_put(r, "t-1", "one");
    rig_commit(r, batch_new(r));
    assert_int_equal(r->durable, 0);
    server_signal(&r->server, SIGCONT);
    UNTIL(r, r->durable == 2);
    assert_false(r->out_of_order);
    rig_commit(r, batch_new(r)); /* nothing is before it */
    assert_int_equal(r->durable, 3);
    expect_text(r, "HGET " KEY("pos") " seq", "1");
}

static void c8_history_is_bounded(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 6; i++) {
        struct batch *b = batch_new(r);
        for (int n = 0; n < 500; n++)
            batch_entry(b, "an ended task");
        rig_commit(r, b);
    }
    UNTIL(r, store_idle(r->store));
    /* All that a commit wrote down is one item: two of 500 entries hold the 1000 of the bound. */
    assert_int_equal(server_int(&r->server, "XLEN " KEY("history")), 2);
    for (int i = 0; i < 1500; i++) {
        struct batch *b = batch_new(r);
        batch_entry(b, "one");
        rig_commit(r, b);
        if (i % 50 == 0)
            UNTIL(r, store_idle(r->store));
    }
    UNTIL(r, store_idle(r->store));
    long long n = server_int(&r->server, "XLEN " KEY("history"));
    assert_in_range(n, 1000, 1200); /* MAXLEN ~ leaves part of a node of 100 */
}

/* After a restart the bound goes on from what the newest items have. */
static void c8_the_bound_counts_entries(void **state)
{
    (void)state;
    struct items items = {0};
    assert_int_equal(items_most(&items, 1000), 1000); /* nothing is known of older ones */
    items_add(&items, 300);
    assert_int_equal(items_most(&items, 1000), 701);
    items_add(&items, 500);
    items_add(&items, 500);
    assert_int_equal(items_most(&items, 1000), 2);
    for (int i = 0; i < 100000; i++) {
        items_add(&items, 1);
        assert_in_range(items_most(&items, 1000), 1, 1000);
    }
    assert_int_equal(items_most(&items, 1000), 1000);
    assert_true(items.room < 4096);
    items_done(&items);
}

/* The function itself: the same commit again is DUP, another one in its place and one too early are
 * GAP (C2). */
static void c2_dup_and_gap(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *prev, *seq, *digest, *answer;
    } rows[] = {
        {"0", "1", "aaaa", "OK"},
        {"0", "1", "aaaa", "DUP"},
        {"0", "1", "bbbb", "GAP"},
        {"2", "3", "cccc", "GAP"},
        {"1", "2", "dddd", "OK"},
        {"0", "1", "aaaa", "GAP"},
        {"9007199254740992", "9007199254740993", "eeee", "GAP"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        redisReply *reply = server_ask(
            &r->server, "FCALL helios_commit 4 %s %s %s %s %s %s %s %s 1000 0 1 id value 0",
            KEY("pos"), KEY("lease"), KEY("history"), KEY("task"), "1", rows[i].prev, rows[i].seq,
            rows[i].digest);
        if (strncmp(reply->str, rows[i].answer, strlen(rows[i].answer)) != 0)
            fail_msg("row %zu: %s instead of %s", i, reply->str, rows[i].answer);
        freeReplyObject(reply);
    }
}

/* Everything is checked before the first write: a call that cannot be carried out leaves nothing
 * behind (C2). */
static void c2_all_or_nothing(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "SET %s tampered", KEY("agent"));
    static const char *const tails[] = {"1 entry 1 id value 0 1 id value 0",
                                        "0 1 id value 0 3 id value 0", "0 1 id"};
    for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
        char command[512];
        snprintf(command, sizeof(command),
                 "FCALL helios_commit 5 %s %s %s %s %s 1 0 1 aaaa 1000 %s", KEY("pos"),
                 KEY("lease"), KEY("history"), KEY("task"), KEY("agent"), tails[i]);
        _autofree_ char *answer = server_text(&r->server, command);
        assert_int_equal(strncmp(answer, "MALFORMED", 9), 0);
    }
    assert_int_equal(
        server_int(&r->server, "EXISTS %s %s %s", KEY("task"), KEY("history"), KEY("pos")), 0);
}

static void c4_a_stale_epoch_steps_down(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "HSET %s holder another epoch 2", KEY("lease"));
    rig_put(r, "t-1", "too late");
    UNTIL(r, r->fenced == 1);
    assert_int_equal(r->durable, 0);
    assert_int_equal(r->forgotten, 1);
    assert_false(store_can_commit(r->store));
    assert_int_equal(server_int(&r->server, "EXISTS %s", KEY("task")), 0);
    rig_lead(r); /* it may lead again, in a new epoch */
    assert_int_equal(r->epoch, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(c1_said_after_durable),
        TEST(c3_a_record_dropped_and_made_anew_is_there),
        TEST(c2_batch_is_one_call_whatever_its_size),
        TEST(c3_several_on_their_way_in_order),
        TEST(c1_words_alone_wait_for_what_was_before),
        TEST(c8_history_is_bounded),
        TEST(c8_the_bound_counts_entries),
        TEST(c2_dup_and_gap),
        TEST(c2_all_or_nothing),
        TEST(c4_a_stale_epoch_steps_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
