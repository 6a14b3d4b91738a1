/* SPDX-License-Identifier: MPL-2.0 */
/* Children after their end: what is still said of them must hit nobody. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/exec.h"
#include "common/clock.h"

static unsigned ends, hits;

/* In place of the C library's: 0 would be our own group, and that of whoever runs the tests. */
int kill(pid_t pid, int number)
{
    (void)number;
    hits += pid >= -1;
    return 0;
}

static void on_end(struct child *c)
{
    (void)c; /* its owner may look at it for a while: it is freed later */
    ends++;
}

static struct child *ended_child(struct exec *exec, int64_t time)
{
    char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
    struct child_order order = {
        .spawn = {.argv = argv, .envp = envp}, .deadline = clock_now() + time, .grace_ms = 1};
    struct child hooks = {.on_end = on_end}, *c;
    ends = 0;
    assert_int_equal(exec_start(exec, &order, &hooks, &c), 0);
    for (int i = 0; ends == 0 && i < 10000; i++) {
        usleep(1000);
        exec_reap(exec);
    }
    assert_int_equal(ends, 1);
    return c;
}

/* A long run of chaos ended itself: a child's deadline came in the turn in which it was reaped, and
 * a signal to the group of number 0 is one to our own. */
static void a_reaped_child_is_sent_nothing(void **state) /* T4 */
{
    struct loop loop;
    struct exec exec;
    (void)state;
    loop_init(&loop);
    exec_init(&exec, &loop);
    struct child *c = ended_child(&exec, 300000);
    child_stop(c, STOP_ASKED);
    assert_int_equal(hits, 0);
    child_free(c);

    c = ended_child(&exec, 1);
    usleep(20000); /* past its deadline; longer does no harm */
    loop_turn(&loop, 0); /* the deadline is over; nobody is there any more */
    assert_int_equal(hits, 0);
    assert_int_equal(c->stop, STOP_NONE);
    child_free(c);
    loop_done(&loop);
}

static unsigned percent;

static void on_progress(struct child *c)
{
    percent = c->progress.percent;
}

static void make_file(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

#define TURN_UNTIL(exec, it)                                                                       \
    for (int i = 0; !(it) && i < 10000; i++) {                                                     \
        usleep(1000);                                                                              \
        loop_turn((exec)->loop, 0);                                                             \
        exec_reap(exec);                                                                           \
    }                                                                                              \
    assert_true(it)

/* A8: who closes one of its pipes mostly ends, so the others rest; who goes on is heard again. */
static void a_child_that_closes_its_output_is_still_heard(void **state)
{
    char script[] = "exec 1>&-; while [ -e first ]; do sleep 0.01; done; echo 'progress 40 on' >&3; "
                    "while [ -e second ]; do sleep 0.01; done",
         dir[] = "/tmp/helios-exec-XXXXXX", path[] = "PATH=/usr/bin:/bin";
    char *const argv[] = {"/bin/sh", "-c", script, NULL}, *const envp[] = {path, NULL};
    struct child hooks = {.on_end = on_end, .on_progress = on_progress}, *c;
    struct loop loop;
    struct exec exec;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    make_file("first");
    make_file("second");
    loop_init(&loop);
    exec_init(&exec, &loop);
    ends = percent = 0;
    struct child_order order = {.spawn = {.argv = argv, .envp = envp}, .progress = true};
    assert_int_equal(exec_start(&exec, &order, &hooks, &c), 0);
    TURN_UNTIL(&exec, c->out.child == NULL);
    unlink("first");
    TURN_UNTIL(&exec, percent == 40);
    assert_int_equal(ends, 0);
    unlink("second");
    TURN_UNTIL(&exec, ends == 1);
    child_free(c);
    loop_done(&loop);
    assert_int_equal(chdir("/"), 0);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reaped_child_is_sent_nothing),
        cmocka_unit_test(a_child_that_closes_its_output_is_still_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
