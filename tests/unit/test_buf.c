/* SPDX-License-Identifier: MPL-2.0 */
/* Buffers and views of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"

static void it_grows_and_ends_with_a_nul(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 1000; i++) {
        buf_add(&b, "0123456789", 10);
        assert_int_equal(strlen(buf_str(&b)), b.n);
    }
    assert_int_equal(b.n, 10000);
    size_t room = b.room;
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.room, room);
    buf_done(&b);
    assert_null(b.at);
}

static void it_prints(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_printf(&b, "%s", "");
    assert_int_equal(b.n, 0);
    buf_text(&b, "a");
    buf_printf(&b, "%d-%s", 42, "forty-two");
    assert_string_equal(buf_str(&b), "a42-forty-two");
    buf_printf(&b, "%500d", 1);
    assert_int_equal(b.n, 13 + 500);
    buf_done(&b);
}

static void its_text_can_be_taken(void **state)
{
    (void)state;
    struct buf b = {0};
    char *nothing = buf_take(&b);
    assert_string_equal(nothing, "");
    free(nothing);
    buf_text(&b, "mine");
    char *text = buf_take(&b);
    assert_string_equal(text, "mine");
    assert_int_equal(b.n, 0);
    free(text);
}

static void bytes_are_compared_and_copied(void **state)
{
    (void)state;
    assert_true(bytes_eq((struct bytes){0}, BYTES("")));
    assert_true(bytes_is(BYTES("abc"), "abc"));
    assert_false(bytes_is(BYTES("abc"), "abcd"));
    assert_false(bytes_is(BYTES("abc"), "ab"));
    assert_true(bytes_is((struct bytes){0}, ""));
    char *copy = bytes_dup((struct bytes){"abcdef", 3});
    assert_string_equal(copy, "abc");
    free(copy);
    copy = xdup(NULL);
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_and_ends_with_a_nul),
        cmocka_unit_test(it_prints),
        cmocka_unit_test(its_text_can_be_taken),
        cmocka_unit_test(bytes_are_compared_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
