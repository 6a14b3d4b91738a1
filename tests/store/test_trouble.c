/* SPDX-License-Identifier: MPL-2.0 */
/* Redis says no, goes away, comes back, comes back with less (C2, C5, C7): nothing acknowledged is
 * lost, nothing is applied twice, and the reason is said. */
#include <sys/socket.h>
#include <unistd.h>

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

/* An entry a commit: the history shows how often each was applied. */
static void commit_entry(struct rig *r, const char *id)
{
    struct batch *b = batch_new(r);
    batch_put(b, REC_task, id, "v");
    batch_entry(b, id);
    rig_commit(r, b);
}

static void expect_applied_once(struct rig *r, unsigned n)
{
    UNTIL(r, store_idle(r->store));
    assert_int_equal(r->durable, n);
    assert_false(r->out_of_order);
    assert_int_equal(server_int(&r->server, "XLEN " KEY("history")), n);
    assert_int_equal(server_int(&r->server, "HLEN " KEY("task")), n);
    assert_null(store_held(r->store));
}

static void expect_why(struct rig *r, const char *part)
{
    if (strstr(r->why, part) == NULL)
        fail_msg("held because: %s; expected: %s", r->why, part);
}

/* The commits were sent, Redis dies before it has read them. */
static void c2_killed_before_it_read_them(void **state)
{
    struct rig *r = *state;
    commit_entry(r, "t-1");
    UNTIL(r, r->durable == 1);
    server_signal(&r->server, SIGSTOP);
    commit_entry(r, "t-2");
    commit_entry(r, "t-3");
    server_kill(&r->server);
    UNTIL(r, r->held > 0);
    assert_false(store_can_commit(r->store));
    server_start(&r->server, DURABLE);
    expect_applied_once(r, 3);
    assert_int_equal(r->resumed, 1);
}

/* The commits were applied, the answers are lost: the connection is swapped for a dead one before
 * they can be read. */
static void c2_applied_but_never_answered(void **state)
{
    struct rig *r = *state;
    int pair[2];
    commit_entry(r, "t-1");
    commit_entry(r, "t-2");
    while (server_int(&r->server, "HLEN " KEY("task")) < 2)
        ;
    assert_int_equal(r->durable, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(dup2(pair[0], store_fd(r->store)) >= 0);
    close(pair[0]);
    close(pair[1]);
    expect_applied_once(r, 2);
    commit_entry(r, "t-3");
    expect_applied_once(r, 3);
}

/* The same, and Redis is killed and restarted from its file on top. */
static void c2_applied_then_killed(void **state)
{
    struct rig *r = *state;
    commit_entry(r, "t-1");
    while (server_int(&r->server, "HLEN " KEY("task")) < 1)
        ;
    server_kill(&r->server);
    server_start(&r->server, DURABLE);
    commit_entry(r, "t-2");
    expect_applied_once(r, 2);
}

static void c5_out_of_memory_holds_and_resumes(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "CONFIG SET maxmemory 1");
    commit_entry(r, "t-1");
    commit_entry(r, "t-2");
    UNTIL(r, r->held == 1);
    expect_why(r, "OOM");
    assert_false(store_can_commit(r->store));
    assert_int_equal(r->durable, 0);
    server_tell(&r->server, "CONFIG SET maxmemory 0");
    expect_applied_once(r, 2);
    assert_int_equal(r->resumed, 1);
}

static void c5_no_replica_holds_and_resumes(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "CONFIG SET min-replicas-to-write 1");
    commit_entry(r, "t-1");
    UNTIL(r, r->held == 1);
    expect_why(r, "NOREPLICAS");
    server_tell(&r->server, "CONFIG SET min-replicas-to-write 0");
    expect_applied_once(r, 1);
}

static void c5_a_replica_is_left_until_it_is_master(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "REPLICAOF 127.0.0.1 1");
    commit_entry(r, "t-1");
    UNTIL(r, r->held > 0);
    expect_why(r, "READONLY");
    server_tell(&r->server, "REPLICAOF NO ONE");
    expect_applied_once(r, 1);
}

static void c5_lost_functions_are_loaded_again(void **state)
{
    struct rig *r = *state;
    server_tell(&r->server, "FUNCTION FLUSH");
    commit_entry(r, "t-1");
    commit_entry(r, "t-2");
    expect_applied_once(r, 2);
    assert_int_equal(r->held, 0);
}

static void c5_no_answer_is_a_lost_connection(void **state)
{
    struct rig *r = *state;
    rig_close(r);
    r->state.timeout_ms = 100;
    rig_open(r);
    rig_lead(r);
    server_signal(&r->server, SIGSTOP);
    commit_entry(r, "t-1");
    UNTIL(r, r->held > 0);
    expect_why(r, "does not answer");
    server_signal(&r->server, SIGCONT);
    expect_applied_once(r, 1);
}

static void c4_fenced_while_the_connection_was_gone(void **state)
{
    struct rig *r = *state;
    server_signal(&r->server, SIGSTOP);
    commit_entry(r, "t-1");
    server_kill(&r->server);
    UNTIL(r, r->held > 0);
    server_start(&r->server, DURABLE);
    server_tell(&r->server, "HSET %s holder another epoch 7", KEY("lease"));
    UNTIL(r, r->fenced == 1 || r->durable);
    assert_int_equal(r->durable, 0);
    assert_int_equal(r->forgotten, 1);
}

/* A snapshot of an earlier time comes back; what is missing is still in the tail. */
static void c7_the_own_tail_is_applied_again_when_contiguous(void **state)
{
    struct rig *r = *state;
    commit_entry(r, "t-1");
    UNTIL(r, store_idle(r->store));
    server_tell(&r->server, "COPY %s saved-pos", KEY("pos"));
    commit_entry(r, "t-2");
    commit_entry(r, "t-3");
    UNTIL(r, store_idle(r->store));
    server_tell(&r->server, "HDEL %s t-2 t-3", KEY("task"));
    server_tell(&r->server, "COPY saved-pos %s REPLACE", KEY("pos"));
    server_tell(&r->server, "XTRIM %s MAXLEN 1", KEY("history"));
    commit_entry(r, "t-4");
    UNTIL(r, r->durable == 4);
    assert_int_equal(r->lost, 1);
    assert_int_equal(r->lost_again, 1);
    assert_int_equal(server_int(&r->server, "HLEN " KEY("task")), 4);
    assert_int_equal(r->fenced, 0);
    assert_false(r->out_of_order); /* said once only */
}

static void c7_everything_lost_is_applied_again_from_the_start(void **state)
{
    struct rig *r = *state;
    commit_entry(r, "t-1");
    UNTIL(r, store_idle(r->store));
    server_tell(&r->server, "FLUSHALL");
    commit_entry(r, "t-2");
    expect_applied_once(r, 2);
    assert_int_equal(r->lost_again, 1);
}

static void c7_more_lost_than_is_known_here_steps_down(void **state)
{
    struct rig *r = *state;
    char id[16];
    for (int i = 0; i < 70; i++) {
        snprintf(id, sizeof(id), "t-%d", i);
        commit_entry(r, id);
        UNTIL(r, store_idle(r->store));
    }
    server_tell(&r->server, "FLUSHALL");
    commit_entry(r, "late");
    UNTIL(r, r->fenced == 1);
    assert_int_equal(r->lost, 1);
    assert_int_equal(r->lost_again, 0);
    assert_int_equal(r->durable, 70);
    assert_int_equal(r->forgotten, 71);
    assert_non_null(strstr(r->note, "C7"));
}

/* Redis restarted from an older file: it differs from FLUSHALL in that the lease has survived. */
static void c7_an_older_commit_that_is_not_ours_is_not_built_upon(void **state)
{
    struct rig *r = *state;
    commit_entry(r, "t-1");
    commit_entry(r, "t-2");
    UNTIL(r, store_idle(r->store));
    server_tell(&r->server, "HSET %s seq 1 digest 0123456789abcdef", KEY("pos"));
    commit_entry(r, "t-3");
    UNTIL(r, r->fenced == 1);
    assert_int_equal(r->lost_again, 0);
    assert_int_equal(r->lost, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(c2_killed_before_it_read_them),
        TEST(c2_applied_but_never_answered),
        TEST(c2_applied_then_killed),
        TEST(c5_out_of_memory_holds_and_resumes),
        TEST(c5_no_replica_holds_and_resumes),
        TEST(c5_a_replica_is_left_until_it_is_master),
        TEST(c5_lost_functions_are_loaded_again),
        TEST(c5_no_answer_is_a_lost_connection),
        TEST(c4_fenced_while_the_connection_was_gone),
        TEST(c7_the_own_tail_is_applied_again_when_contiguous),
        TEST(c7_everything_lost_is_applied_again_from_the_start),
        TEST(c7_more_lost_than_is_known_here_steps_down),
        TEST(c7_an_older_commit_that_is_not_ours_is_not_built_upon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
