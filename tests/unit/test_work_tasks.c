/* SPDX-License-Identifier: MPL-2.0 */
/* The life of tasks: states, keys, timeouts, retries, results (T1–T7, C5, C8). */
#include "work_harness.h"

/* ---- T1 ---- */

static void every_cell_of_the_table(void **state) /* T1 */
{
    (void)state;
    static const char *const cells[task_state_COUNT] = {
        /* START SUCCEED RETRY VANISH GIVE_UP STOP DROP LOSE DUE */
        [task_state_PENDING] = "+...+.+..",  [task_state_IN_PROGRESS] = ".+++++++.",
        [task_state_RETRYING] = "....+.+.+", [task_state_COMPLETED] = ".........",
        [task_state_FAILED] = ".........",   [task_state_CANCELLED] = ".........",
        [task_state_UNKNOWN] = ".........",
    };
    for (int s = 0; s < task_state_COUNT; s++) {
        assert_int_equal(strlen(cells[s]), TASK_EVENTS);
        for (int e = 0; e < TASK_EVENTS; e++)
            assert_int_equal(task_can((enum task_state)s, (enum task_event)e), cells[s][e] == '+');
    }
}

static void what_cannot_happen_changes_nothing(void **state) /* T1 */
{
    (void)state;
    struct core *c = realm();
    const char *id = submit(c, REQUEST());
    struct task *t = task_find(c->h, bytes_of(id));
    assert_int_equal(task_change(c->h, t, TASK_SUCCEED, ""), -EINVAL);
    assert_int_equal(task_change(c->h, t, TASK_DUE, ""), -EINVAL);
    assert_state(c, id, "PENDING");
    core_free(c);
}

static void a_task_runs_and_is_done(void **state) /* T1, C8 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    assert_string_equal(id, "t-1");
    assert_true(was_given(c, 1, id, 1));
    assert_state(c, id, "IN_PROGRESS");
    struct msg_result r = {
        .task = bytes_of(id), .attempt = 1, .outcome = outcome_COMPLETED, .output = BYTES("hello")};
    assert_string_equal(say_result(c, 1, r), "ok");
    assert_state(c, id, "COMPLETED");
    struct msg_done *done = core_heard(c, CLIENT, MSG_done);
    struct msg_ended *ended = done->items.at;
    assert_true(bytes_is(ended->output, "hello"));
    assert_int_equal(ended->state, task_state_COMPLETED);
    struct core_record *record;
    HASH_FIND_STR(c->redis, "1/t-1", record);
    assert_int_equal(REC_task, 1);
    assert_null(record); /* it left the live set */
    core_free(c);
}

/* ---- T2 ---- */

static void the_idempotency_key_reaches_the_action(void **state) /* T2 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *one = submit(c, REQUEST());
    assert_true(bytes_is(given(c, 1)->key, one));
    result(c, 1, one, 1, outcome_FAILED);
    core_pass(c, 60000);
    struct msg_task *again = given(c, 1);
    assert_int_equal(again->attempt, 2);
    assert_true(bytes_is(again->key, one));
    result(c, 1, one, 2, outcome_COMPLETED);
    submit(c, REQUEST(.key = BYTES("nightly")));
    assert_true(bytes_is(given(c, 1)->key, "cli/nightly"));
    core_free(c);
}

static void at_most_once_is_never_sent_twice(void **state) /* T2 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.at_most_once = true, .max_attempts = 5));
    assert_true(was_given(c, 1, id, 1));
    vanish(c, 1);
    assert_state(c, id, "UNKNOWN");
    assert_non_null(core_event(c, EVENT_task_unknown));
    assert_non_null(failed_find(c->h, bytes_of(id))); /* for a person */
    join(c, 1, "a1");
    const char *late = submit(c, REQUEST(.at_most_once = true, .attempt_ms = 1000));
    assert_true(was_given(c, 1, late, 1));
    core_pass(c, 7000);
    assert_state(c, late, "UNKNOWN");
    const char *said_no = submit(c, REQUEST(.at_most_once = true));
    core_pass(
        c, 60000); /* the attempt before still counts against the credit until its stop expires */
    assert_true(was_given(c, 1, said_no, 1));
    result(c, 1, said_no, 1, outcome_FAILED);
    assert_state(c, said_no, "FAILED");
    core_free(c);
}

/* ---- T3 ---- */

static void one_key_is_one_task(void **state) /* T3 */
{
    (void)state;
    struct core *c = realm();
    struct msg_request r = REQUEST(.key = BYTES("k"), .note = BYTES("x"));
    const char *id = submit(c, r);
    assert_string_equal(submit(c, r), id);
    assert_int_equal(c->h->work.n_tasks, 1);
    r.note = BYTES("another body");
    assert_string_equal(submit(c, r), "key_reused");
    assert_string_not_equal(submit_as(c, CLIENT, "other", r), id); /* keys are each client's own */
    core_free(c);
}

static void a_key_outlives_its_task_and_a_restart(void **state) /* T3 */
{
    (void)state;
    struct core *c = realm();
    struct msg_request r = REQUEST(.key = BYTES("k"));
    join(c, 1, "a1");
    const char *id = submit(c, r);
    assert_true(was_given(c, 1, id, 1));
    result(c, 1, id, 1, outcome_COMPLETED);
    core_restart(c);
    assert_string_equal(submit(c, r), id);
    struct msg_done *done = core_heard(c, CLIENT, MSG_done);
    assert_non_null(done); /* who asks again hears how it ended */
    assert_int_equal(((struct msg_ended *)done->items.at)->state, task_state_COMPLETED);
    r.priority = 1;
    assert_string_equal(submit(c, r), "key_reused");
    core_free(c);
}

static void keys_are_bounded(void **state) /* T3 */
{
    (void)state;
    struct core *c = realm();
    c->config.tasks.keep_keys = 2;
    join(c, 1, "a1");
    static const char *const keys[] = {"k1", "k2", "k3"};
    for (unsigned i = 0; i < 3; i++) {
        const char *id = submit(c, REQUEST(.key = bytes_of(keys[i])));
        result(c, 1, id, 1, outcome_COMPLETED);
    }
    assert_int_equal(c->h->work.n_keys, 2);
    assert_null(key_find(c->h, "cli/k1"));
    assert_non_null(key_find(c->h, "cli/k3"));
    core_free(c);
}

/* ---- T4 ---- */

static void the_queue_timeout_is_never_retried(void **state) /* T4 */
{
    (void)state;
    struct core *c = realm();
    const char *id = submit(c, REQUEST(.queue_ms = 5000, .max_attempts = 3));
    core_pass(c, 4999);
    assert_state(c, id, "PENDING");
    core_pass(c, 1);
    assert_state(c, id, "FAILED");
    assert_non_null(core_event(c, EVENT_task_failed));
    core_free(c);
}

static void an_attempt_without_an_answer_is_judged(void **state) /* T4, T5 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.attempt_ms = 10000, .backoff_ms = 1000));
    assert_true(was_given(c, 1, id, 1));
    core_pass(c, 10000 + ATTEMPT_GRACE_MS - 1);
    assert_state(c, id, "IN_PROGRESS");
    core_pass(c, 1);
    assert_state(c, id, "RETRYING");
    struct msg_beat_ok *ok = NULL, *one; /* it is told to stop */
    while ((one = core_heard(c, 1, MSG_beat_ok)))
        ok = one->cancels.n ? one : ok;
    assert_non_null(ok);
    assert_true(bytes_is(((struct msg_cancel *)ok->cancels.at)->task, id));
    assert_string_equal(result(c, 1, id, 1, outcome_COMPLETED), "stale"); /* too late */
    assert_int_equal(c->h->counters.refused_results, 1);
    assert_non_null(core_event(c, EVENT_result_refused));
    core_free(c);
}

static void the_attempts_time_starts_when_it_runs(void **state) /* T4 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 1);
    hello.prefetch = 1;
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    const char *id = submit(c, REQUEST(.attempt_ms = 10000));
    for (int i = 0; i < 9; i++) { /* nine seconds behind another one */
        core_pass(c, 1000);
        core_beat(c, 1);
    }
    struct msg_running running = {.task = bytes_of(id), .attempt = 1};
    struct msg_beat beat = {.running = {&running, 1}};
    core_send(c, 1, MSG_beat, &beat);
    c->beating[1] = true;
    core_pass(c, 10000 + ATTEMPT_GRACE_MS - 1);
    assert_state(c, id, "IN_PROGRESS");
    core_pass(c, 1);
    assert_state(c, id, "RETRYING");
    core_free(c);
}

static void the_total_includes_the_backoff(void **state) /* T4 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.total_ms = 30000, .backoff_ms = 20000, .attempt_ms = 1000));
    result(c, 1, id, 1, outcome_FAILED);
    assert_state(c, id, "RETRYING");
    core_pass(c, 20000);
    assert_state(c, id, "IN_PROGRESS");
    result(c, 1, id, 2, outcome_FAILED); /* the next one could not start in time */
    assert_state(c, id, "FAILED");
    const char *runs = submit(c, REQUEST(.total_ms = 3000, .attempt_ms = 3000));
    core_pass(c, 3000);
    assert_state(c, runs, "FAILED");
    assert_string_equal(submit(c, REQUEST(.total_ms = 1000, .attempt_ms = 2000)), "bad_request");
    core_free(c);
}

/* ---- T5 ---- */

static void only_the_holders_current_attempt_counts(void **state) /* T5 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    join_many(c, 2, "a2", "other", 1);
    const char *id = submit(c, REQUEST(.backoff_ms = 1000));
    assert_true(was_given(c, 1, id, 1));
    assert_string_equal(result(c, 2, id, 1, outcome_COMPLETED), "stale"); /* another agent's */
    assert_string_equal(result(c, 1, id, 2, outcome_COMPLETED), "stale"); /* not this attempt */
    assert_string_equal(result(c, 1, "t-99", 1, outcome_COMPLETED), "unknown");
    assert_state(c, id, "IN_PROGRESS");
    assert_int_equal(c->h->counters.refused_results, 3);
    result(c, 1, id, 1, outcome_FAILED);
    core_pass(c, 1000);
    assert_true(was_given(c, 1, id, 2));
    assert_string_equal(result(c, 1, id, 1, outcome_FAILED),
                        "ok"); /* its acknowledgement was lost (A4) */
    assert_state(c, id, "IN_PROGRESS");
    assert_string_equal(result(c, 1, id, 2, outcome_COMPLETED), "ok");
    assert_string_equal(result(c, 1, id, 2, outcome_COMPLETED), "ok");
    assert_int_equal(c->h->counters.completed, 1);
    core_free(c);
}

/* ---- T6 ---- */

static void failures_are_retried_with_a_doubling_pause(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.max_attempts = 4));
    int64_t pause = 60000;
    for (uint64_t attempt = 1; attempt < 4; attempt++, pause *= 2) { /* 1, 2, 4 min */
        assert_true(was_given(c, 1, id, attempt));
        result(c, 1, id, attempt, outcome_FAILED);
        assert_state(c, id, "RETRYING");
        assert_why(c, id, "backoff");
        core_pass(c, pause - 1);
        assert_state(c, id, "RETRYING");
        core_pass(c, 1);
    }
    result(c, 1, id, 4, outcome_FAILED);
    assert_state(c, id, "FAILED");
    core_free(c);
}

static void the_pause_is_capped_and_drawn(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    c->config.tasks.backoff_cap_ms = 100000;
    assert_int_equal(backoff_ms(c->h, 60000, 1), 60000);
    assert_int_equal(backoff_ms(c->h, 60000, 2), 100000);
    assert_int_equal(backoff_ms(c->h, 60000, 60), 100000);
    assert_int_equal(backoff_ms(c->h, 0, 9), 0);
    c->config.tasks.jitter = true;
    bool differ = false;
    for (int i = 0; i < 50; i++) {
        int64_t drawn = backoff_ms(c->h, 60000, 1);
        assert_in_range(drawn, 0, 59999);
        differ |= drawn != backoff_ms(c->h, 60000, 1);
    }
    assert_true(differ);
    core_free(c);
}

static void some_exit_codes_are_final(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    struct msg_result r = {
        .task = bytes_of(id), .attempt = 1, .outcome = outcome_FAILED, .exit_code = 64};
    say_result(c, 1, r);
    assert_state(c, id, "FAILED");
    core_free(c);
}

static void losses_count_apart_and_start_again_at_once(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.max_attempts = 1));
    vanish(c, 1);
    struct task *t = task_find(c->h, bytes_of(id));
    assert_int_equal(t->r.lost, 1);
    assert_state(c, id, "PENDING"); /* no pause */
    assert_non_null(core_event(c, EVENT_task_lost));
    join(c, 1, "a1");
    core_turn(c);
    assert_true(was_given(c, 1, id, 1) && was_given(c, 1, id, 2));
    result(c, 1, id, 2, outcome_FAILED); /* the first failure of its own */
    assert_state(c, id, "FAILED");
    core_free(c);
}

static void killed_for_memory_counts_apart(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.max_attempts = 2, .backoff_ms = 1000));
    result(c, 1, id, 1, outcome_OOM);
    core_pass(c, 1000);
    result(c, 1, id, 2, outcome_FAILED);
    assert_state(c, id, "RETRYING"); /* one OOM, one failure: neither is at its limit */
    core_pass(c, 1000);
    result(c, 1, id, 3, outcome_OOM);
    assert_state(c, id, "FAILED");
    core_free(c);
}

static void two_dead_agents_make_it_poison(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    vanish(c, 1);
    join(c, 2, "a2");
    core_turn(c);
    assert_true(was_given(c, 2, id, 2));
    vanish(c, 2);
    assert_state(c, id, "FAILED");
    assert_non_null(core_event(c, EVENT_task_poison));
    core_free(c);
}

static void a_refusal_goes_to_another_agent_or_ends(void **state) /* T6, A1 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *alone = submit(c, REQUEST());
    result(c, 1, alone, 1, outcome_REFUSED);
    assert_state(c, alone, "FAILED");
    const char *id = submit(c, REQUEST());
    join(c, 2, "a2");
    result(c, 1, id, 1, outcome_REFUSED);
    assert_true(was_given(c, 2, id, 2));
    core_free(c);
}

/* ---- T7 ---- */

static void a_retry_passes_every_gate_again(void **state) /* T7 */
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 4);
    struct bytes lock = BYTES("db");
    const char *first = submit(c, REQUEST(.locks = {&lock, 1}, .backoff_ms = 1000));
    result(c, 1, first, 1, outcome_FAILED);
    const char *second = submit(c, REQUEST(.locks = {&lock, 1}));
    assert_state(c, second, "IN_PROGRESS");
    core_pass(c, 1000);
    assert_state(c, first, "PENDING");
    assert_why(c, first, "t-2 holds its lock db");
    result(c, 1, second, 1, outcome_COMPLETED);
    assert_state(c, first, "IN_PROGRESS");
    core_free(c);
}

/* ---- dependencies ---- */

static void after_waits_for_completion(void **state) /* T7, T11 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *first = submit(c, REQUEST());
    struct bytes id = bytes_of(first);
    const char *second = submit(c, REQUEST(.after = {&id, 1}));
    assert_why(c, second, "comes after t-1, which is IN_PROGRESS");
    core_restart(c);
    join(c, 1, "a1");
    assert_state(c, second, "PENDING");
    core_turn(c);
    core_pass(c, 1000);
    assert_state(c, first, "IN_PROGRESS");
    result(c, 1, first, task_find(c->h, id)->r.attempt, outcome_COMPLETED);
    assert_state(c, second, "IN_PROGRESS");
    assert_string_equal(submit(c, REQUEST(.after = {&id, 1})),
                        "t-3"); /* completed ones are no obstacle */
    struct bytes nobody = BYTES("t-99");
    assert_string_equal(submit(c, REQUEST(.after = {&nobody, 1})), "bad_request");
    core_free(c);
}

static void a_chain_of_any_length_fails_with_its_first(void **state)
{
    (void)state;
    struct core *c = realm();
    char last[32] = "";
    for (int i = 0; i < 20000; i++) {
        struct bytes before = bytes_of(last);
        snprintf(last, sizeof(last), "%s", submit(c, REQUEST(.after = {&before, i > 0})));
    }
    struct buf args = {0};
    order(c, "cancel", core_args(&args, "id", "t-1", NULL));
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_state(c, last, "FAILED");
    buf_done(&args);
    core_free(c);
}

/* ---- C5 ---- */

static void while_commits_are_held_nothing_is_promised(void **state) /* C5 */
{
    (void)state;
    struct core *c = realm();
    join_many(c, 1, "a1", "echo", 2);
    const char *id = submit(c, REQUEST());
    assert_true(was_given(c, 1, id, 1));
    c->held = true;
    helios_hold(c->h, true, "Redis is full");
    assert_string_equal(submit(c, REQUEST()), "busy"); /* at once, though nothing can be saved */
    assert_null(result(c, 1, id, 1, outcome_COMPLETED));
    assert_state(c, id, "IN_PROGRESS");
    core_beat(c, 1);
    core_turn(c);
    assert_non_null(core_heard(c, 1, MSG_beat_ok));
    c->held = false;
    helios_hold(c->h, false, NULL);
    core_turn(c);
    assert_string_equal(result(c, 1, id, 1, outcome_COMPLETED), "ok");
    core_free(c);
}

static void held_commits_hold_dispatch(void **state) /* C5 */
{
    (void)state;
    struct core *c = realm();
    const char *id = submit(c, REQUEST());
    helios_hold(c->h, true, "Redis is full");
    join(c, 1, "a1");
    assert_state(c, id, "PENDING");
    assert_why(c, id, "cannot be saved");
    helios_hold(c->h, false, NULL);
    core_turn(c);
    assert_state(c, id, "IN_PROGRESS");
    core_free(c);
}

/* Found by the simulator: while one commit was long on its way, an agent was lost and its attempt
 * went elsewhere; then both attempts were sent, the lost one first. */
static void what_ended_before_its_commit_is_never_sent(void **state) /* T2, T5 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    join_many(c, 2, "a2", "other", 1);
    struct msg_request r = REQUEST(.action = BYTES("echo"), .at_most_once = true);
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {&r, 1}};
    core_send(c, CLIENT, MSG_submit, &m);
    helios_tick(c->h, c->now); /* it begins, and no commit can be taken */
    assert_state(c, "t-1", "IN_PROGRESS");
    core_send(c, 1, MSG_bye, &(struct msg_bye){.reason = BYTES("gone")});
    helios_tick(c->h, c->now);
    core_cut(c);
    assert_null(given(c, 1));
    core_free(c);
}

static void what_is_cancelled_before_its_commit_is_never_sent(void **state) /* T10 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join(c, 1, "a1");
    struct msg_request r = REQUEST(.action = BYTES("echo"));
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {&r, 1}};
    core_send(c, CLIENT, MSG_submit, &m);
    helios_tick(c->h, c->now);
    assert_state(c, "t-1", "IN_PROGRESS");
    order(c, "cancel", core_args(&args, "id", "t-1", NULL));
    assert_state(c, "t-1", "CANCELLED");
    assert_null(given(c, 1));
    core_forget_said(c);
    assert_state(c, submit(c, REQUEST()), "IN_PROGRESS"); /* its credit is free again */
    buf_done(&args);
    core_free(c);
}

/* ---- owners, watchers, validation ---- */

static void the_owner_hears_the_end_once(void **state)
{
    (void)state;
    struct core *c = realm();
    char err[200];
    struct msg_request r = REQUEST(.action = BYTES("echo"), .key = BYTES("o-1:apply"));
    struct task *t = task_submit(c->h, &r, "helios", "test", "o-1", "c-1", err);
    assert_non_null(t);
    assert_ptr_equal(task_submit(c->h, &r, "helios", "test", "o-1", "c-1", err), t);
    core_turn(c);
    core_restart(c);
    t = task_find(c->h, BYTES("t-1"));
    assert_int_equal(task_cancel(c->h, t, "no longer needed"), 0);
    assert_int_equal(decider_seen.done, 1);
    assert_string_equal(decider_seen.owner_id, "o-1");
    assert_int_equal(decider_seen.done_state, task_state_CANCELLED);
    assert_null(task_submit(c->h, &r, "helios", "test", "o-1", "c-1", err));
    assert_non_null(strstr(err, "has ended"));
    core_free(c);
}

static void the_controller_does_internal_tasks_itself(void **state)
{
    (void)state;
    struct core *c = realm();
    const char *id = submit(c, REQUEST(.action = BYTES("think"), .attempt_ms = 1000));
    assert_int_equal(decider_seen.asked, 1);
    assert_string_equal(decider_seen.asked_id, id);
    core_pass(c, 100000); /* its decider's deadlines hold, not the attempt's */
    assert_state(c, id, "IN_PROGRESS");
    core_restart(c);
    core_turn(c);
    assert_int_equal(decider_seen.asked, 1); /* asked again by the next leader */
    task_end_internal(c->h, task_find(c->h, bytes_of(id)), task_state_COMPLETED, BYTES("\x80"),
                      NULL);
    assert_state(c, id, "COMPLETED");
    core_free(c);
}

static void watch_answers_late_and_lost_ones(void **state)
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    result(c, 1, id, 1, outcome_COMPLETED);
    core_forget_said(c);
    struct bytes ids[] = {bytes_of(id), BYTES("t-77")};
    struct msg_watch m = {.ref = BYTES("2"), .ids = {ids, 2}};
    core_send(c, CLIENT_2, MSG_watch, &m);
    core_turn(c);
    struct msg_done *done = core_heard(c, CLIENT_2, MSG_done);
    struct msg_ended *items = done->items.at;
    assert_int_equal(done->items.n, 2);
    assert_int_equal(items[0].state, task_state_COMPLETED);
    assert_int_equal(items[1].state, task_state_UNKNOWN);
    assert_true(items[1].forgotten && !items[0].forgotten);
    core_free(c);
}

static void bad_requests_get_a_sentence(void **state)
{
    (void)state;
    struct core *c = realm();
    struct bytes twice[] = {BYTES("db"), BYTES("db")}, odd = BYTES("no name");
    const struct msg_request bad[] = {
        {.action = BYTES("rm -rf")},
        {.action = BYTES("echo"), .role = BYTES("priest")},
        {.priority = 5},
        {.swarm = BYTES("a b")},
        {.locks = {twice, 2}},
        {.locks = {&odd, 1}},
        {.max_attempts = 101},
        {.not_before = -1},
        {.after = {&odd, 1}},
        {.total_ms = 1ull << 52},
        {.key = BYTES("\xff\xfe")},
        {.fair = BYTES("a|b")},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_string_equal(submit(c, bad[i]), "bad_request");
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_int_equal(c->h->counters.rejected, ARRAY_SIZE(bad));
    core_free(c);
}

static void a_full_queue_refuses_clients(void **state) /* T9 */
{
    (void)state;
    struct core *c = realm();
    char err[200];
    c->config.tasks.max_queued = 2;
    submit(c, REQUEST());
    submit(c, REQUEST());
    assert_string_equal(submit(c, REQUEST()), "full");
    struct msg_request r = REQUEST(.action = BYTES("echo"));
    assert_non_null(
        task_submit(c->h, &r, "helios", "test", "o-1", "", err)); /* rollbacks must get through */
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_table),
        cmocka_unit_test(what_cannot_happen_changes_nothing),
        cmocka_unit_test(a_task_runs_and_is_done),
        cmocka_unit_test(the_idempotency_key_reaches_the_action),
        cmocka_unit_test(at_most_once_is_never_sent_twice),
        cmocka_unit_test(one_key_is_one_task),
        cmocka_unit_test(a_key_outlives_its_task_and_a_restart),
        cmocka_unit_test(keys_are_bounded),
        cmocka_unit_test(the_queue_timeout_is_never_retried),
        cmocka_unit_test(an_attempt_without_an_answer_is_judged),
        cmocka_unit_test(the_attempts_time_starts_when_it_runs),
        cmocka_unit_test(the_total_includes_the_backoff),
        cmocka_unit_test(only_the_holders_current_attempt_counts),
        cmocka_unit_test(failures_are_retried_with_a_doubling_pause),
        cmocka_unit_test(the_pause_is_capped_and_drawn),
        cmocka_unit_test(some_exit_codes_are_final),
        cmocka_unit_test(losses_count_apart_and_start_again_at_once),
        cmocka_unit_test(killed_for_memory_counts_apart),
        cmocka_unit_test(two_dead_agents_make_it_poison),
        cmocka_unit_test(a_refusal_goes_to_another_agent_or_ends),
        cmocka_unit_test(a_retry_passes_every_gate_again),
        cmocka_unit_test(after_waits_for_completion),
        cmocka_unit_test(a_chain_of_any_length_fails_with_its_first),
        cmocka_unit_test(while_commits_are_held_nothing_is_promised),
        cmocka_unit_test(held_commits_hold_dispatch),
        cmocka_unit_test(what_ended_before_its_commit_is_never_sent),
        cmocka_unit_test(what_is_cancelled_before_its_commit_is_never_sent),
        cmocka_unit_test(the_owner_hears_the_end_once),
        cmocka_unit_test(the_controller_does_internal_tasks_itself),
        cmocka_unit_test(watch_answers_late_and_lost_ones),
        cmocka_unit_test(bad_requests_get_a_sentence),
        cmocka_unit_test(a_full_queue_refuses_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
