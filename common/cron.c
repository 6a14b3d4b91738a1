/* SPDX-License-Identifier: MPL-2.0 */
/* Cron's next time: masks are searched by bits, days that do not fit are jumped over by months. */
#include "cron.h"

#define DAY_S 86400
#define YEARS_MOST 9 /* 29 February may be eight years away */

static int next_bit(uint64_t mask, int from) /* -1: none */
{
    uint64_t rest = from < 64 ? mask & ~0ull << from : 0;
    return rest ? __builtin_ctzll(rest) : -1;
}

/* ---- local times ---- */

/* next_in_day gives the first second of a day that is not before `from`; -1: none. */
static int next_in_day(const struct cron *c, int from)
{
    int hour = from / 3600, minute = from / 60 % 60, second = from % 60;
    int s = next_bit(c->seconds, second), m, h;
    m = next_bit(c->minutes, s < 0 ? minute + 1 : minute);
    h = next_bit(c->hours, m < 0 ? hour + 1 : hour);
    if (h < 0)
        return -1;
    if (h > hour || m < 0)
        m = next_bit(c->minutes, 0);
    if (h > hour || m > minute || s < 0)
        s = next_bit(c->seconds, 0);
    return h * 3600 + m * 60 + s;
}

/* days_of gives the days of a month that fit, as bits 1 to 31. */
static uint64_t days_of(const struct cron *c, int64_t year, int month)
{
    int n = civil_month_days(year, month), first = civil_weekday(civil_day(year, month, 1));
    uint64_t week = ((uint64_t)c->weekdays >> first | (uint64_t)c->weekdays << (7 - first)) & 0x7f;
    uint64_t by_weekday = (week | week << 7 | week << 14 | week << 21 | week << 28) << 1;
    uint64_t by_day = c->days | (c->last_day ? 1ull << n : 0);
    uint64_t all = (1ull << (n + 1)) - 2;
    return (c->either ? by_day | by_weekday : by_day & by_weekday) & all;
}

/* next_day gives the first day that fits and is not before `day`; INT64_MAX: none for years. */
static int64_t next_day(const struct cron *c, int64_t day)
{
    struct civil from = civil_of(day);
    for (int i = 0; i < YEARS_MOST * 12; i++) {
        int month = next_bit(c->months, from.month);
        if (month != from.month) {
            from.day = 1;
            from.year += month < 0;
            from.month = month < 0 ? next_bit(c->months, 1) : month;
        }
        int found = next_bit(days_of(c, from.year, from.month), from.day);
        if (found >= 0)
            return civil_day(from.year, from.month, found);
        from = (struct civil){from.year + (from.month == 12), from.month % 12 + 1, 1};
    }
    return INT64_MAX;
}

/* next_local gives the first local time, in seconds, after one. */
static int64_t next_local(const struct cron *c, int64_t after)
{
    int64_t from = after + 1, today = floor_div(from, DAY_S), day = next_day(c, today);
    if (day == today) {
        int in_day = next_in_day(c, (int)(from - today * DAY_S));
        if (in_day >= 0)
            return today * DAY_S + in_day;
        day = next_day(c, today + 1);
    }
    return day == INT64_MAX ? INT64_MAX : day * DAY_S + next_in_day(c, 0);
}

/* ---- moments (S3) ---- */

/* Every hour that passes has its times: local times are looked for within each stretch of one offset. */
static int64_t next_of_each_hour(const struct cron *c, const struct zone *z, int64_t after)
{
    for (int64_t from = after + 1;;) {
        struct zone_span s = zone_span(z, from);
        int64_t local = next_local(c, from - 1 + s.offset);
        if (local == INT64_MAX || local - s.offset < s.end)
            return local == INT64_MAX ? INT64_MAX : local - s.offset;
        from = s.end;
    }
}

/* A named hour: each local time once, at the first moment that shows it, or that comes after where it should have been. */
static int64_t next_of_named_hour(const struct cron *c, const struct zone *z, int64_t after)
{
    struct zone_span s = zone_span(z, after);
    int64_t local = after + s.offset;
    if (z && s.begin != INT64_MIN && zone_moment(z, local) < after) /* shown for the second time: on to what is new */
        local = MAX(local, s.begin - 1 + zone_span(z, s.begin - 1).offset);
    for (;;) {
        local = next_local(c, local);
        int64_t at = local == INT64_MAX ? INT64_MAX : zone_moment(z, local);
        if (at > after)
            return at;
    }
}

static int64_t next_every(const struct cron *c, int64_t after)
{
    return (floor_div(after, c->every_ms) + 1) * c->every_ms;
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after)
{
    if (c->kind == CRON_IMMEDIATE)
        return CRON_NEVER;
    if (c->kind == CRON_EVERY)
        return next_every(c, after);
    int64_t second = floor_div(after, 1000);
    int64_t at = c->each_hour ? next_of_each_hour(c, z, second) : next_of_named_hour(c, z, second);
    return at == INT64_MAX ? CRON_NEVER : at * 1000;
}

/* By halves: between a time that is one and `until`, the middle either has another one behind it or not. */
int64_t cron_newest(const struct cron *c, const struct zone *z, int64_t after, int64_t until)
{
    int64_t best = cron_next(c, z, after);
    if (best > until)
        return CRON_NEVER;
    for (int64_t to = until; best < to;) {
        int64_t middle = best + (to - best) / 2, next = cron_next(c, z, middle);
        if (next <= until)
            best = next;
        else if (middle == best)
            break;
        else
            to = middle;
    }
    return best;
}
