/* SPDX-License-Identifier: MPL-2.0 */
/* Cancel, retry, queue, history, and what lies in Redis afterwards (P8, P10). */
#include "run_harness.h"

#define P(head, steps) "pipelines:\n  p:\n" head "    steps:\n" steps
#define S(text) "      " text "\n"

static const char three[] = P("", S("a: {action: a, retries: 0}") S("b: {action: b, after: [a], retries: 0}") S("c: {action: c, after: [b]}")
                                      S("d: {action: d}"));

static size_t records(struct flow *f, enum rec kind)
{
    size_t n = 0;
    struct core_record *r, *next;
    HASH_ITER (hh, f->c->redis, r, next)
        n += r->kind == kind;
    return n;
}

static void p10_retry_begins_what_failed_and_not_what_succeeded(void **state)
{
    (void)state;
    struct flow *f = flow_open(three);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a", outcome_COMPLETED, "{\"x\": 1}");
    flow_end(f, "r-1/b", outcome_FAILED, NULL);
    assert_run(f, "r-1", "RUNNING"); /* d still can */
    assert_false(flow_ask(f, true, "run_retry", "{\"id\": \"r-1\"}")->ok);
    flow_end(f, "r-1/d", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "FAILED");
    flow_restart(f);
    assert_true(flow_ask(f, true, "run_retry", "{\"id\": \"r-1\"}")->ok);
    assert_step(f, "r-1", "a", "COMPLETED");
    assert_step(f, "r-1", "b", "RUNNING");
    assert_step(f, "r-1", "c", "WAITING");
    flow_restart(f);
    flow_end(f, "r-1/b", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/c", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "COMPLETED");
    assert_int_equal(f->begun, 5);
    flow_close(f);
}

static void p10_a_retried_fan_out_keeps_the_parts_that_succeeded(void **state)
{
    (void)state;
    struct flow *f = flow_open(P("    params: {list: [1, 2, 3]}\n", S("a: {action: a, each: '${params.list}', retries: 0}")));
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a/0", outcome_COMPLETED, "{\"x\": 1}");
    flow_end(f, "r-1/a/2", outcome_COMPLETED, "{\"x\": 3}");
    flow_end(f, "r-1/a/1", outcome_FAILED, NULL);
    assert_run(f, "r-1", "FAILED");
    flow_restart(f);
    flow_ask(f, true, "run_retry", "{\"id\": \"r-1\"}");
    assert_null(flow_held(f, "r-1/a/0"));
    flow_restart(f);
    flow_end(f, "r-1/a/1", outcome_COMPLETED, "{\"x\": 2}");
    assert_run(f, "r-1", "COMPLETED");
    assert_int_equal(f->begun, 4);
    flow_close(f);
}

static void p10_cancel_ends_what_runs_and_begins_nothing_more(void **state)
{
    (void)state;
    struct flow *f = flow_open(three);
    flow_run(f, "p", NULL);
    assert_true(flow_ask(f, true, "run_cancel", "{\"id\": \"r-1\", \"reason\": \"enough\"}")->ok);
    assert_step(f, "r-1", "c", "CANCELLED");
    assert_run(f, "r-1", "RUNNING"); /* until its agent has stopped */
    flow_restart(f);
    assert_false(flow_ask(f, true, "run_cancel", "{\"id\": \"r-1\"}")->ok);
    flow_end(f, "r-1/a", outcome_CANCELLED, NULL);
    flow_end(f, "r-1/d", outcome_CANCELLED, NULL);
    assert_run(f, "r-1", "CANCELLED");
    assert_string_equal(run_find(f->c->h, BYTES("r-1"))->r.error.at, "was cancelled by ada: enough");
    flow_restart(f);
    flow_ask(f, true, "run_retry", "{\"id\": \"r-1\"}");
    assert_step(f, "r-1", "a", "RUNNING");
    flow_close(f);
}

static void p8_so_many_runs_at_once_the_others_wait_in_order(void **state)
{
    (void)state;
    struct flow *f = flow_open(P("    max_runs: 1\n", S("a: {action: a}")));
    for (int i = 0; i < 4; i++)
        flow_run(f, "p", NULL);
    assert_run(f, "r-1", "RUNNING");
    assert_run(f, "r-2", "QUEUED");
    flow_restart(f);
    flow_end(f, "r-1/a", outcome_COMPLETED, NULL);
    assert_run(f, "r-2", "RUNNING");
    assert_run(f, "r-3", "QUEUED");
    flow_ask(f, true, "run_cancel", "{\"id\": \"r-3\"}");
    assert_run(f, "r-3", "CANCELLED");
    flow_restart(f);
    flow_end(f, "r-2/a", outcome_COMPLETED, NULL);
    assert_run(f, "r-4", "RUNNING");
    flow_close(f);
}

static void p10_the_newest_ended_runs_are_kept_and_older_ones_leave_nothing(void **state)
{
    (void)state;
    struct flow *f = flow_open(P("    history: 2\n", S("a: {action: a}") S("b: {action: b, after: [a]}")));
    for (int i = 1; i <= 4; i++) {
        char a[32], b[32];
        snprintf(a, sizeof(a), "r-%d/a", i);
        snprintf(b, sizeof(b), "r-%d/b", i);
        flow_run(f, "p", NULL);
        flow_end(f, a, outcome_COMPLETED, NULL);
        flow_end(f, b, outcome_COMPLETED, NULL);
    }
    assert_null(run_find(f->c->h, BYTES("r-2")));
    assert_run(f, "r-3", "COMPLETED");
    flow_restart(f);
    assert_int_equal(records(f, REC_run), 2);
    assert_int_equal(records(f, REC_step), 4);
    assert_int_equal(records(f, REC_plan), 1);
    f->c->config.pipelines = (struct seq){0};
    helios_reload(f->c->h, &f->c->config, "");
    flow_turn(f);
    assert_int_equal(records(f, REC_run) + records(f, REC_step) + records(f, REC_plan), 0);
    flow_close(f);
}

/* The simulator: what a run keeps was counted out of all that is kept, and after a restart it had never been counted in. */
static void p10_ended_runs_are_kept_while_another_is_retried_after_a_restart(void **state)
{
    (void)state;
    struct flow *f = flow_open(three);
    for (int i = 1; i <= 2; i++) {
        char id[32];
        flow_run(f, "p", NULL);
        snprintf(id, sizeof(id), "r-%d/a", i);
        flow_end(f, id, outcome_COMPLETED, i == 1 ? "{\"x\": \"more than the other one has\"}" : "{\"x\": 1}");
        snprintf(id, sizeof(id), "r-%d/b", i);
        flow_end(f, id, outcome_FAILED, NULL);
        snprintf(id, sizeof(id), "r-%d/d", i);
        if (i == 1)
            flow_end(f, id, outcome_COMPLETED, NULL);
    }
    flow_restart(f);
    assert_true(flow_ask(f, true, "run_retry", "{\"id\": \"r-1\"}")->ok);
    flow_end(f, "r-2/d", outcome_COMPLETED, NULL);
    assert_run(f, "r-2", "FAILED");
    flow_close(f);
}

static void a_key_answers_the_same_run(void **state)
{
    (void)state;
    struct flow *f = flow_open(three);
    assert_string_equal(flow_run_with(f, "{\"name\": \"p\", \"key\": \"k\"}"), "r-1");
    flow_restart(f);
    assert_string_equal(flow_run_with(f, "{\"name\": \"p\", \"key\": \"k\"}"), "r-1");
    assert_string_equal(flow_run_with(f, "{\"name\": \"p\", \"key\": \"l\"}"), "r-2");
    flow_close(f);
}

static void p11_what_a_run_looks_like_to_who_asks(void **state)
{
    (void)state;
    struct flow *f = flow_open(P("    dir: /tmp/films\n", S("a: {action: a, artifacts: {film: out.mp4}}") S("b: {action: b, after: [a]}") S("c: {action: c, after: [b]}")));
    flow_run(f, "p", NULL);
    core_pass(f->c, 4000);
    flow_end(f, "r-1/a", outcome_COMPLETED, NULL);
    core_pass(f->c, 2000);
    flow_end(f, "r-1/b", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/c", outcome_COMPLETED, NULL);
    flow_restart(f);
    flow_run(f, "p", NULL);
    core_pass(f->c, 1000);
    struct msg_reply *r = flow_ask(f, false, "run", "{\"id\": \"r-2\"}");
    struct buf text = {0};
    json_print(&text, r->data, false);
    assert_non_null(strstr(buf_str(&text), "\"critical_path\":[\"a\",\"b\",\"c\"]"));
    int64_t left = map_int(r->data, "left_ms", 0);
    assert_true(left >= 4900 && left <= 5100); /* 4 s and 2 s were taken, 1 s has passed */
    buf_clear(&text);
    json_print(&text, flow_ask(f, false, "run", "{\"id\": \"r-1\", \"limit\": 1}")->data, false);
    assert_non_null(strstr(buf_str(&text), "\"path\":\"/tmp/films/p/r-1/out.mp4\""));
    assert_non_null(strstr(buf_str(&text), "\"agent\":\"a1\""));
    assert_null(strstr(buf_str(&text), "\"step\":\"b\",\"state\""));
    assert_false(flow_ask(f, false, "run", "{\"id\": \"r-9\"}")->ok);
    assert_true(flow_ask(f, false, "pipelines", NULL)->ok);
    assert_true(flow_ask(f, false, "pipeline", "{\"name\": \"p\"}")->ok);
    assert_int_equal(map_int(flow_ask(f, false, "runs", "{\"pipeline\": \"p\"}")->data, "total", 0), 2);
    buf_done(&text);
    flow_close(f);
}

/* A chain beside 2000 other steps: what an end writes does not grow with the graph. */
static void p3_an_end_writes_what_it_has_changed_and_nothing_else(void **state)
{
    (void)state;
    struct buf yaml = {0};
    buf_text(&yaml, P("", S("a: {action: a}") S("b: {action: b, after: [a]}") S("c: {action: c, after: [b]}") S("d: {action: d, after: [c]}")));
    for (int i = 0; i < 2000; i++)
        buf_printf(&yaml, "      s%d: {action: d, after: [d]}\n", i);
    struct flow *f = flow_open(buf_str(&yaml));
    flow_run(f, "p", NULL);
    size_t before = f->c->n_writes;
    flow_end(f, "r-1/a", outcome_COMPLETED, NULL);
    size_t written = f->c->n_writes - before;
    assert_true(written <= 10);
    assert_step(f, "r-1", "b", "RUNNING");
    flow_end(f, "r-1/b", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/c", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/d", outcome_COMPLETED, NULL);
    core_pass(f->c, 100);
    assert_step(f, "r-1", "s1999", "RUNNING");
    flow_restart(f);
    assert_step(f, "r-1", "s1999", "RUNNING");
    buf_done(&yaml);
    flow_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p10_retry_begins_what_failed_and_not_what_succeeded),
        cmocka_unit_test(p10_a_retried_fan_out_keeps_the_parts_that_succeeded),
        cmocka_unit_test(p10_cancel_ends_what_runs_and_begins_nothing_more),
        cmocka_unit_test(p8_so_many_runs_at_once_the_others_wait_in_order),
        cmocka_unit_test(p10_the_newest_ended_runs_are_kept_and_older_ones_leave_nothing),
        cmocka_unit_test(p10_ended_runs_are_kept_while_another_is_retried_after_a_restart),
        cmocka_unit_test(a_key_answers_the_same_run),
        cmocka_unit_test(p3_an_end_writes_what_it_has_changed_and_nothing_else),
        cmocka_unit_test(p11_what_a_run_looks_like_to_who_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
