/* SPDX-License-Identifier: MPL-2.0 */
/* The heap against a plain sort, with nodes put, moved and taken out at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/heap.h"
#include "common/rand.h"

enum { NODES = 200 };

static void check_order(const struct heap *h)
{
    for (size_t i = 1; i <= h->n; i++) {
        assert_int_equal(h->nodes[i]->place, i);
        if (i > 1)
            assert_true(h->nodes[i / 2]->key <= h->nodes[i]->key);
    }
}

/* least is what heap_first must answer: the smallest key, and of equal ones the first that was put.
 */
static struct heap_node *least(struct heap_node *nodes)
{
    struct heap_node *best = NULL;
    for (struct heap_node *n = nodes; n < nodes + NODES; n++)
        if (n->place &&
            (!best || n->key < best->key || (n->key == best->key && n->order < best->order)))
            best = n;
    return best;
}

static void it_stays_sorted_whatever_happens(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node nodes[NODES] = {0};
    struct rand r = {7};
    for (int step = 0; step < 20000; step++) {
        struct heap_node *n = &nodes[rand_next(&r) % NODES];
        if (rand_next(&r) % 3)
            heap_put(&h, n, (int64_t)(rand_next(&r) % 50) - 25);
        else
            heap_out(&h, n);
        assert_ptr_equal(heap_first(&h), least(nodes));
        if (step % 100 == 0)
            check_order(&h);
    }
    heap_done(&h);
}

static void equal_keys_leave_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node nodes[NODES] = {0};
    for (int i = 0; i < NODES; i++)
        heap_put(&h, &nodes[i], 1);
    heap_put(&h, &nodes[0], 1); /* put again: it goes to the back */
    for (int i = 1; i <= NODES; i++) {
        assert_ptr_equal(heap_first(&h), &nodes[i % NODES]);
        heap_out(&h, &nodes[i % NODES]);
    }
    assert_null(heap_first(&h));
    heap_out(&h, &nodes[0]); /* in no heap: nothing happens */
    heap_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stays_sorted_whatever_happens),
        cmocka_unit_test(equal_keys_leave_in_the_order_in_which_they_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
