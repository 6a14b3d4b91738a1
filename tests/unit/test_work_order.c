/* SPDX-License-Identifier: MPL-2.0 */
/* Recovery: whatever the order in which records come, the tasks stand in the order of their numbers. */
#include "work_harness.h"

#include "orchestrator/work/order.h"
#include "orchestrator/work/submit.h"

enum { MANY = 5000 }; /* more than one digit of the sort */

/* backwards compares the keys from their ends: an order that has nothing to do with the numbers. */
static int backwards(struct core_record *a, struct core_record *b)
{
    size_t n = strlen(a->key), m = strlen(b->key);
    for (size_t i = 1; i <= n && i <= m; i++)
        if (a->key[n - i] != b->key[m - i])
            return a->key[n - i] - b->key[m - i];
    return (n > m) - (n < m);
}

static void tasks_come_back_in_their_order(void **state)
{
    (void)state;
    struct core *c = realm();
    for (int i = 0; i < MANY; i++) {
        struct msg_request r = REQUEST(.action = BYTES("echo"), .not_before = c->now + 1000000);
        struct submitter who = {.client = BYTES("c")};
        struct submitted s;
        submit_one(c->h, &r, &who, &s);
        assert_non_null(s.task);
    }
    core_turn(c);
    core_die(c);
    HASH_SRT(hh, c->redis, backwards);
    core_lead(c);
    uint64_t number = 0;
    struct task **all = tasks_sorted(c->h);
    for (struct task **t = all; *t; t++) {
        assert_int_equal((*t)->number, ++number);
        assert_ptr_equal(task_find(c->h, (*t)->r.id), *t);
    }
    assert_int_equal(number, MANY);
    assert_int_equal(task_cancel(c->h, all[0], "test"), 0);
    free(all);
    const char *last = submit(c, REQUEST());
    assert_string_equal(last, "t-5001");
    assert_int_equal(c->h->work.tasks.n, MANY);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tasks_come_back_in_their_order)};
    return cmocka_run_group_tests_name("work_order", tests, NULL, NULL);
}
