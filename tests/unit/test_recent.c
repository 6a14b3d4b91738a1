/* SPDX-License-Identifier: MPL-2.0 */
/* The newest of many: none of the last N is forgotten, and those beyond 2 N are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/recent.h"

enum { MOST = 100, ALL = 5000 };

static uint64_t digest_of(unsigned i)
{
    return digest_number(digest_bytes(0, BYTES("some text of more than eight bytes")), i);
}

static void the_newest_are_remembered(void **state)
{
    (void)state;
    struct recent r;
    recent_init(&r, MOST);
    for (unsigned i = 0; i < ALL; i++) {
        recent_add(&r, digest_of(i));
        recent_add(&r, digest_of(i)); /* twice is once */
        for (unsigned back = 0; back < MOST && back <= i; back++)
            assert_true(recent_has(&r, digest_of(i - back)));
        for (unsigned back = 2 * MOST; back <= i; back++)
            assert_false(recent_has(&r, digest_of(i - back)));
        assert_false(recent_has(&r, digest_of(i + 1)));
    }
    recent_done(&r);
}

static void nothing_is_a_digest_too(void **state)
{
    (void)state;
    struct recent r;
    recent_init(&r, MOST);
    assert_false(recent_has(&r, 0));
    recent_add(&r, 0);
    assert_true(recent_has(&r, 0));
    recent_done(&r);
}

static void digests_differ(void **state)
{
    (void)state;
    assert_true(digest_bytes(0, BYTES("")) != digest_bytes(0, BYTES("\0")));
    assert_true(digest_bytes(0, BYTES("t-1")) != digest_bytes(0, BYTES("t-2")));
    assert_true(digest_bytes(0, BYTES("12345678")) != digest_bytes(0, BYTES("123456789")));
    assert_true(digest_number(1, 2) != digest_number(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_remembered),
        cmocka_unit_test(nothing_is_a_digest_too),
        cmocka_unit_test(digests_differ),
    };
    return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
