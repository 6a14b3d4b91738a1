/* SPDX-License-Identifier: MPL-2.0 */
/* The map against an array, with keys put and dropped at random; keys in a row, and keys that all want one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/map.h"
#include "common/rand.h"

enum { KEYS = 500, STEPS = 50000 };

static void check_all(const struct map *m, char *const *in, uint64_t stride)
{
    size_t n = 0, walked = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_get_number(m, i * stride), in[i]);
        n += in[i] != NULL;
    }
    MAP_EACH (it, char, m)
        walked += it != NULL;
    assert_int_equal(m->n, n);
    assert_int_equal(walked, n);
}

static void as_an_array(uint64_t stride)
{
    static char things[KEYS];
    char *in[KEYS] = {NULL};
    struct map m = {0};
    struct rand dice = {stride};
    assert_null(map_get_number(&m, 1));
    map_drop(&m, 1);
    for (int step = 0; step < STEPS; step++) {
        uint64_t i = rand_next(&dice) % KEYS;
        if (rand_next(&dice) % 2) {
            in[i] = &things[rand_next(&dice) % KEYS];
            map_put(&m, i * stride, in[i]);
        } else {
            in[i] = NULL;
            map_drop(&m, i * stride);
        }
        if (step % 500 == 0)
            check_all(&m, in, stride);
    }
    check_all(&m, in, stride);
    map_done(&m);
}

static void it_is_as_an_array(void **state)
{
    (void)state;
    as_an_array(1);
    as_an_array(1ull << 40);
    as_an_array(0x9e3779b97f4a7c15u);
    as_an_array(0xf1de83e19937733du); /* the inverse of the multiplier */
    as_an_array(0xf1de83e19937733du << 3); /* homes in a row, all at the low end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_as_an_array)};
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
