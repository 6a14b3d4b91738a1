/* SPDX-License-Identifier: MPL-2.0 */
/* Owns text for people: escapes, times, words. Numbers are read in number.c. Knows no terminal and
 * no locale. */
#include "text.h"

#include <ctype.h>
#include <time.h>

/* utf8_length gives the bytes of the well-formed UTF-8 character at s (RFC 3629: no overlong forms,
 * no surrogates), or 0. */
static size_t utf8_length(struct bytes s, uint32_t *ret_code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *at = (const unsigned char *)s.at;
    for (size_t extra = 0; extra < ARRAY_SIZE(forms) && s.n > extra; extra++) {
        if ((at[0] & forms[extra].mask) != forms[extra].lead)
            continue;
        uint32_t code = at[0] & (unsigned char)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (at[i] & 0x3f);
        }
        if (code < forms[extra].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return 0;
        *ret_code = code;
        return extra + 1;
    }
    return 0;
}

bool text_is_utf8(struct bytes s)
{
    uint32_t code;
    for (size_t n; s.n; s.at += n, s.n -= n)
        if ((n = utf8_length(s, &code)) == 0)
            return false;
    return true;
}

static void json_character(struct buf *out, struct bytes whole, uint32_t code)
{
    static const char named[][3] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    if (code < ARRAY_SIZE(named) && named[code][0])
        buf_add(out, named[code], 2);
    else if (code < 0x20 || code == 0x7f)
        buf_printf(out, "\\u%04x", code);
    else
        buf_add(out, whole.at, whole.n);
}

void text_json_string(struct buf *out, struct bytes s)
{
    uint32_t code;
    buf_text(out, "\"");
    for (size_t n; s.n; s.at += n, s.n -= n) {
        n = utf8_length(s, &code);
        if (n)
            json_character(out, (struct bytes){s.at, n}, code);
        else
            buf_text(out, "\xef\xbf\xbd"), n = 1;
    }
    buf_text(out, "\"");
}

/* shown says whether a terminal only draws this character: no C0 and C1 controls, which move the
 * cursor or worse, and no marks that turn the direction of writing, which make one text look like
 * another. */
static bool shown(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && !(code >= 0x200e && code <= 0x200f) &&
           !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

void text_safe(struct buf *out, struct bytes s)
{
    uint32_t code = 0;
    for (size_t n; s.n; s.at += n, s.n -= n) {
        size_t good = utf8_length(s, &code);
        n = good ? good : 1;
        if (good && shown(code))
            buf_add(out, s.at, n);
        else
            for (size_t i = 0; i < n; i++)
                buf_printf(out, "\\x%02x", (unsigned char)s.at[i]);
    }
}

void text_time(struct buf *out, int64_t ms)
{
    int64_t part = ms % 1000, whole = ms / 1000;
    if (part < 0) {
        part += 1000;
        whole--;
    }
    time_t seconds = (time_t)whole;
    struct tm t;
    char day[64];
    if (gmtime_r(&seconds, &t) == NULL || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &t) == 0)
        buf_printf(out, "%lldms", (long long)ms);
    else
        buf_printf(out, "%s.%03dZ", day, (int)part);
}

int text_parse_moment(struct bytes s, int64_t *ret_ms)
{
    char text[40];
    struct tm t = {0};
    int64_t fraction = 0;
    if (text_parse_int(s, ret_ms) == 0)
        return *ret_ms >= 0 ? 0 : -EINVAL;
    if (s.n >= sizeof(text))
        return -EINVAL;
    memcpy(text, s.at, s.n);
    text[s.n] = 0;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (end && *end == '.' && strspn(end + 1, "0123456789") == 3) {
        (void)text_parse_int((struct bytes){end + 1, 3}, &fraction);
        end += 4;
    }
    if (end == NULL || strcmp(end, "Z") != 0)
        return -EINVAL;
    *ret_ms = (int64_t)timegm(&t) * 1000 + fraction;
    return 0;
}

/* Optimal string alignment: the distance of Levenshtein with swaps of neighbours (Damerau 1964). */
unsigned text_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    unsigned rows[3][LONGEST + 1];
    size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
    unsigned *two_before = rows[0], *before = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *oldest = two_before;
        two_before = before, before = row, row = oldest;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned change = before[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = MIN(change, MIN(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], two_before[j - 2] + 1);
        }
    }
    return row[m];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    /* A third of the word may be wrong: more than that is a guess that nobody meant. */
    unsigned least = (unsigned)MAX(strlen(word) / 3, (size_t)1) + 1;
    for (size_t i = 0; i < n && candidates[i]; i++) {
        unsigned d = text_distance(word, candidates[i]);
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}

bool text_is_name(struct bytes s)
{
    if (s.n == 0 || s.n > 64)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool alphanumeric = c < 0x80 && isalnum(c);
        if (!alphanumeric && (i == 0 || c == '\0' || strchr("_.:-", c) == NULL))
            return false;
    }
    return true;
}

bool text_match(const char *pattern, struct bytes s)
{
    const char *star = NULL;
    size_t i = 0, star_at = 0;
    while (i < s.n) {
        if (*pattern == '*') {
            star = pattern++;
            star_at = i;
        } else if (*pattern != '\0' && (*pattern == '?' || *pattern == s.at[i])) {
            pattern++;
            i++;
        } else if (star) { /* the last star takes one byte more; earlier ones never change */
            pattern = star + 1;
            i = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

void text_manual(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_printf(out, "%s%c", strchr("\\*_~#`[]|<>", *text) ? "\\" : "", *text);
}
