/* SPDX-License-Identifier: MPL-2.0 */
/* Attempts: every state with every event, on a real agent without a controller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>

#include "agents/agent.h"
#include "proto/json.h"

static const char config[] = "controllers: [nowhere]\n"
                             "agents: {a: {swarm: s, slots: 2, prefetch: 3}}\n"
                             "actions: {sleep: {builtin: sleep}, noop: {builtin: noop}}\n";

static struct agent *agent;
static struct member *member;

static int start_agent(void **state)
{
    char path[] = "/tmp/helios-attempt-XXXXXX", *why = NULL;
    struct settings *settings;
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, config, sizeof(config) - 1) != (ssize_t)sizeof(config) - 1)
        return -1;
    close(fd);
    int error = settings_load(section_agent_config, path, NULL, 0, &settings, &why);
    if (!error)
        error = process_new(&(struct process_order){.settings = settings}, &agent, &why);
    unlink(path);
    if (error) {
        print_error("%s\n", why);
        return -1;
    }
    member = &agent->members[0];
    return 0;
}

static int stop_agent(void **state)
{
    (void)state;
    process_free(agent);
    return 0;
}

static struct attempt *find(const char *task)
{
    struct attempt *a;
    HASH_FIND_STR(member->slots.tasks, task, a);
    return a;
}

static struct attempt *take(const char *task, uint64_t attempt, uint64_t priority)
{
    _cleanup_(buf_done) struct buf params = {0};
    char err[64];
    json_text_to_msgpack(&params, BYTES("{\"ms\":600000}"), err, sizeof(err));
    struct msg_task t = {.id = bytes_of(task),
                         .attempt = attempt,
                         .action = BYTES("sleep"),
                         .params = buf_bytes(&params),
                         .timeout_ms = 600000,
                         .priority = priority};
    slots_take(member, &t);
    return find(task);
}

static void forget_all(void)
{
    struct list *lists[] = {&member->slots.queue, &member->slots.running, &member->slots.fresh,
                            &member->slots.sent};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_each(a, lists[i], struct attempt, link) attempt_move(a, ATTEMPT_DROP);
    runs_settle(agent);
    assert_int_equal(HASH_COUNT(member->slots.tasks), 0);
    assert_int_equal(member->slots.n_queued + member->slots.n_running + member->slots.n_done, 0);
    assert_int_equal(agent->n_results, 0);
}

/* end lets what runs end, as its run does. */
static void end(struct attempt *a)
{
    if (a->job.run && !a->job.run->over)
        run_end(a->job.run);
    runs_settle(agent);
}

static struct attempt *brought_to(enum attempt_state state)
{
    struct attempt *a = take("t-1", 1, 2);
    if (state != ATTEMPT_QUEUED)
        attempt_move(a, ATTEMPT_START);
    if (state == ATTEMPT_STOPPING)
        attempt_move(a, ATTEMPT_CANCEL);
    if (state == ATTEMPT_DONE)
        end(a);
    assert_int_equal(a->state, state);
    return a;
}

enum { GONE = ATTEMPT_STATES };
static const int after[ATTEMPT_STATES][ATTEMPT_EVENTS] = {
    /*                    START             CANCEL            END             SETTLE       DROP */
    [ATTEMPT_QUEUED] = {ATTEMPT_RUNNING, ATTEMPT_DONE, ATTEMPT_QUEUED, ATTEMPT_QUEUED, GONE},
    [ATTEMPT_RUNNING] = {ATTEMPT_RUNNING, ATTEMPT_STOPPING, ATTEMPT_DONE, ATTEMPT_RUNNING,
                         ATTEMPT_STOPPING},
    [ATTEMPT_STOPPING] = {ATTEMPT_STOPPING, ATTEMPT_STOPPING, ATTEMPT_DONE, ATTEMPT_STOPPING,
                          ATTEMPT_STOPPING},
    [ATTEMPT_DONE] = {ATTEMPT_DONE, ATTEMPT_DONE, ATTEMPT_DONE, GONE, GONE},
};

static void test_every_state_with_every_event(void **state)
{
    (void)state;
    for (int s = 0; s < ATTEMPT_STATES; s++)
        for (int e = 0; e < ATTEMPT_EVENTS; e++) {
            struct attempt *a = brought_to((enum attempt_state)s);
            bool runs = s == ATTEMPT_RUNNING || s == ATTEMPT_STOPPING;
            if (e == ATTEMPT_END && runs)
                end(a);
            else
                attempt_move(a, (enum attempt_event)e);
            a = find("t-1");
            assert_int_equal(a ? (int)a->state : GONE, after[s][e]);
            forget_all();
        }
}

/* A9: what is dropped while it runs is not reported at its end. */
static void test_dropped_ones_are_silent(void **state)
{
    (void)state;
    struct attempt *a = brought_to(ATTEMPT_RUNNING);
    attempt_move(a, ATTEMPT_DROP);
    runs_settle(agent);
    assert_null(find("t-1"));
    assert_true(list_empty(&member->slots.fresh));
    forget_all();
}

/* T5: the same dispatch twice is one; an older one than known is nothing; a newer one replaces. */
static void test_dispatches_of_one_task(void **state)
{
    (void)state;
    struct attempt *a = take("t-1", 2, 2);
    assert_ptr_equal(take("t-1", 2, 2), a);
    assert_ptr_equal(take("t-1", 1, 2), a);
    assert_int_equal(member->slots.n_queued, 1);
    slots_start(member);
    struct attempt *newer = take("t-1", 3, 2);
    assert_ptr_not_equal(newer, a);
    assert_ptr_equal(newer->older, a);
    slots_start(member);
    assert_int_equal(newer->state, ATTEMPT_QUEUED); /* the older one has not ended yet */
    runs_settle(agent);
    slots_start(member);
    assert_int_equal(newer->state, ATTEMPT_RUNNING);
    slots_settle(member, BYTES("t-1"), 2);
    slots_cancel(member, BYTES("t-1"), 2);
    assert_int_equal(newer->state, ATTEMPT_RUNNING); /* words for another attempt mean nothing */
    forget_all();
}

/* T8, T9: by priority, then in order; no more than slots at once; credit counts both. */
static void test_order_and_credit(void **state)
{
    static const char *const want[] = {"t-3", "t-1", "t-2", "t-4"};
    size_t i = 0;
    (void)state;
    assert_int_equal(slots_free(member), 5);
    take("t-1", 1, 2);
    take("t-2", 1, 2);
    take("t-3", 1, 0);
    take("t-4", 1, 4);
    list_each(a, &member->slots.queue, struct attempt, link)
        assert_string_equal(a->asked.task, want[i++]);
    slots_start(member);
    assert_int_equal(member->slots.n_running, 2);
    assert_int_equal(find("t-3")->state, ATTEMPT_RUNNING);
    assert_int_equal(find("t-2")->state, ATTEMPT_QUEUED);
    assert_int_equal(slots_free(member), 1);
    forget_all();
}

/* A4: what was sent is sent again only when it is due, and never after it is settled. */
static void test_results_are_kept(void **state)
{
    (void)state;
    struct attempt *a = brought_to(ATTEMPT_DONE);
    a->said = 100;
    list_out(&a->link);
    list_push(&member->slots.sent, &a->link);
    slots_again(member, 100);
    assert_true(list_empty(&member->slots.fresh));
    slots_again(member, 101);
    assert_false(list_empty(&member->slots.fresh));
    struct msg_result r = attempt_result(a);
    assert_true(bytes_is(r.task, "t-1") && r.attempt == 1 && r.outcome == outcome_COMPLETED);
    buf_text(&a->job.ended.output, "x");
    assert_true(attempt_shrink(a, "too_deep"));
    assert_false(attempt_shrink(a, "too_deep"));
    assert_int_equal(attempt_result(a).outcome, outcome_FAILED);
    slots_settle(member, BYTES("t-1"), 1);
    assert_null(find("t-1"));
    forget_all();
}

/* A4: results wait for others only while much is queued, and never those that are urgent or have not completed. */
static void test_results_gather(void **state)
{
    char task[16];
    (void)state;
    struct attempt *first = brought_to(ATTEMPT_DONE);
    member->slots.urgent = false;
    assert_false(slots_may_gather(member)); /* nothing is queued: it leaves at once */
    for (int i = 2; i < 20; i++) {
        snprintf(task, sizeof(task), "t-%d", i);
        take(task, 1, 2);
    }
    assert_true(slots_may_gather(member));
    member->draining = true;
    assert_false(slots_may_gather(member));
    member->draining = false;
    attempt_move(find("t-2"), ATTEMPT_CANCEL);
    assert_false(slots_may_gather(member));
    member->slots.urgent = false;
    struct attempt *urgent = take("t-99", 1, 1);
    attempt_move(urgent, ATTEMPT_START);
    assert_true(slots_may_gather(member));
    end(urgent);
    assert_false(slots_may_gather(member));
    assert_int_equal(first->state, ATTEMPT_DONE);
    member->slots.urgent = false;
    forget_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_with_every_event),
        cmocka_unit_test(test_dropped_ones_are_silent),
        cmocka_unit_test(test_dispatches_of_one_task),
        cmocka_unit_test(test_order_and_credit),
        cmocka_unit_test(test_results_are_kept),
        cmocka_unit_test(test_results_gather),
    };
    return cmocka_run_group_tests(tests, start_agent, stop_agent);
}
