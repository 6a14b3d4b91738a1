/* SPDX-License-Identifier: MPL-2.0 */
/* Cron and time zones: rules S2 and S3, against tables that another implementation wrote (cron_oracle.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/cron.h"
#include "common/text.h"
#include "settings/zones.h"

static const struct zone *zone_of(const char *name)
{
    const struct zone *z;
    if (zones_find(bytes_of(name), &z) < 0)
        fail_msg("no zone %s", name);
    return z;
}

static struct cron cron_of(const char *line)
{
    struct cron c;
    struct cron_mistake mistake;
    if (cron_parse(bytes_of(line), cron_seed(BYTES("nightly")), &c, &mistake) < 0)
        fail_msg("%s: at %zu: %s", line, mistake.at, mistake.text);
    return c;
}

static void refused(const char *line, size_t at, const char *part)
{
    struct cron c;
    struct cron_mistake mistake;
    if (cron_parse(bytes_of(line), 1, &c, &mistake) == 0)
        fail_msg("'%s' was taken", line);
    if (mistake.at != at || strstr(mistake.text, part) == NULL)
        fail_msg("'%s': at %zu: %s", line, mistake.at, mistake.text);
}

/* 2026-01-31T12:00:00Z, or with a time zone the local time. */
static int64_t utc(const char *text)
{
    int y, mo, d, h, mi, s;
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s), 6);
    return (civil_day(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000;
}

static void next_is(const char *line, const char *zone, const char *after, const char *expected)
{
    struct cron c = cron_of(line);
    int64_t at = cron_next(&c, zone_of(zone), utc(after));
    struct buf text = {0};
    text_time(&text, at);
    if (at != utc(expected))
        fail_msg("%s in %s after %s: %s, not %s", line, zone, after, buf_str(&text), expected);
    buf_done(&text);
}

static void s2_fields_lists_ranges_steps_and_names(void **state)
{
    (void)state;
    next_is("* * * * *", "UTC", "2026-01-31 23:59:59", "2026-02-01 00:00:00");
    next_is("*/20 * * * * *", "UTC", "2026-01-31 23:59:40", "2026-02-01 00:00:00");
    next_is("0 */4 * * *", "UTC", "2026-01-31 20:00:00", "2026-02-01 00:00:00");
    next_is("5,10-12,50/3 3 * * *", "UTC", "2026-01-31 03:12:00", "2026-01-31 03:50:00");
    next_is("0 0 ? JAN,mar Fri-SUN", "UTC", "2026-01-31 00:00:00", "2026-03-01 00:00:00");
    next_is("0 0 * * 7", "UTC", "2026-11-21 00:00:00", "2026-11-22 00:00:00");
    next_is("0 0 29 2 *", "UTC", "2096-02-29 00:00:00", "2104-02-29 00:00:00");
}

static void s2_day_and_weekday_both_restricted_are_either(void **state)
{
    (void)state;
    next_is("0 0 13 * FRI", "UTC", "2026-11-10 00:00:00", "2026-11-13 00:00:00");
    next_is("0 0 13 * FRI", "UTC", "2026-11-13 00:00:00", "2026-11-20 00:00:00");
    next_is("0 0 13 * *", "UTC", "2026-11-13 00:00:00", "2026-12-13 00:00:00");
    next_is("0 0 */1 * FRI", "UTC", "2026-11-13 00:00:00", "2026-11-20 00:00:00");
}

static void s2_the_last_day_and_the_words(void **state)
{
    (void)state;
    next_is("0 0 L * *", "UTC", "2024-02-01 00:00:00", "2024-02-29 00:00:00");
    next_is("0 0 15,L * *", "UTC", "2024-02-15 00:00:00", "2024-02-29 00:00:00");
    next_is("@yearly", "UTC", "2026-01-01 00:00:00", "2027-01-01 00:00:00");
    next_is("@monthly", "UTC", "2026-01-01 00:00:00", "2026-02-01 00:00:00");
    next_is("@weekly", "UTC", "2026-11-21 00:00:00", "2026-11-22 00:00:00");
    next_is("@daily", "Europe/Berlin", "2026-11-21 00:00:00", "2026-11-21 23:00:00");
    next_is("@hourly", "Asia/Kolkata", "2026-11-21 00:00:00", "2026-11-21 00:30:00");
    next_is("@every 90s", "Asia/Kolkata", "1970-01-01 00:01:30", "1970-01-01 00:03:00");
    struct cron immediate = cron_of("immediate");
    assert_int_equal(immediate.kind, CRON_IMMEDIATE);
    assert_true(cron_next(&immediate, NULL, 0) == CRON_NEVER);
}

/* ~ is one value, the same for a name for ever, within its range, and spread over names. */
static void s2_a_tilde_is_drawn_from_the_name(void **state)
{
    (void)state;
    uint64_t minutes = 0, days = 0;
    for (int i = 0; i < 2000; i++) {
        char name[24];
        struct cron c, again;
        struct cron_mistake mistake;
        snprintf(name, sizeof(name), "s-%d", i);
        assert_int_equal(cron_parse(BYTES("~ 2~4 ~ * ~"), cron_seed(bytes_of(name)), &c, &mistake), 0);
        assert_int_equal(cron_parse(BYTES("~ 2~4 ~ * ~"), cron_seed(bytes_of(name)), &again, &mistake), 0);
        assert_memory_equal(&c, &again, sizeof(c));
        assert_int_equal(__builtin_popcountll(c.minutes), 1);
        assert_int_equal(__builtin_popcount(c.hours), 1);
        assert_true((c.hours & ~0x1cu) == 0 && (c.days & 1u << 29) == 0);
        minutes |= c.minutes;
        days |= c.days;
        assert_int_equal(cron_parse(BYTES("~/15 * * * *"), cron_seed(bytes_of(name)), &c, &mistake), 0);
        assert_int_equal(__builtin_popcountll(c.minutes), 4);
        assert_true((c.minutes >> 15 & 0x7fff) == (c.minutes & 0x7fff));
    }
    assert_int_equal(__builtin_popcountll(minutes), 60);
    assert_int_equal(__builtin_popcountll(days), 28);
}

static void s2_what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    refused("", 0, "empty");
    refused("* * * *", 0, "these are 4");
    refused("60 * * * *", 0, "0 to 59, not 60");
    refused("0 0 * foo *", 6, "'foo' is no month");
    refused("0 0 * * 1-x", 10, "no weekday");
    refused("0 5-2 * * *", 2, "ends before it begins");
    refused("0 */30 * * *", 4, "a step of the hour is 1 to 24");
    refused("0 */0 * * *", 4, "a step");
    refused("0 0 1, * *", 6, "ends where a number");
    refused("0 0 1x * *", 5, "'x' does not belong in a day");
    refused("0 0 30 2 *", 0, "no such day");
    refused("0 0 31 4,6 *", 0, "no such day");
    refused("@never", 0, "'@never' is not");
    refused("@every 5", 7, "1s to 366d");
    refused("@every 100ms", 7, "1s to 366d");
    refused("* * * * * * *", 0, "these are 7");
    refused("99999999999999999999 * * * *", 0, "0 to 59");
    refused("0 0 0 * *", 4, "1 to 31, not 0");
}

static void s3_a_skipped_hour_runs_at_the_next_valid_time(void **state)
{
    (void)state; /* Berlin: 02:00 -> 03:00 CEST at 01:00Z */
    next_is("30 2 * * *", "Europe/Berlin", "2024-03-30 12:00:00", "2024-03-31 01:00:00");
    next_is("30 2 * * *", "Europe/Berlin", "2024-03-31 01:00:00", "2024-04-01 00:30:00");
    next_is("30 2,3 * * *", "Europe/Berlin", "2024-03-31 01:00:00", "2024-03-31 01:30:00");
    next_is("0 2,3 * * *", "Europe/Berlin", "2024-03-30 12:00:00", "2024-03-31 01:00:00"); /* two on one moment */
    next_is("0 2,3 * * *", "Europe/Berlin", "2024-03-31 01:00:00", "2024-04-01 00:00:00");
    next_is("0 0 * * *", "America/Sao_Paulo", "2018-11-03 12:00:00", "2018-11-04 03:00:00"); /* midnight itself */
    next_is("15 2 * * *", "Australia/Lord_Howe", "2024-10-05 12:00:00", "2024-10-05 15:30:00"); /* 30 minutes */
}

static void s3_a_repeated_hour_runs_once(void **state)
{
    (void)state; /* Berlin: 03:00 -> 02:00 CET at 01:00Z */
    next_is("30 2 * * *", "Europe/Berlin", "2024-10-26 12:00:00", "2024-10-27 00:30:00");
    next_is("30 2 * * *", "Europe/Berlin", "2024-10-27 00:30:00", "2024-10-28 01:30:00");
    next_is("*/30 2 * * *", "Europe/Berlin", "2024-10-27 00:30:00", "2024-10-28 01:00:00");
    next_is("*/30 2,3 * * *", "Europe/Berlin", "2024-10-27 01:10:00", "2024-10-27 02:00:00"); /* asked amid the second pass */
    next_is("45 1 * * *", "Australia/Lord_Howe", "2024-04-06 12:00:00", "2024-04-06 14:45:00");
    next_is("45 1 * * *", "Australia/Lord_Howe", "2024-04-06 14:45:00", "2024-04-07 15:15:00");
}

static void s3_each_hour_that_passes_has_its_times_where_none_is_named(void **state)
{
    (void)state;
    next_is("30 * * * *", "Europe/Berlin", "2024-10-27 00:30:00", "2024-10-27 01:30:00");
    next_is("30 */1 * * *", "Europe/Berlin", "2024-03-31 00:30:00", "2024-03-31 01:30:00");
    next_is("*/15 * * * *", "Australia/Lord_Howe", "2024-04-06 14:45:00", "2024-04-06 15:00:00");
}

static void s3_agrees_with_another_implementation(void **state)
{
    static const struct {
        const char *zone, *line;
        int64_t begin, end;
        size_t n;
        uint64_t digest;
    } table[] = {
#include "cron_table.h"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct cron c = cron_of(table[i].line);
        const struct zone *z = zone_of(table[i].zone);
        uint64_t digest = 0;
        size_t n = 0;
        int64_t last = CRON_NEVER;
        for (int64_t at = table[i].begin * 1000; (at = cron_next(&c, z, at)) <= table[i].end * 1000; n++) {
            digest = digest * 1000003 + (uint64_t)(at / 1000);
            last = at;
        }
        if (n != table[i].n || digest != table[i].digest)
            fail_msg("'%s' in %s from %lld: %zu times, not %zu", table[i].line, table[i].zone, (long long)table[i].begin, n, table[i].n);
        assert_true(cron_newest(&c, z, table[i].begin * 1000, table[i].end * 1000) == last);
    }
}

/* ---- zones ---- */

static void a_zone_is_none_that_leads_elsewhere(void **state)
{
    (void)state;
    static const char *const bad[] = {"../../../etc/passwd", "/etc/passwd", "Europe/../../passwd", "Europe", "Europe/Nowhere", "tzdata.zi",
                                      "zone.tab", " UTC", "Europe/Berlin "};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const struct zone *z;
        if (zones_find(bytes_of(bad[i]), &z) == 0)
            fail_msg("%s was taken", bad[i]);
    }
    assert_null(zone_of("UTC"));
    assert_ptr_equal(zone_of("Europe/Berlin"), zone_of("Europe/Berlin"));
}

/* A file made of one type and a rule: what no table in any tzdata decides. */
static struct zone *zone_with_rule(const char *rule)
{
    struct buf file = {0};
    struct zone *z = NULL;
    for (int block = 0; block < 2; block++) {
        buf_add(&file, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
        buf_add(&file, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4", 24);
        buf_add(&file, "\0\0\0\0\0\0UTC", 10);
    }
    buf_printf(&file, "\n%s\n", rule);
    (void)zone_parse(buf_bytes(&file), &z);
    buf_done(&file);
    return z;
}

static int32_t offset_at(const struct zone *z, const char *when)
{
    return zone_span(z, utc(when) / 1000).offset;
}

static void a_zone_follows_the_rule_at_its_end(void **state)
{
    (void)state;
    struct zone *ny = zone_with_rule("EST5EDT,M3.2.0,M11.1.0"), *sydney = zone_with_rule("AEST-10AEDT,M10.1.0,M4.1.0/3"),
                *always = zone_with_rule("XXX3EDT4,0/0,J365/23"), *plain = zone_with_rule("<+0545>-5:45"),
                *julian = zone_with_rule("IRST-3:30IRDT,J80/0,264/-1:30");
    assert_int_equal(offset_at(ny, "2300-07-01 00:00:00"), -4 * 3600);
    assert_int_equal(offset_at(ny, "2300-12-31 00:00:00"), -5 * 3600);
    assert_int_equal(offset_at(ny, "2030-03-10 06:59:59"), -5 * 3600);
    assert_int_equal(offset_at(ny, "2030-03-10 07:00:00"), -4 * 3600);
    assert_int_equal(offset_at(ny, "2030-11-03 05:59:59"), -4 * 3600);
    assert_int_equal(offset_at(ny, "2030-11-03 06:00:00"), -5 * 3600);
    assert_int_equal(offset_at(sydney, "2031-01-01 00:00:00"), 11 * 3600);
    assert_int_equal(offset_at(sydney, "2031-07-01 00:00:00"), 10 * 3600);
    assert_int_equal(offset_at(always, "2031-01-01 04:00:00"), -4 * 3600);
    assert_int_equal(offset_at(always, "2031-07-01 00:00:00"), -4 * 3600);
    assert_int_equal(offset_at(plain, "2031-07-01 00:00:00"), 5 * 3600 + 45 * 60);
    assert_int_equal(offset_at(julian, "2031-07-01 00:00:00"), 4 * 3600 + 30 * 60);
    assert_string_equal(zone_span(ny, utc("2030-07-01 00:00:00") / 1000).name, "EDT");
    zone_free(ny), zone_free(sydney), zone_free(always), zone_free(plain), zone_free(julian);
    static const char *const bad[] = {"EST", "EST5EDT", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,J0,J5", "EST99", "E5", "EST5EDT,M3.2.0,M11.1.0 "};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_null(zone_with_rule(bad[i]));
}

/* Every cut and every changed byte of a real file is refused or read, never more. */
static void a_damaged_zone_harms_nobody(void **state)
{
    (void)state;
    char bytes[8192];
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t i = 0; i < n; i++) {
        struct zone *z = NULL;
        char *cut = malloc(i + 1);
        memcpy(cut, bytes, i);
        assert_true(zone_parse((struct bytes){cut, i}, &z) < 0);
        free(cut);
        char whole[8192];
        memcpy(whole, bytes, n);
        whole[i] ^= (char)(1 + i % 255);
        if (zone_parse((struct bytes){whole, n}, &z) == 0) {
            (void)zone_moment(z, 1700000000);
            (void)zone_span(z, INT64_C(4000000000));
        }
        zone_free(z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s2_fields_lists_ranges_steps_and_names),
        cmocka_unit_test(s2_day_and_weekday_both_restricted_are_either),
        cmocka_unit_test(s2_the_last_day_and_the_words),
        cmocka_unit_test(s2_a_tilde_is_drawn_from_the_name),
        cmocka_unit_test(s2_what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(s3_a_skipped_hour_runs_at_the_next_valid_time),
        cmocka_unit_test(s3_a_repeated_hour_runs_once),
        cmocka_unit_test(s3_each_hour_that_passes_has_its_times_where_none_is_named),
        cmocka_unit_test(s3_agrees_with_another_implementation),
        cmocka_unit_test(a_zone_is_none_that_leads_elsewhere),
        cmocka_unit_test(a_zone_follows_the_rule_at_its_end),
        cmocka_unit_test(a_damaged_zone_harms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
