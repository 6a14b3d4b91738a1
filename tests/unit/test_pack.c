/* SPDX-License-Identifier: MPL-2.0 */
/* The writer: counts filled in at the close, whatever their size, and values that the cursor reads
 * back. */
#include <math.h>

#include "wire.h"

static void values_come_back(void **state)
{
    (void)state;
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    pack_put_bool(&p, "yes", true);
    pack_put_bool(&p, "no", false);
    pack_put_int(&p, "low", INT64_MIN);
    pack_put_num(&p, "number", 0.1);
    pack_put_num(&p, "nan", NAN);
    pack_put_num(&p, "inf", -INFINITY);
    pack_put_text(&p, "text", "hello");
    pack_put_str(&p, "nothing", (struct bytes){0});
    pack_put_raw(&p, "map", (struct bytes){0});
    pack_key(&p, "list");
    pack_list(&p);
    pack_nil(&p);
    pack_uint(&p, UINT64_MAX);
    pack_bin(&p, BYTES("\0\xff"));
    pack_map(&p);
    pack_end(&p);
    pack_raw(&p, BYTES("\x92\x01\x02"));
    pack_end(&p);
    pack_end(&p);
    struct bytes b = buf_bytes(&out);
    assert_int_equal(guard_check(b), 0);
    assert_true(map_bool(b, "yes", false));
    assert_false(map_bool(b, "no", true));
    assert_true(map_get(b, "low").integer == INT64_MIN);
    assert_true(map_num(b, "number", 0) == 0.1);
    assert_int_equal(map_get(b, "nan").type, VALUE_NIL); /* no reader has to fear NaN */
    assert_int_equal(map_get(b, "inf").type, VALUE_NIL);
    assert_true(bytes_is(map_str(b, "text", ""), "hello"));
    assert_int_equal(map_get(b, "nothing").type, VALUE_STR);
    assert_int_equal(map_get(b, "map").type, VALUE_MAP);
    assert_int_equal(map_get(b, "list").count, 5);
    buf_done(&out);
}

static void counts_of_all_sizes_are_filled_in(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 15, 16, 255, 65535, 65536, 70000};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        struct buf out = {0};
        struct pack p;
        pack_init(&p, &out);
        pack_list(&p);
        pack_list(&p);
        for (size_t n = 0; n < counts[i]; n++)
            pack_uint(&p, n % 128);
        pack_end(&p);
        pack_text(&p, "behind");
        pack_end(&p);
        struct walk w = walk_of(buf_bytes(&out));
        struct value inner, behind;
        assert_true(walk_item(&w, &inner) && walk_item(&w, &behind));
        assert_int_equal(inner.count, counts[i]);
        assert_true(bytes_is(behind.text, "behind"));
        struct walk items = walk_of(inner.whole);
        size_t n = 0;
        for (struct value item; walk_item(&items, &item); n++)
            assert_int_equal(item.integer, n % 128);
        assert_int_equal(n, counts[i]);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(counts_of_all_sizes_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
