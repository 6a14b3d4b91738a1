/* SPDX-License-Identifier: MPL-2.0 */
/* The cursor, on bytes written out by hand from the msgpack specification. */
#include "wire.h"

static void integers_of_all_widths(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        int64_t value;
    } rows[] = {
        {BYTES("\x00"), 0},
        {BYTES("\x7f"), 127},
        {BYTES("\xff"), -1},
        {BYTES("\xe0"), -32},
        {BYTES("\xcc\xff"), 255},
        {BYTES("\xcd\xff\xff"), 65535},
        {BYTES("\xce\xff\xff\xff\xff"), 4294967295},
        {BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), INT64_MAX},
        {BYTES("\xd0\x80"), -128},
        {BYTES("\xd1\x80\0"), -32768},
        {BYTES("\xd2\x80\0\0\0"), -2147483648},
        {BYTES("\xd3\x80\0\0\0\0\0\0\0"), INT64_MIN},
        {BYTES("\xd0\x05"), 5},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cursor c = cursor_of(rows[i].in);
        struct value v = read_value(&c);
        assert_int_equal(v.type, VALUE_INT);
        assert_true(v.integer == rows[i].value);
        assert_true(bytes_eq(v.whole, rows[i].in));
        assert_int_equal(read_value(&c).type, VALUE_END);
    }
}

static void other_scalars(void **state)
{
    (void)state;
    struct cursor c = cursor_of(BYTES("\xc0\xc2\xc3\xca\x3f\xc0\0\0\xcb\xc0\x04\0\0\0\0\0\0\xcf\xff"
                                      "\xff\xff\xff\xff\xff\xff\xff"));
    assert_int_equal(read_value(&c).type, VALUE_NIL);
    assert_false(read_value(&c).boolean);
    struct value v = read_value(&c);
    assert_true(v.type == VALUE_BOOL && v.boolean);
    assert_true(read_value(&c).number == 1.5);
    assert_true(read_value(&c).number == -2.5);
    v = read_value(&c);
    assert_true(v.type == VALUE_NUM && v.number == 18446744073709551615.0);
    assert_int_equal(read_value(&c).type, VALUE_END);
}

static void texts_are_views(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        enum value_type type;
    } rows[] = {
        {BYTES("\xa3"
               "abc"),
         VALUE_STR},
        {BYTES("\xd9\x03"
               "abc"),
         VALUE_STR},
        {BYTES("\xda\0\x03"
               "abc"),
         VALUE_STR},
        {BYTES("\xdb\0\0\0\x03"
               "abc"),
         VALUE_STR},
        {BYTES("\xc4\x03"
               "abc"),
         VALUE_BIN},
        {BYTES("\xc5\0\x03"
               "abc"),
         VALUE_BIN},
        {BYTES("\xc6\0\0\0\x03"
               "abc"),
         VALUE_BIN},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cursor c = cursor_of(rows[i].in);
        struct value v = read_value(&c);
        assert_int_equal(v.type, rows[i].type);
        assert_true(bytes_is(v.text, "abc"));
        assert_ptr_equal(v.text.at + v.text.n, rows[i].in.at + rows[i].in.n);
    }
}

/* read_value stands on the first item, read_whole behind the last; `whole` is all of it in both. */
static void containers(void **state)
{
    (void)state;
    struct bytes in = BYTES("\x82\xa1"
                            "a\x92\x01\x02\xa1"
                            "b\x80");
    struct cursor c = cursor_of(in);
    struct value v = read_value(&c);
    assert_true(v.type == VALUE_MAP && v.count == 2 && bytes_eq(v.whole, in));
    assert_true(bytes_is(read_value(&c).text, "a"));
    v = read_whole(&c);
    assert_true(v.type == VALUE_LIST && v.count == 2 && v.whole.n == 3);
    assert_true(bytes_is(read_value(&c).text, "b"));
    assert_int_equal(read_value(&c).type, VALUE_MAP);
    assert_int_equal(read_value(&c).type, VALUE_END);
}

/* Reading past the end gives VALUE_END, whatever the bytes are: here nobody has called the guard.
 */
static void bytes_that_end_too_early(void **state)
{
    (void)state;
    static const struct bytes rows[] = {BYTES(""),
                                        BYTES("\xcd\xff"),
                                        BYTES("\xa3"
                                              "ab"),
                                        BYTES("\xdb\xff\xff\xff\xff"),
                                        BYTES("\x82\xa1"
                                              "a\x01"),
                                        BYTES("\xdf\x0f\xff\xff\xff"),
                                        BYTES("\xdd\xff\xff\xff\xff\x01"),
                                        BYTES("\xc1"),
                                        BYTES("\xd4\x01\x01")};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cursor c = cursor_of(rows[i]);
        assert_int_equal(read_value(&c).type, VALUE_END);
        assert_int_equal(read_value(&c).type, VALUE_END);
        c = cursor_of(rows[i]);
        assert_int_equal(read_whole(&c).type, VALUE_END);
        assert_ptr_equal(c.at, c.end);
        struct walk w = walk_of(rows[i]);
        for (struct value key, item; walk_pair(&w, &key, &item);)
            assert_true(bytes_is(key.text, "a"));
        assert_int_equal(map_get(rows[i], "b").type, VALUE_END);
    }
}

static void maps_are_asked_by_key(void **state)
{
    (void)state;
    struct bytes map =
        BYTES("\x85\xa1s\xa2hi\xa1n\xcb\x3f\xf8\0\0\0\0\0\0\xa1i\xff\xa1t\xc3\xa1m\x81\xa1s\x01");
    assert_true(bytes_is(map_str(map, "s", "no"), "hi"));
    assert_true(bytes_is(map_str(map, "i", "no"), "no"));
    assert_true(bytes_is(map_str(map, "none", "no"), "no"));
    assert_true(map_num(map, "n", 0) == 1.5);
    assert_true(map_num(map, "i", 0) == -1);
    assert_true(map_num(map, "s", 7) == 7);
    assert_int_equal(map_int(map, "i", 0), -1);
    assert_int_equal(map_int(map, "n", 9), 9);
    assert_true(map_bool(map, "t", false));
    assert_true(map_bool(map, "i", true));
    assert_int_equal(map_get(map, "m").type, VALUE_MAP);
    assert_int_equal(map_int(map_get(map, "m").whole, "s", 0), 1);
    assert_int_equal(map_get(BYTES("\x91\x01"), "s").type, VALUE_END);
    assert_int_equal(map_get((struct bytes){0}, "s").type, VALUE_END);
}

static void walking_visits_all(void **state)
{
    (void)state;
    struct walk w = walk_of(BYTES("\x94\x01\x92\x02\x03\x80\x04"));
    struct value item;
    size_t n = 0;
    while (walk_item(&w, &item))
        n++;
    assert_int_equal(n, 4);
    assert_int_equal(item.integer, 4);
    w = walk_of(BYTES("\x01"));
    assert_false(walk_item(&w, &item));
}

/* Z3: the quick ways and read_head never differ on what a first byte means. */
static void quick_ways_agree_with_read_head(void **state)
{
    (void)state;
    char bytes[64] = {0};
    for (int first = 0; first < 256; first++) {
        bytes[0] = (char)first;
        for (size_t n = 0; n <= sizeof(bytes); n++) {
            struct cursor slow = cursor_of((struct bytes){bytes, n}), plain = slow, text = slow;
            struct bytes taken;
            struct value v = read_head(&slow);
            bool is_plain = v.type == VALUE_NIL || v.type == VALUE_BOOL || v.type == VALUE_INT ||
                            v.type == VALUE_NUM;
            assert_int_equal(skip_plain(&plain), is_plain);
            assert_ptr_equal(plain.at, is_plain ? slow.at : bytes);
            bool is_short = v.type == VALUE_STR && first < 0xc0;
            assert_int_equal(read_short(&text, &taken), is_short);
            assert_ptr_equal(text.at, is_short ? slow.at : bytes);
            if (is_short)
                assert_true(taken.at == v.text.at && taken.n == v.text.n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_all_widths),
        cmocka_unit_test(other_scalars),
        cmocka_unit_test(texts_are_views),
        cmocka_unit_test(containers),
        cmocka_unit_test(bytes_that_end_too_early),
        cmocka_unit_test(maps_are_asked_by_key),
        cmocka_unit_test(walking_visits_all),
        cmocka_unit_test(quick_ways_agree_with_read_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
