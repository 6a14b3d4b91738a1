/* SPDX-License-Identifier: MPL-2.0 */
/* A dry run of a submit says what a submit then does, and leaves nothing behind; and the retries and states of a production, from its
 * config. */
#include "work_harness.h"

#include "proto/json.h"

static struct msg_reply *would(struct core *c, const char *json)
{
    struct buf args = {0};
    char err[200];
    assert_int_equal(json_text_to_msgpack(&args, bytes_of(json), err, sizeof(err)), 0);
    struct msg_reply *reply = core_ask(c, CLIENT, false, "would", &args);
    buf_done(&args);
    return reply;
}

#define assert_text(reply, key, expected) assert_true(bytes_is(map_str((reply)->data, key, ""), expected))
#define assert_part(reply, key, part) assert_non_null(strstr(text_of(c, (reply)->data, key), part))

static const char *text_of(struct core *c, struct bytes data, const char *key)
{
    struct bytes text = map_str(data, key, "");
    char *copy = arena_take(&c->arena, text.n + 1);
    memcpy(copy, text.at, text.n);
    copy[text.n] = '\0';
    return copy;
}

static void assert_pauses(const struct msg_reply *r, const int64_t *expected, size_t n)
{
    struct walk w = walk_of(map_get(r->data, "pauses_ms").whole);
    struct value v;
    for (size_t i = 0; i < n; i++) {
        assert_true(walk_item(&w, &v));
        assert_int_equal(v.integer, expected[i]);
    }
    assert_false(walk_item(&w, &v));
}

static void a_dry_run_says_who_could_and_how_it_would_be_retried(void **state)
{
    struct core *c = realm();
    (void)state;
    c->config.tasks.max_attempts = 4;
    struct msg_reply *r = would(c, "{\"action\": \"echo\"}");
    assert_true(r->ok && map_bool(r->data, "accepted", false) && !map_bool(r->data, "starts_at_once", true));
    assert_part(r, "waits_for", "no live agent offers echo");
    join(c, 1, "a1");
    join(c, 2, "a2");
    r = would(c, "{\"action\": \"echo\", \"priority\": 1}");
    assert_true(map_bool(r->data, "starts_at_once", false));
    assert_text(r, "waits_for", "nothing");
    assert_int_equal(map_int(r->data, "agents_all", 0), 2);
    assert_int_equal(map_int(r->data, "agents_free", 0), 2);
    assert_int_equal(map_int(r->data, "priority", 0), 1);
    assert_int_equal(map_int(r->data, "max_attempts", 0), 4);
    assert_pauses(r, (const int64_t[]){60000, 120000, 240000}, 3);
    r = would(c, "{\"action\": \"echo\", \"agent\": \"a2\", \"max_attempts\": 1}");
    assert_int_equal(map_int(r->data, "agents_all", 0), 1);
    assert_pauses(r, NULL, 0);
    core_free(c);
}

static void a_dry_run_says_what_it_would_wait_for(void **state)
{
    struct core *c = realm();
    (void)state;
    join(c, 1, "a1");
    struct bytes locks[] = {BYTES("gpu")};
    const char *first = submit(c, REQUEST(.action = BYTES("echo"), .locks = {locks, 1}));
    assert_true(was_given(c, 1, first, 1));
    assert_part(would(c, "{\"action\": \"echo\"}"), "waits_for", "busy");
    assert_part(would(c, "{\"action\": \"echo\", \"locks\": [\"gpu\"]}"), "waits_for", "holds its lock gpu");
    assert_part(would(c, "{\"action\": \"echo\", \"after\": [\"t-1\"]}"), "waits_for", "it comes after t-1, which is IN_PROGRESS");
    assert_part(would(c, "{\"action\": \"echo\", \"not_before\": 1790000600000}"), "waits_for", "it may not start before");
    submit(c, REQUEST(.action = BYTES("echo")));
    assert_int_equal(map_int(would(c, "{\"action\": \"echo\"}")->data, "ahead", 0), 1);
    core_free(c);
}

static void a_dry_run_refuses_what_a_submit_refuses(void **state)
{
    static const struct {
        const char *json, *code, *part;
    } rows[] = {
        {"{\"action\": \"echo\", \"priority\": 9}", "bad_request", "priority"},
        {"{\"action\": \"echo\", \"after\": [\"t-99\"]}", "bad_request", "not known"},
        {"{\"action\": \"echo\", \"key\": \"k\", \"client\": \"c\", \"note\": \"other\"}", "key_reused", "another task"},
    };
    struct core *c = realm();
    (void)state;
    submit_as(c, CLIENT, "c", REQUEST(.action = BYTES("echo"), .key = BYTES("k")));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct msg_reply *r = would(c, rows[i].json);
        assert_true(r->ok && !map_bool(r->data, "accepted", true));
        assert_text(r, "code", rows[i].code);
        assert_part(r, "reason", rows[i].part);
    }
    struct msg_reply *known = would(c, "{\"action\": \"echo\", \"key\": \"k\", \"client\": \"c\"}");
    assert_text(known, "known", "t-1");
    assert_false(would(c, "{\"priority\": 1}")->ok); /* no request at all */
    c->h->control.draining = true;
    assert_text(would(c, "{\"action\": \"echo\"}"), "code", "draining");
    core_free(c);
}

static void a_dry_run_leaves_nothing_behind(void **state)
{
    struct core *c = realm();
    (void)state;
    join(c, 1, "a1");
    core_turn(c);
    size_t writes = c->n_writes, tasks = c->h->work.n_tasks;
    uint64_t next = c->h->control.next_task, events = c->h->out.event_seq, submitted = c->h->counters.submitted;
    for (int i = 0; i < 3000; i++) {
        char json[64];
        snprintf(json, sizeof(json), "{\"action\": \"a%d\", \"key\": \"k%d\"}", i, i);
        assert_true(would(c, json)->ok);
    }
    would(c, "{\"action\": \"echo\"}");
    core_turn(c);
    assert_int_equal(c->n_writes, writes);
    assert_int_equal(c->h->work.n_tasks, tasks);
    assert_int_equal(c->h->control.next_task, next);
    assert_int_equal(c->h->out.event_seq, events);
    assert_int_equal(c->h->counters.submitted, submitted);
    assert_true(HASH_COUNT(c->h->work.queue->classes) <= CLASSES_SPARE + 1);
    assert_null(given(c, 1));
    core_free(c);
}

/* T6, as a production has it: three retries after 1, 2 and 4 minutes, then FAILED for good; the states have their names. */
static void three_retries_after_1_2_and_4_minutes_then_failed_for_good(void **state)
{
    struct core *c = realm();
    (void)state;
    c->config.tasks.max_attempts = 4;
    const char *id = submit(c, REQUEST(.action = BYTES("echo")));
    assert_state(c, id, "PENDING");
    join(c, 1, "a1");
    for (uint64_t attempt = 1, minutes = 1; attempt <= 3; attempt++, minutes *= 2) {
        assert_true(was_given(c, 1, id, attempt));
        assert_state(c, id, "IN_PROGRESS");
        result(c, 1, id, attempt, outcome_FAILED);
        assert_state(c, id, "RETRYING");
        core_pass(c, (int64_t)minutes * 60000 - 1);
        assert_state(c, id, "RETRYING");
        core_pass(c, 1);
    }
    assert_true(was_given(c, 1, id, 4));
    result(c, 1, id, 4, outcome_FAILED);
    assert_state(c, id, "FAILED");
    core_pass(c, 24 * 60 * 60000);
    assert_null(given(c, 1)); /* for good */
    const char *good = submit(c, REQUEST(.action = BYTES("echo")));
    assert_true(was_given(c, 1, good, 1));
    result(c, 1, good, 1, outcome_COMPLETED);
    assert_state(c, good, "COMPLETED");
    const char *bad = submit(c, REQUEST(.action = BYTES("nobody")));
    struct buf args = {0};
    order(c, "cancel", core_args(&args, "id", bad, NULL));
    assert_state(c, bad, "CANCELLED");
    buf_done(&args);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dry_run_says_who_could_and_how_it_would_be_retried),
        cmocka_unit_test(a_dry_run_says_what_it_would_wait_for),
        cmocka_unit_test(a_dry_run_refuses_what_a_submit_refuses),
        cmocka_unit_test(a_dry_run_leaves_nothing_behind),
        cmocka_unit_test(three_retries_after_1_2_and_4_minutes_then_failed_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
