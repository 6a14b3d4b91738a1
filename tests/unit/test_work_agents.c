/* SPDX-License-Identifier: MPL-2.0 */
/* Agents: hello, beats, losses, reconnects, restarts (A2–A5, A8, A9, L4, L6), and the states that
 * survive (T10, T12, X11). */
#include "work_harness.h"

static struct msg_refuse *refused(struct core *c, int peer, const struct msg_hello *m)
{
    core_send(c, peer, MSG_hello, m);
    core_turn(c);
    return core_heard(c, peer, MSG_refuse);
}

/* ---- hello ---- */

static void two_live_instances_of_one_id(void **state) /* A5 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello other = hello_of("a1", &echo, 1);
    other.instance = BYTES("i2");
    join(c, 1, "a1");
    struct msg_refuse *no = refused(c, 2, &other);
    assert_true(bytes_is(no->code, "id_in_use"));
    assert_int_equal(no->retry_ms, 3000);
    core_pass(c, 10000); /* the older one beats: still refused */
    assert_non_null(refused(c, 2, &other));
    vanish(c, 1);
    assert_null(refused(c, 2, &other));
    assert_non_null(core_heard(c, 2, MSG_welcome));
    core_free(c);
}

static void who_cannot_be_taken_in_hears_why(void **state) /* A6, L4 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")}, odd = {.name = BYTES("rm -rf /")};
    struct msg_hello good = hello_of("a1", &echo, 1), m = good;
    m.agent = BYTES("no name\x1b[2J");
    assert_true(bytes_is(refused(c, 1, &m)->code, "bad_hello"));
    m = good, m.slots = 0;
    assert_true(bytes_is(refused(c, 1, &m)->code, "bad_hello"));
    m = good, m.actions.at = &odd;
    assert_true(bytes_is(refused(c, 1, &m)->code, "bad_hello"));
    m = good, m.epoch = 9; /* it has seen a newer leader */
    assert_true(bytes_is(refused(c, 1, &m)->code, "not_leader"));
    join(c, 1, "a1");
    m = good, m.agent = BYTES("a2"); /* on a1's connection */
    assert_true(bytes_is(refused(c, 1, &m)->code, "bad_hello"));
    core_free(c);
}

static void agents_are_bounded_and_the_dead_make_room(void **state)
{
    (void)state;
    struct core *c = realm();
    c->config.agents.max = 2;
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello third = hello_of("a3", &echo, 1);
    join(c, 1, "a1");
    join(c, 2, "a2");
    assert_true(bytes_is(refused(c, 3, &third)->code, "not_allowed"));
    vanish(c, 2);
    assert_null(refused(c, 3, &third));
    assert_null(agent_find(c->h, BYTES("a2")));
    core_free(c);
}

/* ---- signed tasks (Z7) ---- */

static void join_signed(struct core *c, int peer, const char *id)
{
    struct msg_action echo = {.name = BYTES("echo"), .needs_signature = true};
    struct msg_hello hello = hello_of(id, &echo, 1);
    core_send(c, peer, MSG_hello, &hello);
    core_turn(c);
}

static void an_unsigned_task_waits_and_a_signed_one_goes_as_it_came(void **state)
{
    (void)state;
    struct core *c = realm();
    join_signed(c, 1, "a1");
    const char *bare = submit(c, REQUEST());
    assert_state(c, bare, "PENDING");
    assert_why(c, bare, "runs only signed tasks");
    const char *id = submit(c, REQUEST(.signature = BYTES("by ada")));
    assert_state(c, id, "IN_PROGRESS");
    const struct msg_tasks *sent = core_heard(c, 1, MSG_tasks);
    const struct msg_task *item = sent->items.at;
    assert_true(bytes_is(item->signature, "by ada"));
    assert_true(bytes_is(task_find(c->h, bytes_of(id))->r.signature, "by ada"));
    join(c, 2, "a2"); /* demands none */
    assert_state(c, bare, "IN_PROGRESS");
    core_free(c);
}

static void a_refused_signature_is_the_end(void **state)
{
    (void)state;
    struct core *c = realm();
    join_signed(c, 1, "a1");
    join_signed(c, 2, "a2");
    const char *id = submit(c, REQUEST(.signature = BYTES("by eve"), .max_attempts = 3));
    const char *holder = task_find(c->h, bytes_of(id))->agent->r.id.at;
    say_result(c, holder[1] - '0',
               (struct msg_result){.task = bytes_of(id), .attempt = 1, .outcome = outcome_REFUSED,
                                   .error = BYTES("not signed by an allowed signer"),
                                   .not_signed = true});
    assert_state(c, id, "FAILED");
    assert_int_equal(c->h->counters.not_signed, 1);
    assert_non_null(core_event(c, EVENT_task_not_signed));
    core_free(c);
}

/* Signing again draws another nonce: the key still means the first task (T3). */
static void a_key_outlives_its_signature(void **state)
{
    (void)state;
    struct core *c = realm();
    _autofree_ char *first = xdup(submit(c, REQUEST(.key = BYTES("k"), .signature = BYTES("one"))));
    assert_string_equal(submit(c, REQUEST(.key = BYTES("k"), .signature = BYTES("two"))), first);
    core_free(c);
}

/* ---- beats ---- */

static void a_beat_is_answered_at_once_with_what_to_stop(void **state) /* A2, T10 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    order(c, "cancel", core_args(&args, "id", id, NULL));
    struct msg_beat_ok *now = core_heard(c, 1, MSG_beat_ok); /* unasked, right after the commit */
    assert_int_equal(now->cancels.n, 1);
    assert_state(c, id, "IN_PROGRESS");
    core_restart(c); /* cancelling survives */
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 1);
    struct bytes holds = BYTES("t-1/1");
    hello.holds = (struct seq){&holds, 1};
    core_send(c, 1, MSG_hello, &hello);
    core_beat(c, 1);
    core_turn(c);
    assert_int_equal(((struct msg_beat_ok *)core_heard(c, 1, MSG_beat_ok))->cancels.n, 1);
    result(c, 1, id, 1, outcome_CANCELLED);
    assert_state(c, id, "CANCELLED");
    core_beat(c, 1);
    core_turn(c);
    assert_int_equal(((struct msg_beat_ok *)core_heard(c, 1, MSG_beat_ok))->cancels.n, 0);
    buf_done(&args);
    core_free(c);
}

static void what_completed_before_the_cancel_is_completed(void **state) /* T10 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    task_cancel(c->h, task_find(c->h, bytes_of(id)), "changed my mind");
    result(c, 1, id, 1, outcome_COMPLETED);
    assert_state(c, id, "COMPLETED");
    core_free(c);
}

/* Three beats to notice that the leader is gone, a second until the next hello, three beats again. */
#define AFTER_RESTART 7000

static void a_stranger_is_asked_to_say_hello(void **state) /* A2 */
{
    (void)state;
    struct core *c = realm();
    core_beat(c, 7);
    core_turn(c);
    assert_true(((struct msg_beat_ok *)core_heard(c, 7, MSG_beat_ok))->again);
    core_free(c);
}

static void progress_and_checkpoint_reach_the_next_attempt(void **state) /* A8 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    struct msg_running running = {.task = bytes_of(id),
                                  .attempt = 1,
                                  .percent = 40,
                                  .note = BYTES("12 of 30"),
                                  .checkpoint = BYTES("page=12")};
    struct msg_beat beat = {.running = {&running, 1}};
    core_send(c, 1, MSG_beat, &beat);
    core_turn(c);
    assert_non_null(core_event(c, EVENT_task_progress));
    assert_int_equal(task_find(c->h, bytes_of(id))->percent, 40);
    given(c, 1);
    core_restart(c); /* the checkpoint is durable */
    core_pass(c, AFTER_RESTART);
    join(c, 2, "a2");
    core_turn(c);
    struct msg_task *second = given(c, 2);
    assert_int_equal(second->attempt, 2);
    assert_true(bytes_is(second->checkpoint, "page=12"));
    core_free(c);
}

/* ---- lost, left ---- */

static void three_missed_beats_are_a_loss(void **state) /* A3 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    c->beating[1] = false;
    core_pass(c, 2999);
    assert_int_equal(c->h->work.n_agents_live, 1);
    core_pass(c, 1);
    assert_int_equal(c->h->work.n_agents_live, 0);
    assert_non_null(core_event(c, EVENT_agent_lost));
    assert_state(c, id, "PENDING");
    assert_int_equal(c->h->counters.lost_attempts, 1);
    assert_string_equal(result(c, 1, id, 1, outcome_COMPLETED) ? "said" : "",
                        ""); /* it must say hello first */
    core_free(c);
}

static void our_own_pause_is_nobodys_fault(void **state) /* L6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.attempt_ms = 1000));
    c->now += 60000; /* the controller itself was stopped */
    core_turn(c);
    core_pass(c, 2000);
    assert_int_equal(c->h->work.n_agents_live, 1);
    assert_state(c, id, "IN_PROGRESS"); /* the pause does not count */
    c->beating[1] = false;
    core_pass(c, 4000);
    assert_int_equal(c->h->work.n_agents_live, 0);
    core_free(c);
}

static void stopped_on_purpose_is_no_alarm(void **state) /* A9 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.max_attempts = 1));
    struct msg_bye bye = {.reason = BYTES("upgrade")};
    core_send(c, 1, MSG_bye, &bye);
    core_turn(c);
    c->beating[1] = false;
    assert_non_null(core_event(c, EVENT_agent_left));
    assert_state(c, id, "PENDING"); /* no lost task */
    assert_int_equal(task_find(c->h, bytes_of(id))->r.killed.n, 0);
    core_restart(c);
    core_pass(c, 10000);
    assert_null(core_event(c, EVENT_agent_lost));
    join(c, 2, "a2");
    core_turn(c);
    assert_true(was_given(c, 2, id, 2));
    core_free(c);
}

/* ---- reconnects and restarts ---- */

static void what_an_agent_holds_is_adopted_after_a_restart(void **state) /* A4, L4 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 2);
    core_send(c, 1, MSG_hello, &hello);
    const char *kept = submit(c, REQUEST()), *gone = submit(c, REQUEST());
    core_restart(c);
    core_pass(c, 1000);
    assert_state(c, kept, "IN_PROGRESS"); /* it waits for its agent's hello */
    struct bytes holds[] = {BYTES("t-1/1"), BYTES("t-9/4"), BYTES("nonsense")};
    hello.holds = (struct seq){holds, 3};
    hello.epoch = 1;
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_state(c, kept, "IN_PROGRESS");
    assert_int_equal(task_find(c->h, bytes_of(kept))->r.attempt, 1);
    struct msg_beat_ok *ok =
        core_heard(c, 1, MSG_beat_ok); /* what is not its own any more is to be stopped */
    assert_true(bytes_is(((struct msg_cancel *)ok->cancels.at)->task, "t-9"));
    assert_int_equal(task_find(c->h, bytes_of(gone))->r.lost, 0); /* this hello may be older than it */
    assert_true(((struct msg_beat_ok *)core_heard(c, 1, MSG_beat_ok))->again);
    hello.epoch = c->epoch;
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_int_equal(task_find(c->h, bytes_of(gone))->r.lost, 1); /* it never arrived */
    assert_string_equal(result(c, 1, kept, 1, outcome_COMPLETED), "ok");
    assert_state(c, kept, "COMPLETED");
    core_free(c);
}

static void who_does_not_come_back_after_a_restart_is_lost(void **state) /* A3 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    core_restart(c);
    core_pass(c, AFTER_RESTART - 1000);
    assert_null(core_event(c, EVENT_agent_lost)); /* it has the time to find the new leader */
    core_pass(c, 1000);
    assert_non_null(core_event(c, EVENT_agent_lost));
    assert_state(c, id, "PENDING");
    core_restart(c); /* and is not lost a second time */
    core_pass(c, 5000);
    assert_null(core_event(c, EVENT_agent_lost));
    core_free(c);
}

static void a_reconnect_on_another_connection_keeps_its_work(void **state) /* A4 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 1);
    struct bytes holds = BYTES("t-1/1");
    hello.holds = (struct seq){&holds, 1};
    core_send(c, 2, MSG_hello, &hello);
    core_turn(c);
    assert_string_equal(result(c, 2, id, 1, outcome_COMPLETED), "ok");
    core_free(c);
}

static void a_repeated_hello_does_not_lose_what_is_on_its_way(void **state) /* T5 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 1); /* said before the task arrived */
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_state(c, id, "IN_PROGRESS");
    core_pass(c, 5000);
    core_send(c, 1, MSG_hello, &hello); /* now it would have it */
    core_turn(c);
    assert_int_equal(task_find(c->h, bytes_of(id))->r.lost, 1);
    core_free(c);
}

static void a_stopped_attempt_counts_against_the_credit(void **state) /* T9 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *late = submit(c, REQUEST(.total_ms = 1000, .attempt_ms = 1000));
    const char *next = submit(c, REQUEST());
    core_pass(c, 1000);
    assert_state(c, late, "FAILED");
    assert_state(c, next, "PENDING"); /* the agent still runs the other one */
    assert_string_equal(result(c, 1, late, 1, outcome_CANCELLED), "stale");
    assert_state(c, next, "IN_PROGRESS");
    core_free(c);
}

/* ---- T10 ---- */

static void a_pause_survives_a_restart(void **state) /* T10 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join(c, 1, "a1");
    order(c, "pause", core_args(&args, "scope", "realm", "reason", "deploy", NULL));
    const char *id = submit(c, REQUEST());
    core_restart(c);
    join(c, 1, "a1");
    core_pass(c, 2000);
    assert_state(c, id, "PENDING");
    order(c, "resume", core_args(&args, "scope", "realm", NULL));
    assert_state(c, id, "IN_PROGRESS");
    result(c, 1, id, 1, outcome_COMPLETED);
    order(c, "pause", core_args(&args, "scope", "agent", "id", "a1", NULL));
    core_restart(c);
    join(c, 1, "a1");
    const char *second = submit(c, REQUEST());
    assert_why(c, second, "busy, paused or draining");
    order(c, "pause", core_args(&args, "scope", "task", "id", second, NULL));
    order(c, "resume", core_args(&args, "scope", "agent", "id", "a1", NULL));
    core_restart(c);
    join(c, 1, "a1");
    core_turn(c);
    assert_why(c, second, "paused by a person");
    order(c, "resume", core_args(&args, "scope", "task", "id", second, NULL));
    assert_state(c, second, "IN_PROGRESS");
    buf_done(&args);
    core_free(c);
}

static void a_drain_waits_then_kills(void **state) /* T10 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    char err[200];
    join_many(c, 1, "a1", "echo", 4);
    const char *runs = submit(c, REQUEST());
    submit(c, REQUEST(.not_before = c->now + 1));
    order(c, "drain", core_args(&args, "scope", "realm", "within_ms", "5000", NULL));
    assert_string_equal(submit(c, REQUEST()), "draining");
    core_pass(c, 1000);
    assert_why(c, "t-2", "drains");
    struct msg_request r = REQUEST(.action = BYTES("echo"));
    task_submit(c->h, &r, "helios", "test", "o-1", "",
                err); /* what deciders began can be finished */
    core_turn(c);
    assert_state(c, "t-3", "IN_PROGRESS");
    core_restart(c);
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 4);
    struct bytes holds[] = {BYTES("t-1/1"), BYTES("t-3/1")};
    hello.holds = (struct seq){holds, 2};
    core_send(c, 1, MSG_hello, &hello);
    c->beating[1] = true;
    core_pass(c, 5000);
    assert_true(task_find(c->h, bytes_of(runs))->r.cancelling);
    result(c, 1, runs, 1, outcome_CANCELLED);
    assert_state(c, runs, "CANCELLED");
    assert_state(c, "t-2", "PENDING");
    order(c, "resume", core_args(&args, "scope", "realm", NULL));
    assert_state(c, "t-2", "IN_PROGRESS");
    buf_done(&args);
    core_free(c);
}

static void a_draining_agent_finishes_and_leaves(void **state) /* T10, A9 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join_many(c, 1, "a1", "echo", 2);
    const char *runs = submit(c, REQUEST());
    order(c, "drain", core_args(&args, "scope", "agent", "id", "a1", NULL));
    const char *waits = submit(c, REQUEST());
    core_beat(c, 1);
    core_turn(c);
    assert_true(((struct msg_beat_ok *)core_heard(c, 1, MSG_beat_ok))->drain);
    result(c, 1, runs, 1, outcome_COMPLETED);
    assert_state(c, waits, "PENDING");
    struct msg_bye bye = {.reason = BYTES("drained")};
    core_send(c, 1, MSG_bye, &bye);
    core_turn(c);
    join(c, 1, "a1"); /* started again: it works */
    core_turn(c);
    assert_state(c, waits, "IN_PROGRESS");
    buf_done(&args);
    core_free(c);
}

/* ---- T12, X11 ---- */

static void failures_are_kept_retried_and_purged(void **state) /* T12 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join(c, 1, "a1");
    const char *id =
        submit(c, REQUEST(.max_attempts = 1, .params = BYTES("\x81\xa1n\x01"), .key = BYTES("k")));
    result(c, 1, id, 1, outcome_FAILED);
    submit(c, REQUEST(.queue_ms = 1, .action = BYTES("rare")));
    core_pass(c, 1);
    core_restart(c);
    join(c, 1, "a1");
    struct msg_reply *reply = core_ask(c, CLIENT, false, "failed", NULL);
    assert_int_equal(map_int(reply->data, "total", 0), 2);
    order(c, "retry", core_args(&args, "id", id, NULL));
    struct msg_task *again = given(c, 1);
    assert_true(bytes_is(again->id, "t-3"));
    assert_int_equal(map_int(again->params, "n", 0), 1);
    assert_true(bytes_is(task_find(c->h, BYTES("t-3"))->r.retry_of, id));
    assert_null(failed_find(c->h, bytes_of(id)));
    order(c, "purge", core_args(&args, "all", "true", NULL));
    assert_int_equal(c->h->work.n_failed, 0);
    assert_non_null(core_event(c, EVENT_task_purged));
    assert_false(core_ask(c, CLIENT, true, "retry", core_args(&args, "id", "t-2", NULL))->ok);
    buf_done(&args);
    core_free(c);
}

static void failures_are_bounded(void **state) /* T12 */
{
    (void)state;
    struct core *c = realm();
    c->config.tasks.keep_failed = 2;
    for (int i = 0; i < 3; i++)
        submit(c, REQUEST(.queue_ms = 1));
    core_pass(c, 10);
    assert_int_equal(c->h->work.n_failed, 2);
    assert_null(failed_find(c->h, BYTES("t-1")));
    core_free(c);
}

static void a_result_is_acknowledged_after_its_commit(void **state) /* A4, C1 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST());
    assert_true(was_given(c, 1, id, 1));
    struct msg_result r = {.task = bytes_of(id), .attempt = 1};
    core_send(c, 1, MSG_results, &(struct msg_results){.items = {&r, 1}});
    c->held = true; /* only what does not wait for a commit gets out */
    core_cut(c);
    assert_null(core_heard(c, 1, MSG_results_ok));
    c->held = false;
    core_cut(c);
    assert_non_null(core_heard(c, 1, MSG_results_ok));
    core_free(c);
}

static void an_empty_selector_selects_nothing(void **state) /* X11 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    static const char *const verbs[] = {"cancel", "retry", "purge", "pause", "resume", "drain"};
    submit(c, REQUEST());
    submit(c, REQUEST(.swarm = BYTES("backend")));
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        struct msg_reply *reply = core_ask(c, CLIENT, true, verbs[i], core_args(&args, NULL));
        assert_false(reply->ok);
        assert_true(bytes_is(reply->code, "bad_args"));
        assert_non_null(strstr(reply->error.at, "nothing is selected"));
    }
    assert_int_equal(c->h->work.n_tasks, 2);
    order(c, "cancel", core_args(&args, "all", "true", "swarm", "backend", NULL));
    assert_int_equal(c->h->work.n_tasks, 1);
    order(c, "cancel", core_args(&args, "all", "true", NULL));
    assert_int_equal(c->h->work.n_tasks, 0);
    buf_done(&args);
    core_free(c);
}

static void the_lists_show_everybody(void **state) /* W3 */
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    join(c, 1, "a1");
    submit(c, REQUEST());
    submit(c, REQUEST());
    struct msg_reply *tasks =
        core_ask(c, CLIENT, false, "tasks", core_args(&args, "limit", "1", NULL));
    assert_int_equal(map_int(tasks->data, "total", 0), 2);
    assert_int_equal(map_get(tasks->data, "tasks").count, 1);
    tasks = core_ask(c, CLIENT, false, "tasks", core_args(&args, "state", "PENDING", NULL));
    assert_int_equal(map_int(tasks->data, "total", 0), 1);
    struct msg_reply *agent =
        core_ask(c, CLIENT, false, "agent", core_args(&args, "id", "a1", NULL));
    struct bytes row = map_get(agent->data, "agent").whole;
    assert_true(bytes_is(map_str(row, "state", ""), "live"));
    assert_int_equal(map_int(row, "held", 0), 1);
    assert_int_equal(map_get(agent->data, "holds").count, 1);
    assert_int_equal(map_get(core_ask(c, CLIENT, false, "agents", NULL)->data, "agents").count, 1);
    buf_done(&args);
    core_free(c);
}

static void can_somebody_do_it(void **state)
{
    (void)state;
    struct core *c = realm();
    assert_false(roster_can(c->h, "", "", "echo"));
    join(c, 1, "a1");
    assert_true(roster_can(c->h, "s", "worker", "echo"));
    assert_false(roster_can(c->h, "s", "verifier", "echo"));
    assert_false(roster_can(c->h, "other", "", "echo"));
    vanish(c, 1);
    assert_false(roster_can(c->h, "", "", "echo"));
    core_free(c);
}

/* Connections break and are made anew; what was said over an older one may still come, and after the newer. Found by the simulator,
 * seed 351: its attempts were taken for lost and given to another agent while they ran. */
static void a_hello_that_comes_late_is_not_taken(void **state) /* T5 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 2), late = hello;
    late.nth = 1;
    hello.nth = 2;
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    submit(c, REQUEST());
    assert_true(was_given(c, 1, "t-1", 1));
    core_send(c, 2, MSG_hello, &late);
    core_turn(c);
    assert_null(core_heard(c, 2, MSG_welcome));
    assert_state(c, "t-1", "IN_PROGRESS");
    assert_string_equal(result(c, 1, "t-1", 1, outcome_COMPLETED), "ok");
    hello.nth = 3; /* a newer one is, from wherever it comes */
    core_send(c, 2, MSG_hello, &hello);
    core_turn(c);
    assert_non_null(core_heard(c, 2, MSG_welcome));
    core_free(c);
}

/* An attempt that has begun and not left yet goes to the agent that greets again in between. Found by the simulator, seed 216: it was
 * never sent, and nothing ended it. */
static void what_is_about_to_leave_is_not_forgotten(void **state)
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 2);
    struct msg_request r = REQUEST(.action = BYTES("echo"));
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {&r, 1}};
    join(c, 1, "a1");
    core_send(c, CLIENT, MSG_submit, &m);
    helios_tick(c->h, c->now); /* it begins, and nothing is cut */
    assert_state(c, "t-1", "IN_PROGRESS");
    core_send(c, 1, MSG_hello, &hello);
    core_turn(c);
    assert_true(was_given(c, 1, "t-1", 1));
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_live_instances_of_one_id),
        cmocka_unit_test(who_cannot_be_taken_in_hears_why),
        cmocka_unit_test(agents_are_bounded_and_the_dead_make_room),
        cmocka_unit_test(an_unsigned_task_waits_and_a_signed_one_goes_as_it_came),
        cmocka_unit_test(a_refused_signature_is_the_end),
        cmocka_unit_test(a_key_outlives_its_signature),
        cmocka_unit_test(a_beat_is_answered_at_once_with_what_to_stop),
        cmocka_unit_test(what_completed_before_the_cancel_is_completed),
        cmocka_unit_test(a_stranger_is_asked_to_say_hello),
        cmocka_unit_test(progress_and_checkpoint_reach_the_next_attempt),
        cmocka_unit_test(three_missed_beats_are_a_loss),
        cmocka_unit_test(our_own_pause_is_nobodys_fault),
        cmocka_unit_test(stopped_on_purpose_is_no_alarm),
        cmocka_unit_test(what_an_agent_holds_is_adopted_after_a_restart),
        cmocka_unit_test(who_does_not_come_back_after_a_restart_is_lost),
        cmocka_unit_test(a_reconnect_on_another_connection_keeps_its_work),
        cmocka_unit_test(a_repeated_hello_does_not_lose_what_is_on_its_way),
        cmocka_unit_test(a_stopped_attempt_counts_against_the_credit),
        cmocka_unit_test(a_pause_survives_a_restart),
        cmocka_unit_test(a_drain_waits_then_kills),
        cmocka_unit_test(a_draining_agent_finishes_and_leaves),
        cmocka_unit_test(failures_are_kept_retried_and_purged),
        cmocka_unit_test(failures_are_bounded),
        cmocka_unit_test(a_result_is_acknowledged_after_its_commit),
        cmocka_unit_test(an_empty_selector_selects_nothing),
        cmocka_unit_test(the_lists_show_everybody),
        cmocka_unit_test(can_somebody_do_it),
        cmocka_unit_test(a_hello_that_comes_late_is_not_taken),
        cmocka_unit_test(what_is_about_to_leave_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
