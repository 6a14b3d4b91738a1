/* SPDX-License-Identifier: MPL-2.0 */
/* Bars, sparklines, values, tables and trees as a person sees them, without colours. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/helios/paint.h"

static void check(struct buf *out, const char *expected)
{
    assert_string_equal(buf_str(out), expected);
    buf_done(out);
}

static void values_have_shapes(void **state)
{
    static const struct {
        const char *json;
        enum shape shape;
        const char *shown;
    } rows[] = {
        {"[812]", SHAPE_NUMBER, "812"},
        {"[12.345]", SHAPE_NUMBER, "12.3"},
        {"[0.25]", SHAPE_NUMBER, "0.25"},
        {"[0.000412]", SHAPE_NUMBER, "0.000412"},
        {"[1234.5]", SHAPE_NUMBER, "1234"},
        {"[88.06]", SHAPE_SCORE, "88.1"},
        {"[92]", SHAPE_PERCENT, "92.0 %"},
        {"[90500]", SHAPE_MS, "1m30s"},
        {"[1999]", SHAPE_AGE, "1s"},
        {"[-1]", SHAPE_AGE, "-"},
        {"[null]", SHAPE_TEXT, "-"},
        {"[true]", SHAPE_BOOL, "yes"},
        {"[\"a\\u001b[31mb\"]", SHAPE_TEXT, "a\\x1b[31mb"},
        {"[[\"o-1\", \"o-2\"]]", SHAPE_LIST, "o-1, o-2"},
        {"[1790000000000]", SHAPE_TIME, "14:13:20"},
        {"[0]", SHAPE_TIME, "-"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        json_t *list = json_loads(rows[i].json, 0, NULL);
        assert_non_null(list);
        paint_value(&out, json_array_get(list, 0), rows[i].shape);
        check(&out, rows[i].shown);
        json_decref(list);
    }
}

static const struct column columns[] = {{"ID", "id", SHAPE_TEXT, 0},
                                        {"P95", "now.p95", SHAPE_NUMBER, 0},
                                        {"WHY", "why", SHAPE_TEXT, 6},
                                        {0}};

static void tables_line_up(void **state)
{
    struct buf out = {0};
    json_t *rows =
        json_loads("[{\"id\": \"t-1\", \"now\": {\"p95\": 7}, \"why\": \"wäits for you\"},"
                   " {\"id\": \"t-1000\", \"now\": {\"p95\": 1234}, \"why\": \"\"}]",
                   0, NULL);
    (void)state;
    paint_table(&out, rows, columns);
    check(&out, "ID       P95  WHY\n"
                "t-1        7  wäits…\n"
                "t-1000  1234  \n");
    json_decref(rows);
}

static void objects_are_rows_by_name(void **state)
{
    static const struct column by_name[] = {
        {"KPI", "name", SHAPE_TEXT, 0}, {"N", "count", SHAPE_INT, 0}, {0}};
    struct buf out = {0};
    json_t *rows = json_loads("{\"lag\": {\"count\": 3}}", 0, NULL);
    (void)state;
    paint_table(&out, rows, by_name);
    check(&out, "KPI  N\nlag  3\n");
    json_decref(rows);
    paint_table(&out, NULL, by_name);
    check(&out, "KPI  N\n(none)\n");
}

/* A7: what comes from a peer never drives a terminal. */
static void a7_nothing_from_a_peer_escapes(void **state)
{
    struct buf out = {0};
    json_t *tree = json_loads(
        "{\"na\\u001bme\": \"\\u001b]0;x\\u0007\", \"list\": [{\"a\\n\": \"b\\r\"}]}", 0, NULL);
    (void)state;
    paint_tree(&out, tree, 0);
    for (size_t i = 0; i < out.n; i++)
        assert_true(out.at[i] == '\n' || (unsigned char)out.at[i] >= ' ');
    buf_done(&out);
    json_decref(tree);
}

static void trees_leave_out_what_is_empty(void **state)
{
    struct buf out = {0};
    json_t *tree = json_loads(
        "{\"id\": \"o-1\", \"note\": \"\", \"settle_ms\": 4000, \"undo\": {\"level\": 5}}",
        JSON_DECODE_ANY, NULL);
    (void)state;
    paint_tree(&out, tree, 0);
    check(&out, "id: o-1\nsettle_ms: 4s\nundo:\n  level: 5\n");
    json_decref(tree);
}

static void bars_and_sparks(void **state)
{
    struct buf out = {0};
    const double values[] = {0, 50, 100, NAN, 250, -3};
    (void)state;
    paint_bar(&out, 50, 4);
    check(&out, "██░░");
    paint_bar(&out, 101, 3);
    check(&out, "███");
    paint_spark(&out, values, ARRAY_SIZE(values), 0, 100);
    check(&out, "▁▅█ █▁");
    assert_int_equal(text_columns("▁▅ä"), 3);
}

static void words_and_scores_have_tones(void **state)
{
    (void)state;
    assert_int_equal(tone_of_word("ACCEPTED"), TONE_GOOD);
    assert_int_equal(tone_of_word("STUCK"), TONE_BAD);
    assert_int_equal(tone_of_word("anything"), TONE_PLAIN);
    assert_int_equal(tone_of_score(85), TONE_GOOD);
    assert_int_equal(tone_of_score(60), TONE_WARN);
    assert_int_equal(tone_of_score(59.9), TONE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_shapes),
        cmocka_unit_test(tables_line_up),
        cmocka_unit_test(objects_are_rows_by_name),
        cmocka_unit_test(a7_nothing_from_a_peer_escapes),
        cmocka_unit_test(trees_leave_out_what_is_empty),
        cmocka_unit_test(bars_and_sparks),
        cmocka_unit_test(words_and_scores_have_tones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
