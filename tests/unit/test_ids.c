/* SPDX-License-Identifier: MPL-2.0 */
/* What recovery has seen: each id once, also when the table has grown many times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/shell/ids.h"

static void each_id_is_new_once(void **state)
{
    struct ids set = {0};
    char text[32];
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            int n = snprintf(text, sizeof(text), "t-%d", i);
            assert_int_equal(ids_add(&set, (struct bytes){text, (size_t)n}), round == 0);
        }
    assert_int_equal(set.n, 20000);
    ids_done(&set);
}

static void an_empty_id_and_a_prefix_are_ids(void **state)
{
    struct ids set = {0};
    (void)state;
    assert_true(ids_add(&set, (struct bytes){0}));
    assert_true(ids_add(&set, BYTES("t-1")));
    assert_true(ids_add(&set, BYTES("t-12")));
    assert_true(ids_add(&set, BYTES("t-\0001")));
    assert_false(ids_add(&set, BYTES("")));
    assert_false(ids_add(&set, BYTES("t-1")));
    assert_false(ids_add(&set, BYTES("t-\0001")));
    ids_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_id_is_new_once),
        cmocka_unit_test(an_empty_id_and_a_prefix_are_ids),
    };
    return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
