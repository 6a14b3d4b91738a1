/* SPDX-License-Identifier: MPL-2.0 */
/* The pure parts of `helios doctor`: what it reads out of texts, how it grades and prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/helios/doctor.h"
#include "tools/helios/paint.h"

static void reads_addresses_of_redis(void **state)
{
    static const struct {
        const char *url;
        int r;
        struct redis_place place;
    } rows[] = {
        {"redis://db1:6380/3", 0, {"db1", 6380, 3}},
        {"redis://db1", 0, {"db1", 6379, 0}},
        {"redis://db1/2", 0, {"db1", 6379, 2}},
        {"redis://10.0.0.1:1", 0, {"10.0.0.1", 1, 0}},
        {"unix:/run/redis.sock", 0, {"/run/redis.sock", 0, 0}},
        {"unix:", -EINVAL, {"", 0, 0}},
        {"redis://", -EINVAL, {"", 0, 0}},
        {"redis://:6379", -EINVAL, {"", 0, 0}},
        {"redis://db1:70000", -EINVAL, {"", 0, 0}},
        {"redis://db1:-1", -EINVAL, {"", 0, 0}},
        {"http://db1", -EINVAL, {"", 0, 0}},
        {"", -EINVAL, {"", 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct redis_place place;
        assert_int_equal(redis_place_of(rows[i].url, &place), rows[i].r);
        if (rows[i].r == 0) {
            assert_string_equal(place.host, rows[i].place.host);
            assert_int_equal(place.port, rows[i].place.port);
            assert_int_equal(place.db, rows[i].place.db);
        }
    }
}

static void reads_fields_of_info(void **state)
{
    static const char info[] =
        "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nempty:\r\nlast:1";
    char text[8];
    (void)state;
    assert_true(info_field(info, "redis_version", text, sizeof(text)));
    assert_string_equal(text, "7.0.15");
    assert_true(info_field(info, "empty", text, sizeof(text)));
    assert_string_equal(text, "");
    assert_true(info_field(info, "last", text, sizeof(text)));
    assert_string_equal(text, "1");
    assert_false(info_field(info, "version", text, sizeof(text))); /* a name's end is none */
    assert_false(info_field(info, "rol", text, sizeof(text)));
    assert_false(info_field("", "role", text, sizeof(text)));
    assert_false(info_field(NULL, "role", text, sizeof(text)));
    char narrow[4]; /* what does not fit is cut */
    assert_true(info_field(info, "role", narrow, sizeof(narrow)));
    assert_string_equal(narrow, "mas");
}

static void compares_versions(void **state)
{
    (void)state;
    assert_int_equal(version_of("7.0.15"), 70015);
    assert_int_equal(version_of("7.2"), 70200);
    assert_true(version_of("6.2.14") < 70000);
    assert_true(version_of("10.0.0") > version_of("9.9.9"));
    assert_int_equal(version_of("7"), 0);
    assert_int_equal(version_of(""), 0);
    assert_int_equal(version_of("unstable"), 0);
}

static void the_worst_is_told(void **state)
{
    struct finding f = {0};
    (void)state;
    found(&f, GRADE_WARN, "mend a", "a is %d", 1);
    found(&f, GRADE_OK, NULL, "all is well");
    assert_string_equal(buf_str(&f.seen), "a is 1");
    found(&f, GRADE_WARN, "mend b", "b"); /* as bad: the first one stays */
    assert_string_equal(buf_str(&f.todo), "mend a");
    found(&f, GRADE_FAIL, "mend c", "c");
    assert_string_equal(buf_str(&f.seen), "c");
    assert_string_equal(buf_str(&f.todo), "mend c");
    assert_int_equal(f.grade, GRADE_FAIL);
    buf_done(&f.seen);
    buf_done(&f.todo);
}

static void exit_codes(void **state)
{
    (void)state;
    assert_int_equal(grades_exit((unsigned[GRADES]){5, 5, 0, 0}), 0);
    assert_int_equal(grades_exit((unsigned[GRADES]){5, 5, 1, 0}), 1);
    assert_int_equal(grades_exit((unsigned[GRADES]){5, 5, 1, 1}), 2);
    assert_int_equal(grades_exit((unsigned[GRADES]){5, 5, 0, 1}), 2);
}

/* A7: what was seen may come from a peer. */
static void prints_nothing_that_drives_a_terminal(void **state)
{
    const struct doctor_check check = {.group = "Redis", .name = "redis-role"};
    struct finding f = {0};
    struct buf out = {0};
    (void)state;
    paint_setup(false);
    found(&f, GRADE_FAIL, "mend\x1b[2J it", "a \x1b[31m\"role\"\n of \xff");
    finding_paint(&out, &check, &f);
    assert_null(strchr(buf_str(&out), '\x1b'));
    assert_string_equal(buf_str(&out),
                        "  fail  redis-role         a \\x1b[31m\"role\"\\x0a of \\xff\n"
                        "                         → mend\\x1b[2J it\n");
    json_t *row = finding_json(&check, &f);
    assert_non_null(row);
    assert_string_equal(json_string_value(json_object_get(row, "grade")), "fail");
    assert_string_equal(json_string_value(json_object_get(row, "seen")),
                        "a \\x1b[31m\"role\"\\x0a of \\xff");
    json_decref(row);
    buf_done(&out);
    buf_done(&f.seen);
    buf_done(&f.todo);
}

/* Each row has a name of its own, and rows of a group stand together: the output has each heading once. */
static void the_table_is_in_order(void **state)
{
    (void)state;
    for (const struct doctor_check *a = doctor_checks; a->name; a++) {
        assert_non_null(a->look);
        bool left = false;
        for (const struct doctor_check *b = a + 1; b->name; b++) {
            assert_string_not_equal(a->name, b->name);
            left |= strcmp(a->group, b->group) != 0;
            assert_false(left && strcmp(a->group, b->group) == 0);
        }
    }
}

/* With nothing known, whatever needs something is skipped with a reason, in the order in which one leans on the other. */
static void what_is_lacking_is_said(void **state)
{
    const struct exam nothing = {0};
    struct set_config config = {.realm = BYTES("r")};
    const struct exam with_config = {.config_file = "helios.yaml", .config = &config};
    (void)state;
    for (const struct doctor_check *check = doctor_checks; check->name; check++)
        if (check->needs && check->needs != NEED_IDENTITY)
            assert_non_null(doctor_lacking(&nothing, check->needs));
    assert_null(doctor_lacking(&nothing, 0));
    assert_null(doctor_lacking(&with_config, NEED_CONFIG_FILE | NEED_CONFIG | NEED_PRIVATE));
    assert_non_null(strstr(doctor_lacking(&with_config, NEED_CONFIG | NEED_KEY), "security.key"));
    assert_non_null(strstr(doctor_lacking(&nothing, NEED_CONFIG | NEED_KEY), "config"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses_of_redis),
        cmocka_unit_test(reads_fields_of_info),
        cmocka_unit_test(compares_versions),
        cmocka_unit_test(the_worst_is_told),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(prints_nothing_that_drives_a_terminal),
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(what_is_lacking_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
