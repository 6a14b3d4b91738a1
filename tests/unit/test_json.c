/* SPDX-License-Identifier: MPL-2.0 */
/* msgpack to JSON and back. */
#include "wire.h"

#include "proto/json.h"

static void msgpack_is_printed(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        const char *out;
    } rows[] = {
        {BYTES(""), "{}"},
        {BYTES("\x80"), "{}"},
        {BYTES("\x82\xa1"
               "a\x01\xa1"
               "b\x93\xc0\xc3\xcb\x3f\xf8\0\0\0\0\0\0"),
         "{\"a\":1,\"b\":[null,true,1.5]}"},
        {BYTES("\x81\xa1n\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "{\"n\":9223372036854775807}"},
        {BYTES("\x81\xa1n\xd3\x80\0\0\0\0\0\0\0"), "{\"n\":-9223372036854775808}"},
        {BYTES("\x81\xa1n\xcb\x7f\xf8\0\0\0\0\0\0"), "{\"n\":null}"},
        {BYTES("\x81\xa1"
               "b\xc4\x03\x01\xff"
               "a"),
         "{\"b\":\"\\\\x01\\\\xffa\"}"},
        {BYTES("\x81\xa1"
               "b\xc4\x02ok"),
         "{\"b\":\"ok\"}"},
        {BYTES("\x81\xa2\xff"
               "k\x01"),
         "{\"\\\\xffk\":1}"},
        {BYTES("\x81\xa1s\xa3"
               "a\0b"),
         "{\"s\":\"a\\u0000b\"}"},
        {BYTES("\xa5"
               "plain"),
         "\"plain\""},
        {BYTES("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1"},
        {BYTES("\x82\xa1"
               "a\x01"),
         "{\"a\":1}"}, /* cut off: what is there is shown */
        {BYTES("\xdd\xff\xff\xff\xff"), "[]"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        json_print(&out, rows[i].in, false);
        assert_string_equal(buf_str(&out), rows[i].out);
        buf_done(&out);
    }
}

static void depth_is_bounded_both_ways(void **state)
{
    (void)state;
    char deep[100000];
    memset(deep, 0x91, sizeof(deep));
    struct buf out = {0};
    json_print(&out, (struct bytes){deep, sizeof(deep)}, false);
    assert_true(out.n < 100);
    buf_clear(&out);
    char err[100] = "";
    assert_int_equal(json_text_to_msgpack(&out, BYTES("[[[[[[[[1]]]]]]]]"), err, sizeof(err)), 0);
    buf_clear(&out);
    assert_int_equal(json_text_to_msgpack(&out, BYTES("[[[[[[[[[1]]]]]]]]]"), err, sizeof(err)),
                     -EBADMSG);
    assert_string_equal(err, "nested deeper than 8");
    assert_int_equal(out.n, 0); /* nothing half written stays */
    buf_done(&out);
}

static void text_travels_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}",
                                        "[]",
                                        "{\"a\":[1,-2,2.5,true,false,null,\"x\"],\"b\":{\"c\":{}}}",
                                        "{\"big\":9007199254740993}",
                                        "{\"u\":\"grün\\n\"}",
                                        "3",
                                        "\"s\""};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf packed = {0}, out = {0};
        char err[100] = "";
        assert_int_equal(json_text_to_msgpack(&packed, bytes_of(texts[i]), err, sizeof(err)), 0);
        json_print(&out, buf_bytes(&packed), false);
        assert_string_equal(buf_str(&out), texts[i]);
        buf_done(&packed);
        buf_done(&out);
    }
}

static void bad_text_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "{",     "{\"a\":1,\"a\":2}", "{a:1}",
                                        "[1,]", "{} {}", "[1e999]",           "\"\xff\""};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf out = {0};
        char err[200] = "";
        assert_int_equal(json_text_to_msgpack(&out, bytes_of(texts[i]), err, sizeof(err)),
                         -EBADMSG);
        assert_non_null(strstr(err, "line 1, column "));
        assert_int_equal(out.n, 0);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msgpack_is_printed),
        cmocka_unit_test(depth_is_bounded_both_ways),
        cmocka_unit_test(text_travels_there_and_back),
        cmocka_unit_test(bad_text_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
