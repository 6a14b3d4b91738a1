/* SPDX-License-Identifier: MPL-2.0 */
/* A line of cron as masks, with a sentence for what is none (S2). */
#include <ctype.h>
#include <stdarg.h>
#include <strings.h>

#include "cron.h"
#include "rand.h"
#include "text.h"

#define DAY_MS 86400000ll

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };
static const struct field {
    const char *name;
    int low, high, most; /* most: the highest that may be written */
    int spread;          /* the highest that ~ draws: a day that each month has */
    const char *const *names;
} fields[FIELDS] = {
    [SECOND] = {"second", 0, 59, 59, 59, NULL},
    [MINUTE] = {"minute", 0, 59, 59, 59, NULL},
    [HOUR] = {"hour", 0, 23, 23, 23, NULL},
    [DAY] = {"day", 1, 31, 31, 28, NULL},
    [MONTH] = {"month", 1, 12, 12, 12, month_names},
    [WEEKDAY] = {"weekday", 0, 6, 7, 6, weekday_names},
};

struct parser {
    const char *text, *at, *end;
    const struct field *field;
    uint64_t seed;
    bool last_day;
    struct cron_mistake *mistake;
};

static int wrong(struct parser *p, const char *where, const char *format, ...) FORMAT_LIKE(3, 4);
static int wrong(struct parser *p, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    p->mistake->at = (size_t)(where - p->text);
    vsnprintf(p->mistake->text, sizeof(p->mistake->text), format, args);
    va_end(args);
    return -EINVAL;
}

static bool more(const struct parser *p)
{
    return p->at < p->end && *p->at != ' ' && *p->at != '\t';
}

static bool take(struct parser *p, char c)
{
    if (!more(p) || *p->at != c)
        return false;
    p->at++;
    return true;
}

uint64_t cron_seed(struct bytes name)
{
    uint64_t seed = 0xcbf29ce484222325u;
    for (size_t i = 0; i < name.n; i++)
        seed = (seed ^ (unsigned char)name.at[i]) * 0x100000001b3u;
    return seed;
}

/* draw gives one of n, always the same for a name and a field. */
static int draw(const struct parser *p, int n)
{
    struct rand r = {p->seed + (uint64_t)(p->field - fields)};
    return (int)(rand_next(&r) % (uint64_t)n);
}

static int take_name(struct parser *p, int *ret)
{
    const char *from = p->at;
    while (more(p) && isalpha((unsigned char)*p->at))
        p->at++;
    size_t n = (size_t)(p->at - from);
    for (int i = 0; p->field->names && p->field->names[i]; i++)
        if (n == 3 && strncasecmp(from, p->field->names[i], 3) == 0) {
            *ret = p->field->low + i;
            return 0;
        }
    return wrong(p, from, "'%.*s' is no %s%s", (int)MIN(n, (size_t)20), from, p->field->name,
                 p->field == &fields[MONTH]     ? "; jan to dec are"
                 : p->field == &fields[WEEKDAY] ? "; sun to sat are"
                                                : "");
}

static int take_value(struct parser *p, int *ret)
{
    const char *from = p->at;
    int64_t value = 0;
    if (!more(p))
        return wrong(p, from, "the %s ends where a number should be", p->field->name);
    if (isalpha((unsigned char)*from))
        return take_name(p, ret);
    while (more(p) && isdigit((unsigned char)*p->at) && value < 100000)
        value = value * 10 + (*p->at++ - '0');
    if (p->at == from)
        return wrong(p, from, "'%c' does not belong in a %s", isprint((unsigned char)*from) ? *from : '?', p->field->name);
    if (value < p->field->low || value > p->field->most)
        return wrong(p, from, "a %s is %d to %d, not %lld", p->field->name, p->field->low, p->field->most, (long long)value);
    *ret = (int)value;
    return 0;
}

static int take_step(struct parser *p, int *ret)
{
    int value = 0;
    *ret = 1;
    if (!take(p, '/'))
        return 0;
    const char *from = p->at;
    while (more(p) && isdigit((unsigned char)*p->at) && value < 1000)
        value = value * 10 + (*p->at++ - '0');
    if (value < 1 || value > p->field->high - p->field->low + 1)
        return wrong(p, from, "a step of the %s is 1 to %d", p->field->name, p->field->high - p->field->low + 1);
    *ret = value;
    return 0;
}

/* One range with its step: low to high; `spread`: one value of it, or with a step where it begins. */
struct range {
    int low, high, step;
    bool spread, one;
};

static int take_range(struct parser *p, struct range *r)
{
    const struct field *f = p->field;
    const char *from = p->at;
    *r = (struct range){f->low, f->high, 1, false, false};
    if (take(p, '*') || take(p, '?'))
        return take_step(p, &r->step);
    if (take(p, '~')) {
        r->spread = true;
        r->high = f->spread;
        return take_step(p, &r->step);
    }
    if (take_value(p, &r->low) < 0)
        return -EINVAL;
    r->one = true;
    r->high = r->low;
    if (more(p) && (*p->at == '-' || *p->at == '~')) {
        r->one = false;
        r->spread = *p->at++ == '~';
        if (take_value(p, &r->high) < 0)
            return -EINVAL;
        if (f == &fields[WEEKDAY] && r->high == 0 && r->low > 0)
            r->high = 7; /* fri-sun */
        if (r->high < r->low)
            return wrong(p, from, "this range of the %s ends before it begins", f->name);
    }
    if (r->one && more(p) && *p->at == '/')
        r->high = f->high; /* 5/15: from 5 on */
    return take_step(p, &r->step);
}

static void add_range(const struct parser *p, const struct range *r, uint64_t *mask)
{
    int from = r->low, to = r->high, step = r->step;
    if (r->spread && step > 1)
        from += draw(p, MIN(step, to - from + 1));
    else if (r->spread)
        from = to = from + draw(p, to - from + 1);
    for (int i = from; i <= to; i += step)
        *mask |= 1ull << (p->field == &fields[WEEKDAY] ? i % 7 : i);
}

/* A word that stands alone: L among days. */
static bool take_last_day(struct parser *p)
{
    bool is = p->field == &fields[DAY] && more(p) && (*p->at == 'L' || *p->at == 'l') &&
              (p->at + 1 == p->end || p->at[1] == ',' || p->at[1] == ' ' || p->at[1] == '\t');
    p->at += is;
    p->last_day |= is;
    return is;
}

static int take_field(struct parser *p, int which, uint64_t *ret_mask)
{
    struct range r;
    p->field = &fields[which];
    *ret_mask = 0;
    do {
        if (take_last_day(p))
            continue;
        if (take_range(p, &r) < 0)
            return -EINVAL;
        add_range(p, &r, ret_mask);
    } while (take(p, ','));
    return more(p) ? wrong(p, p->at, "'%c' does not belong in a %s", isprint((unsigned char)*p->at) ? *p->at : '?', p->field->name)
                   : 0;
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
        p->at++;
}

static int count_words(const struct parser *p)
{
    int n = 0;
    for (const char *at = p->at; at < p->end; at++)
        n += *at != ' ' && *at != '\t' && (at == p->at || at[-1] == ' ' || at[-1] == '\t');
    return n;
}

static bool full(uint64_t mask, const struct field *f)
{
    uint64_t all = ((1ull << (f->high - f->low + 1)) - 1) << f->low;
    return (mask & all) == all;
}

static int parse_fields(struct parser *p, struct cron *ret)
{
    uint64_t masks[FIELDS] = {[SECOND] = 1};
    int words = count_words(p);
    if (words != 5 && words != 6)
        return wrong(p, p->at,
                     "five fields are wanted (minute hour day month weekday), six with seconds first, or @daily, "
                     "@every 90s, immediate; these are %d",
                     words);
    for (int i = words == 6 ? SECOND : MINUTE; i < FIELDS; i++) {
        skip_blanks(p);
        if (take_field(p, i, &masks[i]) < 0)
            return -EINVAL;
    }
    *ret = (struct cron){.seconds = masks[SECOND], .minutes = masks[MINUTE], .hours = (uint32_t)masks[HOUR],
                         .days = (uint32_t)masks[DAY], .months = (uint16_t)masks[MONTH], .weekdays = (uint8_t)masks[WEEKDAY],
                         .last_day = p->last_day, .kind = CRON_FIELDS};
    ret->each_hour = full(masks[HOUR], &fields[HOUR]);
    ret->either = !full(masks[DAY], &fields[DAY]) && !full(masks[WEEKDAY], &fields[WEEKDAY]);
    if (cron_next(ret, NULL, 0) == CRON_NEVER)
        return wrong(p, p->text, "there is no such day in any year");
    return 0;
}

static int parse_every(struct parser *p, struct cron *ret)
{
    int64_t ms = 0;
    skip_blanks(p);
    const char *from = p->at;
    if (text_parse_duration((struct bytes){from, (size_t)(p->end - from)}, &ms) < 0 || ms < 1000 || ms > 366ll * DAY_MS)
        return wrong(p, from, "@every wants a time from 1s to 366d, as 90s or 1h30m");
    *ret = (struct cron){.kind = CRON_EVERY, .every_ms = ms};
    return 0;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.at, word, text.n) == 0;
}

static int parse_word(struct parser *p, struct cron *ret)
{
    static const struct {
        const char *word, *means;
    } words[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
                 {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};
    struct bytes text = {p->at, (size_t)(p->end - p->at)};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (is_word(text, words[i].word))
            return cron_parse(bytes_of(words[i].means), p->seed, ret, p->mistake);
    if (text.n > 6 && strncasecmp(text.at, "@every", 6) == 0 && (text.at[6] == ' ' || text.at[6] == '\t')) {
        p->at += 6;
        return parse_every(p, ret);
    }
    return wrong(p, p->at, "@yearly, @monthly, @weekly, @daily, @hourly and @every TIME are known, '%.*s' is not",
                 (int)MIN(text.n, (size_t)20), text.at);
}

int cron_parse(struct bytes text, uint64_t seed, struct cron *ret, struct cron_mistake *ret_mistake)
{
    struct parser p = {.text = text.at, .at = text.at, .end = text.at + text.n, .seed = seed, .mistake = ret_mistake};
    skip_blanks(&p);
    while (p.end > p.at && (p.end[-1] == ' ' || p.end[-1] == '\t'))
        p.end--;
    if (p.at == p.end)
        return wrong(&p, p.at, "it is empty");
    if (is_word((struct bytes){p.at, (size_t)(p.end - p.at)}, "immediate")) {
        *ret = (struct cron){.kind = CRON_IMMEDIATE};
        return 0;
    }
    return *p.at == '@' ? parse_word(&p, ret) : parse_fields(&p, ret);
}
