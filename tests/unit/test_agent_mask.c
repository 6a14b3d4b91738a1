/* SPDX-License-Identifier: MPL-2.0 */
/* What an action may not show (Q2): values in text, at the bounds of what is kept, in lines, in data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/mask.h"
#include "agents/progress.h"
#include "common/rand.h"
#include "proto/json.h"

static void q2_every_occurrence_becomes_three_stars(void **state)
{
    static const struct {
        const char *values[3], *text, *shown;
    } rows[] = {
        {{"s3cret"}, "token=s3cret;", "token=***;"},
        {{"s3cret"}, "s3crets3cret", "******"},
        {{"s3cret"}, "s3cre s3cret", "s3cre ***"},
        {{"abc"}, "abc is too short to be told from words", "abc is too short to be told from words"},
        {{"abcd", "abcdef"}, "abcdefg abcde", "***g ***e"},
        {{"abcd", "cdef"}, "abcdef", "***"}, /* two that overlap: nothing of either stays */
        {{"aaaa"}, "aaaaaa", "***"},
        {{"a\"b\\c"}, "{\"t\":\"a\\\"b\\\\c\"} a\"b\\c", "{\"t\":\"***\"} ***"},
        {{"k\xce\xa9/\xe2\x82\xac-key"}, "k\\u03a9/\\u20ac-key k\\u03A9/\\u20AC-key k\xce\xa9\\/\xe2\x82\xac-key", "*** *** ***"},
        {{"first line\nsecond one\r\nx"}, "second one, x, first line", "***, x, ***"},
        {{"first line\nsecond one"}, "first line\nsecond one", "***"},
        {{""}, "nothing", "nothing"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct mask m = {0};
        struct buf text = {0};
        for (size_t k = 0; k < 3 && rows[i].values[k]; k++)
            assert_int_equal(mask_add(&m, bytes_of(rows[i].values[k])), 0);
        buf_text(&text, rows[i].text);
        mask_buf(&m, &text);
        assert_string_equal(buf_str(&text), rows[i].shown);
        buf_done(&text);
        mask_done(&m);
    }
}

/* Wherever a part begins or ends, nothing of an occurrence that lies across is in it. */
static void q2_a_bound_shows_no_part_of_a_value(void **state)
{
    static const char text[] = "..XYXYXY..";
    struct mask m = {0};
    (void)state;
    assert_int_equal(mask_add(&m, BYTES("XYXYXY")), 0);
    for (size_t from = 0; from < sizeof(text); from++)
        for (size_t to = from; to < sizeof(text); to++) {
            struct buf shown = {0};
            mask_text(&m, BYTES(text), from, to, &shown);
            assert_null(strpbrk(buf_str(&shown), "XY"));
            buf_done(&shown);
        }
    mask_done(&m);
}

static void q2_lines_are_masked_before_they_are_cut(void **state)
{
    struct mask m = {0};
    struct progress p = {0};
    struct buf line = {0};
    (void)state;
    assert_int_equal(mask_add(&m, BYTES("s3cret-s3cret")), 0);
    struct lines l = {.mask = &m};
    buf_text(&line, "progress 7 ");
    for (int i = 0; i < NOTE_MAX - 6; i++) /* the note's bound lies in the value */
        buf_text(&line, ".");
    buf_text(&line, "s3cret-s3cret\ncheckpoint at s3cret-s3c");
    lines_take(&l, buf_bytes(&line), &p);
    lines_take(&l, BYTES("ret\n"), &p); /* read in two pieces */
    assert_int_equal(p.percent, 7);
    assert_null(strstr(buf_str(&p.note), "s3"));
    assert_string_equal(buf_str(&p.checkpoint), "at ***");
    lines_done(&l);
    progress_done(&p);
    buf_done(&line);
    mask_done(&m);
}

static void q2_data_is_masked_in_keys_strings_and_numbers(void **state)
{
    static const char given[] = "{\"token\":\"s3cret\",\"s3cret\":[\"x s3cret\",{\"deep\":\"s3cr\\u0065t\"}],"
                                "\"s3cret!\":1,\"pin\":12345678,\"near\":[1234.5678,12345,true,null]}",
                      shown[] = "{\"***\":[\"x ***\",{\"deep\":\"***\"}],\"***! 2\":1,\"near\":[1234.5678,12345,true,null],"
                                "\"pin\":\"***\",\"token\":\"***\"}";
    struct mask m = {0};
    struct buf data = {0}, text = {0};
    char why[160];
    (void)state;
    assert_int_equal(mask_add(&m, BYTES("s3cret")), 0);
    assert_int_equal(mask_add(&m, BYTES("12345678")), 0);
    assert_int_equal(json_text_to_msgpack(&data, BYTES(given), why, sizeof(why)), 0);
    mask_data(&m, &data);
    json_print(&text, buf_bytes(&data), false);
    json_t *a = json_loads(buf_str(&text), 0, NULL), *b = json_loads(shown, 0, NULL);
    if (!json_equal(a, b))
        fail_msg("%s", buf_str(&text));
    json_decref(a);
    json_decref(b);
    buf_done(&data);
    buf_done(&text);
    mask_done(&m);
}

/* What is left of any text never holds a value, and what was not in one stays. */
static void q2_nothing_of_any_text_survives(void **state)
{
    struct rand r = {7};
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct mask m = {0};
        struct buf text = {0};
        char values[2][8];
        for (size_t v = 0; v < 2; v++) {
            size_t n = 4 + rand_next(&r) % 3;
            for (size_t i = 0; i < n; i++)
                values[v][i] = (char)('a' + rand_next(&r) % 2);
            values[v][n] = '\0';
            mask_add(&m, bytes_of(values[v]));
        }
        for (int i = 0; i < 60; i++)
            buf_add(&text, &(char){(char)('a' + rand_next(&r) % 2)}, 1);
        mask_buf(&m, &text);
        assert_null(strstr(buf_str(&text), values[0]));
        assert_null(strstr(buf_str(&text), values[1]));
        buf_done(&text);
        mask_done(&m);
    }
}

static void a_value_of_too_many_lines_is_refused(void **state)
{
    struct mask m = {0};
    struct buf value = {0};
    (void)state;
    for (int i = 0; i < 2 * MASK_MOST; i++)
        buf_printf(&value, "line %d\n", i);
    assert_int_equal(mask_add(&m, buf_bytes(&value)), -E2BIG);
    buf_done(&value);
    mask_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q2_every_occurrence_becomes_three_stars),
        cmocka_unit_test(q2_a_bound_shows_no_part_of_a_value),
        cmocka_unit_test(q2_lines_are_masked_before_they_are_cut),
        cmocka_unit_test(q2_data_is_masked_in_keys_strings_and_numbers),
        cmocka_unit_test(q2_nothing_of_any_text_survives),
        cmocka_unit_test(a_value_of_too_many_lines_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
