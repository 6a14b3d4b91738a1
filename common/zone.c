/* SPDX-License-Identifier: MPL-2.0 */
/* TZif into a table of transitions and the rule behind the last of them. Refuses to know files and clocks. */
#include "zone.h"

#include <ctype.h>

#define DAY_S 86400
#define OFFSET_MOST (26 * 3600) /* RFC 9636: from -25 to +26 hours */
#define TIMES_MOST 20000        /* transitions of one file; real ones have some hundreds */

/* When of a year daylight saving begins or ends, in local time. */
struct rule_day {
    enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } kind;
    int month, week, day; /* Mm.w.d; or day of Jn and n */
    int32_t time;         /* seconds after that day's midnight; may be negative */
};
struct rule {
    bool is, dst; /* dst: it has two halves */
    int32_t standard, summer;
    char standard_name[16], summer_name[16];
    struct rule_day begin, end; /* of summer */
};
struct type {
    int32_t offset;
    char name[16];
};
struct zone {
    int64_t *times; /* owned; ascending */
    uint8_t *types; /* owned; of the stretch that begins at times[i] */
    size_t n;
    struct type type[256];
    size_t n_types;
    struct rule rule; /* after the last of times */
};

/* ---- the calendar (H. Hinnant, "chrono-compatible low-level date algorithms") ---- */

int64_t civil_day(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil civil_of(int64_t day)
{
    int64_t z = day + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){.year = yoe + era * 400 + (month <= 2), .month = month, .day = (int)(doy - (153 * mp + 2) / 5 + 1)};
}

int civil_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* ---- the rule at the end: std offset dst [offset],start[/time],end[/time] ---- */

static bool take(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool take_number(const char **at, int most, int *ret)
{
    if (!isdigit((unsigned char)**at))
        return false;
    for (*ret = 0; isdigit((unsigned char)**at); ++*at)
        if ((*ret = *ret * 10 + (**at - '0')) > most)
            return false;
    return true;
}

static bool take_name(const char **at, char *ret)
{
    bool quoted = take(at, '<');
    size_t n = 0;
    for (; quoted ? **at && **at != '>' : isalpha((unsigned char)**at); ++*at) {
        if (n == 15)
            return false;
        ret[n++] = **at;
    }
    ret[n] = 0;
    return n >= 3 && (!quoted || take(at, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int most_hours, int32_t *ret)
{
    int sign = take(at, '-') ? -1 : 1, part[3] = {0};
    if (sign == 1)
        (void)take(at, '+');
    if (!take_number(at, most_hours, &part[0]))
        return false;
    for (int i = 1; i < 3 && take(at, ':'); i++)
        if (!take_number(at, 59, &part[i]))
            return false;
    *ret = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool take_day(const char **at, struct rule_day *ret)
{
    *ret = (struct rule_day){.time = 2 * 3600};
    if (!take(at, ','))
        return false;
    if (take(at, 'M')) {
        ret->kind = RULE_MONTH;
        if (!take_number(at, 12, &ret->month) || !take(at, '.') || !take_number(at, 5, &ret->week) || !take(at, '.') ||
            !take_number(at, 6, &ret->day) || ret->month < 1 || ret->week < 1)
            return false;
    } else {
        ret->kind = take(at, 'J') ? RULE_JULIAN : RULE_DAY;
        if (!take_number(at, 365, &ret->day) || (ret->kind == RULE_JULIAN && ret->day < 1))
            return false;
    }
    return !take(at, '/') || take_time(at, 167, &ret->time);
}

static bool parse_rule(const char *at, struct rule *r)
{
    int32_t west;
    if (*at == 0)
        return true; /* what was last goes on */
    if (!take_name(&at, r->standard_name) || !take_time(&at, 24, &west))
        return false;
    r->is = true;
    r->standard = -west;
    if (*at == 0)
        return true;
    r->dst = true;
    r->summer = r->standard + 3600;
    if (!take_name(&at, r->summer_name))
        return false;
    if (*at != ',') {
        if (!take_time(&at, 24, &west))
            return false;
        r->summer = -west;
    }
    return take_day(&at, &r->begin) && take_day(&at, &r->end) && *at == 0;
}

/* rule_local gives the local time of a rule's day in a year. */
static int64_t rule_local(const struct rule_day *d, int64_t year)
{
    int64_t first = civil_day(year, 1, 1), day = first + d->day;
    if (d->kind == RULE_JULIAN) /* 29 February is never counted */
        day = first + d->day - 1 + (civil_month_days(year, 2) == 29 && d->day >= 60);
    if (d->kind == RULE_MONTH) {
        first = civil_day(year, d->month, 1);
        day = first + (d->day - civil_weekday(first) + 7) % 7 + 7 * (d->week - 1);
        while (day >= first + civil_month_days(year, d->month))
            day -= 7;
    }
    return day * DAY_S + d->time;
}

/* ---- the file ---- */

struct reader {
    const unsigned char *at;
    size_t left;
};
enum { HEAD = 44 };
struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint64_t big(const unsigned char *at, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | at[i];
    return v;
}

static int64_t signed_big(const unsigned char *at, size_t n)
{
    return n == 4 ? (int64_t)(int32_t)(uint32_t)big(at, 4) : (int64_t)big(at, 8);
}

static const unsigned char *skip(struct reader *r, size_t n)
{
    const unsigned char *at = r->at;
    if (n > r->left)
        return NULL;
    r->at += n;
    r->left -= n;
    return at;
}

static bool take_head(struct reader *r, struct counts *ret, char *ret_version)
{
    const unsigned char *h = skip(r, HEAD);
    if (h == NULL || memcmp(h, "TZif", 4) != 0)
        return false;
    *ret_version = (char)h[4];
    uint32_t *const all[] = {&ret->isut, &ret->isstd, &ret->leap, &ret->time, &ret->type, &ret->chars};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        *all[i] = (uint32_t)big(h + 20 + 4 * i, 4);
    return ret->type >= 1 && ret->type <= 256 && ret->time <= TIMES_MOST && ret->chars <= 2048 && ret->leap <= 1000 &&
           ret->isut <= 256 && ret->isstd <= 256;
}

static size_t size_of(const struct counts *c, size_t width)
{
    return c->time * (width + 1) + c->type * 6 + c->chars + c->leap * (width + 4) + c->isstd + c->isut;
}

static bool take_types(struct zone *z, const unsigned char *at, const char *names, size_t n_names)
{
    for (size_t i = 0; i < z->n_types; i++, at += 6) {
        struct type *t = &z->type[i];
        int64_t offset = signed_big(at, 4);
        if (offset < -OFFSET_MOST || offset > OFFSET_MOST || at[5] >= n_names)
            return false;
        t->offset = (int32_t)offset;
        size_t n = strnlen(names + at[5], MIN(n_names - at[5], sizeof(t->name) - 1));
        memcpy(t->name, names + at[5], n);
    }
    return true;
}

static bool take_block(struct zone *z, struct reader *r, const struct counts *c, size_t width)
{
    const unsigned char *times = skip(r, size_of(c, width));
    if (times == NULL || c->leap)
        return false;
    const unsigned char *kinds = times + c->time * width, *types = kinds + c->time;
    z->n = c->time;
    z->n_types = c->type;
    z->times = xalloc((z->n + 1) * sizeof(*z->times));
    z->types = xalloc(z->n + 1);
    for (size_t i = 0; i < z->n; i++) {
        z->times[i] = signed_big(times + i * width, width);
        z->types[i] = kinds[i];
        if (kinds[i] >= c->type || (i && z->times[i] <= z->times[i - 1]))
            return false;
    }
    return take_types(z, types, (const char *)types + 6 * c->type, c->chars);
}

static bool take_footer(struct zone *z, struct reader *r)
{
    char text[256];
    const unsigned char *end = r->left > 1 ? memchr(r->at + 1, '\n', r->left - 1) : NULL;
    if (end == NULL || r->at[0] != '\n' || (size_t)(end - r->at) > sizeof(text))
        return false;
    size_t n = (size_t)(end - r->at) - 1;
    memcpy(text, r->at + 1, n);
    text[n] = 0;
    return parse_rule(text, &z->rule);
}

static bool take_file(struct zone *z, struct reader *r)
{
    struct counts c;
    char version;
    if (!take_head(r, &c, &version))
        return false;
    if (version < '2')
        return take_block(z, r, &c, 4);
    return skip(r, size_of(&c, 4)) && take_head(r, &c, &version) && take_block(z, r, &c, 8) && take_footer(z, r);
}

int zone_parse(struct bytes file, struct zone **ret)
{
    struct zone *z = NEW(struct zone);
    struct reader r = {(const unsigned char *)file.at, file.n};
    if (!take_file(z, &r)) {
        zone_free(z);
        return -EINVAL;
    }
    *ret = z;
    return 0;
}

void zone_free(struct zone *z)
{
    if (z == NULL)
        return;
    free(z->times);
    free(z->types);
    free(z);
}

/* ---- questions ---- */

static struct zone_span span_of(int64_t begin, int64_t end, int32_t offset, const char *name)
{
    struct zone_span s = {.begin = begin, .end = end, .offset = offset};
    memcpy(s.name, name, sizeof(s.name));
    return s;
}

/* Three years' turns stand around every moment, in their order; a turn that changes nothing is none (summer all year). */
static struct zone_span rule_span(const struct rule *r, int64_t at, int64_t floor)
{
    struct turn {
        int64_t at;
        bool summer;
    } turns[6];
    if (!r->dst)
        return span_of(floor, INT64_MAX, r->standard, r->standard_name);
    int64_t year = civil_of(floor_div(at, DAY_S)).year;
    for (int i = 0; i < 6; i++) {
        bool summer = i % 2 == 0;
        const struct rule_day *d = summer ? &r->begin : &r->end;
        struct turn t = {rule_local(d, year - 1 + i / 2) - (summer ? r->standard : r->summer), summer};
        int place = i;
        for (; place > 0 && turns[place - 1].at > t.at; place--)
            turns[place] = turns[place - 1];
        turns[place] = t;
    }
    int last = -1;
    for (int i = 0; i < 6 && turns[i].at <= at; i++)
        last = i;
    bool summer = last >= 0 ? turns[last].summer : !turns[0].summer;
    int64_t begin = last >= 0 ? turns[last].at : floor, end = last < 5 ? turns[last + 1].at : turns[5].at + DAY_S;
    return span_of(MAX(begin, floor), end, summer ? r->summer : r->standard, summer ? r->summer_name : r->standard_name);
}

struct zone_span zone_span(const struct zone *z, int64_t at)
{
    size_t from = 0, to;
    if (z == NULL)
        return span_of(INT64_MIN, INT64_MAX, 0, "UTC\0\0\0\0\0\0\0\0\0\0\0\0");
    for (to = z->n; from < to;) { /* the first that is later */
        size_t middle = from + (to - from) / 2;
        if (z->times[middle] <= at)
            from = middle + 1;
        else
            to = middle;
    }
    int64_t begin = from ? z->times[from - 1] : INT64_MIN;
    if (from == z->n && z->rule.is)
        return rule_span(&z->rule, at, begin);
    const struct type *t = &z->type[from ? z->types[from - 1] : 0];
    return span_of(begin, from < z->n ? z->times[from] : INT64_MAX, t->offset, t->name);
}

int64_t zone_moment(const struct zone *z, int64_t local)
{
    if (z == NULL)
        return local;
    struct zone_span s = zone_span(z, local - OFFSET_MOST);
    for (;;) {
        int64_t at = local - s.offset;
        if (at < s.begin)
            return s.begin; /* the clock was put forward over it */
        if (at < s.end)
            return at;
        s = zone_span(z, s.end);
    }
}
