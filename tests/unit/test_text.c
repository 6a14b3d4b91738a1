/* SPDX-License-Identifier: MPL-2.0 */
/* Texts and numbers, as tables of what goes in and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/text.h"

static void strings_become_json(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        const char *out;
    } rows[] = {
        {BYTES(""), "\"\""},
        {BYTES("a\"b\\c\n\t\r"), "\"a\\\"b\\\\c\\n\\t\\r\""},
        {BYTES("\x1b[2J\0"), "\"\\u001b[2J\\u0000\""},
        {BYTES("grün €𝄞"), "\"grün €𝄞\""},
        {BYTES("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {BYTES("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* an overlong slash */
        {BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {BYTES("\xf4\x90\x80\x80"),
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* over U+10FFFF */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        text_json_string(&out, rows[i].in);
        assert_string_equal(buf_str(&out), rows[i].out);
        buf_done(&out);
    }
}

/* A7: what a peer wrote is drawn and nothing else. */
static void nothing_drives_a_terminal(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        const char *out;
    } rows[] = {
        {BYTES("plain, grün"), "plain, grün"},
        {BYTES("\x1b]0;owned\x07\n"), "\\x1b]0;owned\\x07\\x0a"},
        {BYTES("\xc2\x9b"
               "2J"),
         "\\xc2\\x9b2J"}, /* the C1 form of ESC [ */
        {BYTES("a\xe2\x80\xae"
               "b"),
         "a\\xe2\\x80\\xae"
         "b"}, /* writes from right to left */
        {BYTES("\x7f\xff"), "\\x7f\\xff"},
        {BYTES("a\0b"), "a\\x00b"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        text_safe(&out, rows[i].in);
        assert_string_equal(buf_str(&out), rows[i].out);
        buf_done(&out);
    }
    assert_true(text_is_utf8(BYTES("grün €𝄞")));
    assert_false(text_is_utf8(BYTES("gr\xfcn")));
}

struct number_row {
    const char *in;
    int answer;
    int64_t value;
};

static void check_numbers(const struct number_row *rows, size_t n,
                          int (*parse)(struct bytes, int64_t *))
{
    for (size_t i = 0; i < n; i++) {
        int64_t value = -77;
        int answer = parse(bytes_of(rows[i].in), &value);
        if (answer != rows[i].answer || value != (answer ? -77 : rows[i].value))
            fail_msg("'%s': %d %lld", rows[i].in, answer, (long long)value);
    }
}

static void durations_are_read(void **state)
{
    (void)state;
    static const struct number_row rows[] = {
        {"0", 0, 0},
        {"0s", 0, 0},
        {"250ms", 0, 250},
        {"10s", 0, 10000},
        {"5m", 0, 300000},
        {"2h", 0, 7200000},
        {"7d", 0, 604800000},
        {"1h30m", 0, 5400000},
        {"1d2h3m4s5ms", 0, 93784005},
        {"", -EINVAL, 0},
        {"10", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"1.5s", -EINVAL, 0},
        {"1 s", -EINVAL, 0},
        {"30m1h", -EINVAL, 0},
        {"1s1s", -EINVAL, 0},
        {"10S", -EINVAL, 0},
        {"1w", -EINVAL, 0},
        {"36600d", 0, 3162240000000},
        {"36601d", -ERANGE, 0},
        {"99999999999999999999ms", -ERANGE, 0},
        {"9223372036854775807d", -ERANGE, 0},
    };
    check_numbers(rows, ARRAY_SIZE(rows), text_parse_duration);
}

static void durations_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "0s"},       {1, "1ms"},         {1500, "1s500ms"},
                {60000, "1m"},   {125999, "2m5s"},   {5400000, "1h30m"},
                {3600001, "1h"}, {93784005, "1d2h"}, {-1000, "-1s"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        text_duration(&out, rows[i].ms);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_done(&out);
    }
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct number_row rows[] = {
        {"0", 0, 0},
        {"17", 0, 17},
        {"17B", 0, 17},
        {"64KiB", 0, 65536},
        {"1MiB", 0, 1048576},
        {"2GiB", 0, 2147483648},
        {"3KB", 0, 3000},
        {"3MB", 0, 3000000},
        {"3GB", 0, 3000000000},
        {"", -EINVAL, 0},
        {"KiB", -EINVAL, 0},
        {"1K", -EINVAL, 0},
        {"1KiB1", -EINVAL, 0},
        {"-1", -EINVAL, 0},
        {"9223372036854775807GiB", -ERANGE, 0},
        {"9223372036854775808", -ERANGE, 0},
    };
    check_numbers(rows, ARRAY_SIZE(rows), text_parse_size);
}

static void integers_are_read(void **state)
{
    (void)state;
    static const struct number_row rows[] = {
        {"0", 0, 0},
        {"-12", 0, -12},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"-", -EINVAL, 0},
        {"+1", -EINVAL, 0},
        {" 1", -EINVAL, 0},
        {"1 ", -EINVAL, 0},
        {"0x10", -EINVAL, 0},
        {"1e3", -EINVAL, 0},
        {"--1", -EINVAL, 0},
    };
    check_numbers(rows, ARRAY_SIZE(rows), text_parse_int);
}

static void numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int answer;
        double value;
    } rows[] = {{"1", 0, 1},           {"-2.5e3", 0, -2500}, {".5", 0, 0.5},
                {"1e999", -ERANGE, 0}, {"nan", -EINVAL, 0},  {"inf", -EINVAL, 0},
                {"0x1p3", -EINVAL, 0}, {"", -EINVAL, 0},     {"1,5", -EINVAL, 0},
                {" 1", -EINVAL, 0},    {"1e", -EINVAL, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        double value = -77;
        assert_int_equal(text_parse_number(bytes_of(rows[i].in), &value), rows[i].answer);
        assert_true(value == (rows[i].answer ? -77 : rows[i].value));
    }
}

static void times_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "1970-01-01T00:00:00.000Z"},
                {1769860800123, "2026-01-31T12:00:00.123Z"},
                {-1, "1969-12-31T23:59:59.999Z"},
                {INT64_MAX, "292278994-08-17T07:12:55.807Z"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        text_time(&out, rows[i].ms);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_done(&out);
    }
}

static void the_word_that_was_meant_is_found(void **state)
{
    (void)state;
    static const char *const words[] = {"cooldown", "cycle", "max_concurrent", "threshold"};
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("cycle", "ccyle"), 1); /* a swap is one edit */
    assert_int_equal(text_distance("abc", ""), 3);
    assert_string_equal(text_nearest("coldown", words, ARRAY_SIZE(words)), "cooldown");
    assert_string_equal(text_nearest("ccyle", words, ARRAY_SIZE(words)), "cycle");
    assert_string_equal(text_nearest("max_concurent", words, ARRAY_SIZE(words)), "max_concurrent");
    assert_null(text_nearest("weather", words, ARRAY_SIZE(words)));
    assert_null(text_nearest("x", words, ARRAY_SIZE(words)));
}

static void names_are_narrow(void **state)
{
    (void)state;
    static const struct {
        struct bytes name;
        bool good;
    } rows[] = {{BYTES("a"), true},       {BYTES("hephaestus-backend-1"), true},
                {BYTES("a.b:c_d"), true}, {BYTES("9x"), true},
                {BYTES(""), false},       {BYTES("-a"), false},
                {BYTES("a b"), false},    {BYTES("a\0b"), false},
                {BYTES("ä"), false},      {BYTES("a/b"), false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(text_is_name(rows[i].name), rows[i].good);
    char longest[65];
    memset(longest, 'a', sizeof(longest));
    assert_true(text_is_name((struct bytes){longest, 64}));
    assert_false(text_is_name((struct bytes){longest, 65}));
}

static void patterns_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool match;
    } rows[] = {{"*", "", true},
                {"*", "a.b", true},
                {"task.*", "task.lost", true},
                {"task.*", "tasks", false},
                {"", "", true},
                {"", "a", false},
                {"a?c", "abc", true},
                {"a?c", "ac", false},
                {"*a*b", "xxaxxab", true},
                {"*a*b", "xxaxxabc", false},
                {"**x**", "yxy", true},
                {"a", "ab", false},
                {"ab", "a", false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(text_match(rows[i].pattern, bytes_of(rows[i].text)), rows[i].match);
}

static void moments_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1970-01-01T00:00:00Z", 0}, {"2026-01-31T12:00:00.123Z", 1769860800123}, {"1790000000000", 1790000000000}};
    static const char *const bad[] = {"", "2026-01-31", "2026-01-31T12:00:00", "2026-13-31T12:00:00Z", "2026-01-31T12:00:00.1Z", "-5", "now",
                                      "2026-01-31T12:00:00Z and then much more text that is not needed"};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(text_parse_moment(bytes_of(good[i].text), &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(text_parse_moment(bytes_of(bad[i]), &ms), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(strings_become_json),
        cmocka_unit_test(nothing_drives_a_terminal),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(durations_are_written),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(times_are_written),
        cmocka_unit_test(the_word_that_was_meant_is_found),
        cmocka_unit_test(names_are_narrow),
        cmocka_unit_test(patterns_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
