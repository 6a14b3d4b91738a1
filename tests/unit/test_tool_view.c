/* SPDX-License-Identifier: MPL-2.0 */
/* The picture of `helios top`: what it keeps, and that it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/helios/verbs.h"
#include "tools/helios/view.h"

static json_t *snapshot(int64_t now, double score, unsigned n_kpis)
{
    json_t *kpis = json_array(), *optimizations = json_array();
    for (unsigned i = 0; i < n_kpis; i++) {
        char name[32];
        snprintf(name, sizeof(name), "kpi_%02u", i);
        json_array_append_new(kpis, json_pack("{ss sb sf sf sf}", "name", name, "known", 1, "value",
                                              2.5, "score", (double)i, "weight", 1.0));
        json_array_append_new(optimizations, json_pack("{ss ss si}", "id", name, "state",
                                                       "VERIFYING", "began", (int)i));
    }
    return json_pack("{ss sI s{sf sb} so so s[{ssss}] s[{ss ss}]}", "realm", "shop", "now",
                     (json_int_t)now, "health", "score", score, "known", 1, "kpis", kpis,
                     "optimizations", optimizations, "incidents", "id", "i-1", "state", "OPEN",
                     "agents", "id", "a1", "state", "live");
}

static unsigned lines_of(const struct buf *out)
{
    unsigned n = 0;
    for (size_t i = 0; i < out->n; i++)
        n += out->at[i] == '\n';
    return n;
}

static void keeps_the_newest_events_of_note(void **state)
{
    struct view v = {0};
    (void)state;
    for (int i = 0; i < VIEW_LINES + 5; i++) {
        char text[16];
        snprintf(text, sizeof(text), "number %d", i);
        view_note(&v, "info", "up", text);
        view_note(&v, "debug", "up", "noise");
    }
    assert_int_equal(v.n_lines, VIEW_LINES);
    assert_string_equal(json_string_value(json_object_get(v.lines[0], "text")), "number 5");
    assert_string_equal(json_string_value(json_object_get(v.lines[VIEW_LINES - 1], "text")),
                        "number 20");
    view_done(&v);
}

static void remembers_the_last_minutes_of_health(void **state)
{
    struct view v = {0};
    (void)state;
    for (int64_t at = 1000; at <= 2 * VIEW_PAST_MS; at += 1000)
        view_take_snapshot(&v, snapshot(at, 50, 0), at);
    assert_int_equal(json_array_size(v.past), VIEW_PAST_MS / 1000 + 1);
    view_done(&v);
}

static void the_picture_fits(void **state)
{
    (void)state;
    for (unsigned rows = 20; rows < 100; rows += 7) {
        struct view v = {0};
        struct buf out = {0};
        view_take_snapshot(&v, snapshot(1000, 44, 60), 1000);
        view_take_snapshot(&v, snapshot(2000, 44, 60), 2000);
        for (int i = 0; i < VIEW_LINES; i++)
            view_note(&v, "info", "up", "text");
        view_paint(&out, &v, rows, 2000);
        assert_true(lines_of(&out) <= rows);
        assert_non_null(strstr(buf_str(&out), "INCIDENT i-1"));
        assert_non_null(strstr(buf_str(&out), "kpi_00"));   /* the worst one is in */
        assert_non_null(strstr(buf_str(&out), "kpi_59 -")); /* the newest optimization is in */
        assert_null(strstr(buf_str(&out), "NO ANSWER"));
        buf_done(&out);
        view_paint(&out, &v, rows, 9000);
        assert_non_null(strstr(buf_str(&out), "NO ANSWER for 7s"));
        buf_done(&out);
        view_done(&v);
    }
}

static void count_leaders(void *whom, const json_t *event)
{
    if (strcmp(json_string_value(json_object_get(event, "topic")), "controller.leading") == 0)
        ++*(unsigned *)whom;
}

/* The subscription may reach a new leader after it said so. */
static void a_new_leader_is_told_once_however_it_is_learned(void **state)
{
    unsigned told = 0;
    struct view v = {.on_event = count_leaders, .whom = &told};
    json_t *event = json_pack("{ss sI ss}", "topic", "controller.leading", "epoch", (json_int_t)2,
                              "level", "info");
    (void)state;
    for (int i = 1; i <= 3; i++) {
        json_t *s = snapshot(i * 1000, 44, 0);
        json_object_set_new(s, "epoch", json_integer(1));
        view_take_snapshot(&v, s, i * 1000);
    }
    assert_int_equal(told, 1);
    view_take_event(&v, event);
    view_take_event(&v, event);
    assert_int_equal(told, 2);
    json_t *s = snapshot(9000, 44, 0);
    json_object_set_new(s, "epoch", json_integer(3));
    view_take_snapshot(&v, s, 9000);
    assert_int_equal(told, 3);
    json_decref(event);
    view_done(&v);
}

static void one_line_says_the_same(void **state)
{
    struct view v = {0};
    struct buf out = {0};
    (void)state;
    view_line(&out, &v, 1000);
    assert_string_equal(buf_str(&out), "no answer from the controller\n");
    buf_clear(&out);
    view_take_snapshot(&v, snapshot(1790000000000, 44.04, 2), 1000);
    view_line(&out, &v, 1000);
    assert_string_equal(buf_str(&out),
                        "14:13:20  health 44.0  agents 0  tasks 0  optimizations 2\n");
    buf_done(&out);
    view_done(&v);
}

/* Help, completion and dispatch come from the table: it must be whole. */
static void the_table_of_verbs_is_whole(void **state)
{
    (void)state;
    for (const struct cli_verb *v = cli_verbs; v->name; v++) {
        assert_non_null(v->words);
        assert_non_null(v->run);
        assert_true(strlen(v->help) > 3);
        assert_ptr_equal(cli_verb_find(v->name), v); /* no name twice */
        for (const struct option_row *o = v->options; o && o->name; o++)
            for (const struct option_row *common = common_options; common->name; common++)
                assert_string_not_equal(o->name, common->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_newest_events_of_note),
        cmocka_unit_test(remembers_the_last_minutes_of_health),
        cmocka_unit_test(the_picture_fits),
        cmocka_unit_test(a_new_leader_is_told_once_however_it_is_learned),
        cmocka_unit_test(one_line_says_the_same),
        cmocka_unit_test(the_table_of_verbs_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
