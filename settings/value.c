/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/value.h"

#include <math.h>

#include "common/text.h"
#include "proto/json.h"

#define QUOTED_MAX 60

bool value_is_single(enum setting_kind kind)
{
    return kind < SETTING_WORDS;
}

static void say_is(struct buf *why, struct bytes text)
{
    buf_text(why, "is '");
    text_safe(why, (struct bytes){text.at, MIN(text.n, (size_t)QUOTED_MAX)});
    buf_text(why, text.n > QUOTED_MAX ? "…'" : "'");
}

static int say_wrong(struct buf *why, struct bytes text, const char *what)
{
    say_is(why, text);
    buf_printf(why, ", which is %s", what);
    return -EINVAL;
}

void value_duration(struct buf *out, int64_t ms)
{
    struct buf text = {0};
    int64_t back = 0;
    text_duration(&text, ms);
    /* People read two units; a value that they cannot express is shown to the millisecond. */
    if (text_parse_duration(buf_bytes(&text), &back) == 0 && back == ms)
        buf_add(out, text.at, text.n);
    else
        buf_printf(out, "%lldms", (long long)ms);
    buf_done(&text);
}

static void add_size(struct buf *out, double bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    for (; unit + 1 < ARRAY_SIZE(units) && bytes >= 1024 && fmod(bytes, 1024) == 0; bytes /= 1024)
        unit++;
    buf_printf(out, "%.0f%s", bytes, units[unit]);
}

static void add_double(struct buf *out, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof text, "%.17g", number);
    buf_text(out, text);
}

void value_number(struct buf *out, const struct setting *s, double number)
{
    if (s->kind == SETTING_DURATION)
        value_duration(out, (int64_t)number);
    else if (s->kind == SETTING_SIZE)
        add_size(out, number);
    else if (s->kind == SETTING_NUM)
        add_double(out, number);
    else
        buf_printf(out, "%.0f", number);
}

static int say_range(struct buf *why, const struct setting *s, struct bytes text)
{
    say_is(why, text);
    buf_text(why, "; it must lie between ");
    value_number(why, s, s->min);
    buf_text(why, " and ");
    value_number(why, s, s->max);
    if (s->unit && *s->unit && strcmp(s->unit, "unit") != 0)
        buf_printf(why, " %s", s->unit);
    return -ERANGE;
}

/* The end of every numeric kind: r is what the parser of the text said. */
static int check_number(const struct setting *s, struct bytes text, struct buf *why, int r,
                        double number, const char *what)
{
    if (r == -EINVAL)
        return say_wrong(why, text, what);
    if (r == -ERANGE || number < s->min || number > s->max)
        return say_range(why, s, text);
    return 0;
}

static int parse_text(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                      struct buf *why)
{
    if (s->needed && text.n == 0) {
        buf_text(why, "must not be empty");
        return -EINVAL;
    }
    *(struct bytes *)member = keep_bytes(keep, text);
    return 0;
}

static int parse_bool(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                      struct buf *why)
{
    (void)keep, (void)s;
    bool yes = bytes_is(text, "true");
    if (!yes && !bytes_is(text, "false"))
        return say_wrong(why, text, "neither true nor false");
    *(bool *)member = yes;
    return 0;
}

#define INTEGER_PARSER(name, parser, what)                                                         \
    static int name(struct keep *keep, const struct setting *s, void *member, struct bytes text,   \
                    struct buf *why)                                                               \
    {                                                                                              \
        (void)keep;                                                                                \
        int64_t v = 0;                                                                             \
        int r = parser(text, &v);                                                                  \
        r = check_number(s, text, why, r, (double)v, what);                                        \
        if (r == 0)                                                                                \
            *(int64_t *)member = v;                                                                \
        return r;                                                                                  \
    }
INTEGER_PARSER(parse_int, text_parse_int, "no whole number")
INTEGER_PARSER(parse_duration, text_parse_duration,
               "no duration; write it with a unit, as 250ms, 10s, 5m or 1h30m")
INTEGER_PARSER(parse_size, text_parse_size, "no size; write 4096, 64KiB, 1MiB or 2GiB")

static int parse_num(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                     struct buf *why)
{
    (void)keep;
    double v = 0;
    int r = text_parse_number(text, &v);
    r = check_number(s, text, why, r, v, "no number");
    if (r == 0)
        *(double *)member = v;
    return r;
}

static int parse_choice(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                        struct buf *why)
{
    (void)keep;
    int found = enum_find(s->choice, text);
    if (found >= 0) {
        *(int *)member = found;
        return 0;
    }
    say_is(why, text);
    buf_text(why, ", which is none of ");
    for (size_t i = 0; i < s->choice->n; i++)
        buf_printf(why, "%s%s", i ? ", " : "", s->choice->values[i]);
    _autofree_ char *word = bytes_dup(text);
    const char *meant =
        text.n < QUOTED_MAX ? text_nearest(word, s->choice->values, s->choice->n) : NULL;
    if (meant)
        buf_printf(why, "; did you mean '%s'?", meant);
    return -EINVAL;
}
_Static_assert(sizeof(enum better) == sizeof(int), "a CHOICE is written through an int");

typedef int parse_fn(struct keep *, const struct setting *, void *, struct bytes, struct buf *);
static parse_fn *const parsers[] = {
    [SETTING_TEXT] = parse_text,         [SETTING_BOOL] = parse_bool,
    [SETTING_INT] = parse_int,           [SETTING_NUM] = parse_num,
    [SETTING_SIZE] = parse_size,         [SETTING_CHOICE] = parse_choice,
    [SETTING_DURATION] = parse_duration,
};

int value_parse(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                struct buf *why)
{
    assert(value_is_single(s->kind));
    return parsers[s->kind](keep, s, member, text, why);
}

struct seq value_split(struct keep *keep, const char *text, char separator)
{
    size_t most = 1;
    for (const char *c = text; *c; c++)
        most += *c == separator;
    struct bytes *words = keep_room(keep, most * sizeof *words);
    size_t n = 0;
    for (const char *at = text; *at; at += *at == separator) {
        const char *end = strchr(at, separator);
        size_t length = end ? (size_t)(end - at) : strlen(at);
        if (length)
            words[n++] = keep_bytes(keep, (struct bytes){at, length});
        at += length;
    }
    return (struct seq){n ? words : NULL, n};
}

void value_default(struct keep *keep, const struct setting *s, void *member)
{
    switch (s->kind) {
    case SETTING_TEXT:
        *(struct bytes *)member = bytes_of(s->dflt_text); /* {NULL} where it must be given */
        break;
    case SETTING_WORDS:
        *(struct seq *)member =
            *s->dflt_text ? value_split(keep, s->dflt_text, ' ') : (struct seq){0};
        break;
    case SETTING_BOOL:
        *(bool *)member = s->dflt != 0;
        break;
    case SETTING_NUM:
        *(double *)member = s->dflt;
        break;
    case SETTING_CHOICE:
        *(int *)member = (int)s->dflt;
        break;
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_SIZE:
        *(int64_t *)member = (int64_t)s->dflt;
        break;
    default: /* ANY and TABLE begin as nothing */
        break;
    }
}

static bool reads_plain(struct bytes text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    if (text.n == 0 || bytes_is(text, "null") || text.at[0] == '-')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        bool inner_colon = text.at[i] == ':' && i > 0 && i + 1 < text.n;
        if (text.at[i] == '\0' || (!inner_colon && strchr(safe, text.at[i]) == NULL))
            return false;
    }
    return true;
}

/* What a reader would take for a variable gets its second dollar. */
static void add_escaped(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == '$' && i + 1 < text.n && text.at[i + 1] == '{')
            buf_text(out, "$");
        buf_add(out, text.at + i, 1);
    }
}

static void print_text(struct buf *out, struct bytes text)
{
    if (reads_plain(text))
        buf_add(out, text.at, text.n);
    else
        text_json_string(out, text);
}

static void print_words(struct buf *out, const struct seq *words)
{
    buf_text(out, "[");
    SEQ_EACH (word, const struct bytes, *words) {
        buf_text(out, word == words->at ? "" : ", ");
        print_text(out, *word);
    }
    buf_text(out, "]");
}

static double as_number(const struct setting *s, const void *member)
{
    return s->kind == SETTING_NUM ? *(const double *)member : (double)*(const int64_t *)member;
}

void value_print(struct buf *out, const struct setting *s, const void *member)
{
    struct buf text = {0};
    if (s->kind == SETTING_TEXT)
        print_text(&text, *(const struct bytes *)member);
    else if (s->kind == SETTING_WORDS)
        print_words(&text, member);
    else if (s->kind == SETTING_ANY)
        json_print(&text, *(const struct bytes *)member, false);
    else if (s->kind == SETTING_BOOL)
        buf_text(&text, *(const bool *)member ? "true" : "false");
    else if (s->kind == SETTING_CHOICE)
        buf_text(&text, enum_text(s->choice, *(const int *)member));
    else
        value_number(&text, s, as_number(s, member));
    add_escaped(out, buf_bytes(&text));
    buf_done(&text);
}

bool value_is_default(const struct setting *s, const void *member)
{
    union { /* room for the member of any kind */
        struct bytes text;
        struct seq words;
        double number;
        int64_t integer;
    } dflt = {0};
    struct keep keep = {0};
    struct buf one = {0}, two = {0};
    value_default(&keep, s, &dflt);
    value_print(&one, s, &dflt);
    value_print(&two, s, member);
    bool same = bytes_eq(buf_bytes(&one), buf_bytes(&two));
    buf_done(&one);
    buf_done(&two);
    keep_done(&keep);
    return same;
}
