/* SPDX-License-Identifier: MPL-2.0 */
/* A leader whose clock differs from that of the one before (L1: each controller has a clock of its own). */
#include "work_harness.h"

#define HOUR_MS (60 * 60 * 1000)

/* Found by tests/chaos/run --seed 12: after a leader whose clock was an hour ahead, what it had put off waited an hour. */
static void a_backoff_does_not_wait_for_another_clock(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.backoff_ms = 1000));
    assert_true(was_given(c, 1, id, 1));
    result(c, 1, id, 1, outcome_FAILED);
    assert_state(c, id, "RETRYING");
    c->now -= HOUR_MS;
    core_restart(c);
    join(c, 1, "a1");
    core_pass(c, 1500);
    assert_true(was_given(c, 1, id, 2));
    core_free(c);
}

static void what_was_lost_starts_at_once(void **state) /* T6 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.backoff_ms = 1000));
    assert_true(was_given(c, 1, id, 1));
    vanish(c, 1);
    assert_state(c, id, "PENDING");
    c->now -= HOUR_MS;
    core_restart(c);
    join(c, 2, "a2");
    core_pass(c, 1500);
    assert_true(was_given(c, 2, id, 2));
    core_free(c);
}

static void a_time_that_was_asked_for_stands(void **state)
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    const char *id = submit(c, REQUEST(.not_before = CORE_START + HOUR_MS, .backoff_ms = 1000));
    core_restart(c);
    join(c, 1, "a1");
    core_pass(c, 60000);
    assert_state(c, id, "PENDING");
    core_free(c);
}

static void the_total_is_counted_from_now_at_the_latest(void **state) /* T4 */
{
    (void)state;
    struct core *c = realm();
    const char *id = submit(c, REQUEST(.total_ms = 30000, .attempt_ms = 1000));
    c->now -= HOUR_MS;
    core_restart(c);
    core_pass(c, 40000);
    assert_state(c, id, "FAILED");
    core_free(c);
}

/* Found by tests/sim/run --seed 752: a new leader took what stood behind another attempt in its agent's prefetch for under way. */
static void what_stands_behind_others_is_not_late_after_a_restart(void **state) /* T5, L6 */
{
    (void)state;
    struct core *c = realm();
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 1);
    hello.prefetch = 1;
    core_send(c, 1, MSG_hello, &hello);
    c->beating[1] = true;
    core_turn(c);
    const char *first = submit(c, REQUEST(.attempt_ms = 8000)), *second = submit(c, REQUEST(.attempt_ms = 8000));
    assert_true(was_given(c, 1, first, 1) && was_given(c, 1, second, 1));
    core_cut(c);
    core_restart(c);
    struct bytes holds[] = {BYTES("t-1/1"), BYTES("t-2/1")};
    hello.holds = (struct seq){holds, 2};
    core_send(c, 1, MSG_hello, &hello);
    core_pass(c, 8000 + ATTEMPT_GRACE_MS + 1000);
    assert_state(c, second, "IN_PROGRESS");
    core_pass(c, 8000);
    assert_state(c, second, "RETRYING");
    core_free(c);
}

static void beat_of_one_who_has(struct core *c, int peer, uint64_t free)
{
    struct msg_beat beat = {.free = free};
    core_send(c, peer, MSG_beat, &beat);
}

/* Found by tests/sim/run --seed 200496: attempts that were lost on their way kept the credit of agents that knew nothing of them for a
 * minute, and nothing was dispatched. */
static void who_holds_nothing_owes_no_answer(void **state) /* T9 */
{
    (void)state;
    struct core *c = realm();
    join(c, 1, "a1");
    c->beating[1] = false; /* it beats as this test says */
    submit(c, REQUEST(.attempt_ms = 1000, .max_attempts = 1));
    given(c, 1);
    for (int i = 0; i < 8; i++) { /* it never came to a1, and its time is over */
        core_pass(c, 1000);
        beat_of_one_who_has(c, 1, 1);
    }
    const char *second = submit(c, REQUEST(.attempt_ms = 1000));
    core_pass(c, 1000);
    beat_of_one_who_has(c, 1, 0); /* a beat from before it was told */
    core_turn(c);
    assert_state(c, second, "PENDING");
    core_pass(c, 2000);
    beat_of_one_who_has(c, 1, 1);
    core_turn(c);
    assert_state(c, second, "IN_PROGRESS");
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backoff_does_not_wait_for_another_clock),
        cmocka_unit_test(what_was_lost_starts_at_once),
        cmocka_unit_test(a_time_that_was_asked_for_stands),
        cmocka_unit_test(the_total_is_counted_from_now_at_the_latest),
        cmocka_unit_test(what_stands_behind_others_is_not_late_after_a_restart),
        cmocka_unit_test(who_holds_nothing_owes_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
