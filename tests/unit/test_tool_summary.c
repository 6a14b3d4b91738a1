/* SPDX-License-Identifier: MPL-2.0 */
/* The tables and the sentence of `helios summary`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/helios/summary.h"

static const char run[] =
    "{\"cycles\": [{\"id\": \"c-1\", \"state\": \"REPORT\", \"began\": 1790000000000, "
    "\"health_before\": 40,"
    "   \"health_after\": 80.5, \"optimizations\": [\"o-1\", \"o-2\"], \"note\": \"\"}],"
    " \"optimizations\": ["
    "  {\"id\": \"o-1\", \"name\": \"compress\", \"state\": \"ACCEPTED\", \"verdict\": "
    "\"SUCCESS\", \"n_before\": 80,"
    "   \"n_after\": 90, \"ess_before\": 14.9, \"ess_after\": 15.2, \"before\": 800, \"after\": "
    "200, \"effect\": -600, \"effect_percent\": -75,"
    "   \"low\": -640.5, \"high\": -550, \"p\": 0.0004, \"rule\": \"improved\"},"
    "  {\"id\": \"o-2\", \"name\": \"inline\", \"state\": \"ROLLED_BACK\", \"verdict\": \"ERROR\", "
    "\"n_after\": 0,"
    "   \"before\": 0, \"p\": 1}],"
    " \"incidents\": [{\"id\": \"i-1\", \"state\": \"RESOLVED\", \"scope\": \"realm\", \"opened\": "
    "1790000010000,"
    "   \"ended\": 1790000040000, \"health_at_open\": 31, \"worst\": 22.4,"
    "   \"timeline\": [{\"at\": 1790000010000, \"topic\": \"incident.opened\", \"text\": \"health "
    "under 50\"},"
    "   {\"at\": 1790000011000, \"topic\": \"task.completed\", \"text\": \"t-1 noise\"}]}],"
    " \"health\": {}, \"health_history\": [{\"at\": 1790000000000, \"health\": 40},"
    "   {\"at\": 1790000010000, \"health\": null}, {\"at\": 1790000020000, \"health\": 20},"
    "   {\"at\": 1790000030000, \"health\": 90}]}";

static void tells_all_of_a_run(void **state)
{
    struct buf out = {0};
    json_t *s = json_loads(run, 0, NULL);
    (void)state;
    assert_non_null(s);
    summary_paint(&out, s);
    static const char *const parts[] = {
        "o-1, o-2",
        "80+90",
        "14+15",
        "-640..-550",
        "-600",
        "-75",
        "0.0004",
        "improved",
        "lowest 20.0 at 14:13:40",
        "highest 90.0 at 14:13:50",
        "▄ ▂▇",
        "i-1 RESOLVED of realm, health 31.0 when it opened, 22.4 at worst, over after 30s",
        "14:13:30  health under 50",
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (strstr(buf_str(&out), parts[i]) == NULL)
            fail_msg("%s is missing in:\n%s", parts[i], buf_str(&out));
    assert_null(strstr(buf_str(&out), "noise"));
    buf_done(&out);
    summary_verdict(&out, s);
    assert_string_equal(buf_str(&out),
                        "1 cycle, 2 optimizations: 1 kept, 1 undone; 1 incident, 1 resolved; "
                        "health 40.0 at first, 90.0 at last.");
    buf_done(&out);
    json_decref(s);
}

/* X3: no evidence shows no numbers, not zeros. */
static void x3_no_evidence_has_no_numbers(void **state)
{
    struct buf out = {0};
    json_t *s = json_loads(run, 0, NULL);
    (void)state;
    summary_paint(&out, s);
    const char *row = strstr(buf_str(&out), "o-2  inline");
    assert_non_null(row);
    assert_int_equal(strcspn(row, "0123456789") + 1, strcspn(row, "2") + 1);
    assert_true(strcspn(row + 3, "0123456789") >= strcspn(row + 3, "\n"));
    buf_done(&out);
    json_decref(s);
}

static void an_empty_run_is_told_too(void **state)
{
    struct buf out = {0};
    json_t *s = json_object();
    (void)state;
    summary_paint(&out, s);
    assert_non_null(strstr(buf_str(&out), "(never known)"));
    assert_non_null(strstr(
        buf_str(&out), "0 cycles, 0 optimizations: 0 kept, 0 undone; 0 incidents, 0 resolved."));
    buf_done(&out);
    summary_verdict(&out, NULL);
    assert_non_null(strstr(buf_str(&out), "0 cycles"));
    buf_done(&out);
    json_decref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_all_of_a_run),
        cmocka_unit_test(x3_no_evidence_has_no_numbers),
        cmocka_unit_test(an_empty_run_is_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
