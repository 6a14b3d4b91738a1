/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading and writing of numbers with units: durations, sizes, integers. Accepts a whole
 * text or nothing; knows no locale. */
#include <math.h>

#include "text.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {/* longest first: the writer takes them in this order */
                                        {"d", 86400000},
                                        {"h", 3600000},
                                        {"m", 60000},
                                        {"s", 1000},
                                        {"ms", 1}};
static const struct unit sizes[] = {{"B", 1},          {"KiB", 1 << 10}, {"MiB", 1 << 20},
                                    {"GiB", 1 << 30},  {"KB", 1000},     {"MB", 1000000},
                                    {"GB", 1000000000}};

static const struct unit *find_unit(const struct unit *units, size_t n, struct bytes name)
{
    for (size_t i = 0; i < n; i++)
        if (bytes_is(name, units[i].name))
            return &units[i];
    return NULL;
}

/* take_digits reads the decimal digits at the start of *s. */
static int take_digits(struct bytes *s, int64_t *ret)
{
    int64_t v = 0;
    size_t i = 0;
    bool over = false;
    for (; i < s->n && s->at[i] >= '0' && s->at[i] <= '9'; i++)
        over = over || __builtin_mul_overflow(v, 10, &v) ||
               __builtin_add_overflow(v, s->at[i] - '0', &v);
    if (i == 0)
        return -EINVAL;
    *s = (struct bytes){s->at + i, s->n - i};
    *ret = v;
    return over ? -ERANGE : 0;
}

static struct bytes take_letters(struct bytes *s)
{
    size_t i = 0;
    while (i < s->n && ((s->at[i] | 0x20) >= 'a' && (s->at[i] | 0x20) <= 'z'))
        i++;
    struct bytes letters = {s->at, i};
    *s = (struct bytes){s->at + i, s->n - i};
    return letters;
}

int text_parse_int(struct bytes s, int64_t *ret)
{
    bool minus = s.n && s.at[0] == '-';
    if (minus)
        s = (struct bytes){s.at + 1, s.n - 1};
    int64_t v = 0;
    int error = take_digits(&s, &v);
    if (error == -EINVAL || s.n)
        return -EINVAL;
    if (error)
        return error;
    *ret = minus ? -v : v;
    return 0;
}

int text_parse_number(struct bytes s, double *ret)
{
    char text[64] = "", *end;
    if (s.n == 0 || s.n >= sizeof(text))
        return -EINVAL;
    memcpy(text, s.at, s.n);
    /* strtod would also take spaces, hexadecimals and infinities. */
    if (strspn(text, "0123456789+-.eE") < s.n)
        return -EINVAL;
    double v = strtod(text, &end);
    if (*end != '\0')
        return -EINVAL;
    if (!isfinite(v))
        return -ERANGE;
    *ret = v;
    return 0;
}

/* Parts of a duration go from long to short, each unit once: 1h30m, never 30m1h. */
int text_parse_duration(struct bytes s, int64_t *ret_ms)
{
    static const int64_t longest_ms = INT64_C(100) * 366 * 86400000;
    if (bytes_is(s, "0")) {
        *ret_ms = 0;
        return 0;
    }
    int64_t total = 0, last = INT64_MAX;
    bool over = false;
    do {
        int64_t v = 0, part;
        int error = take_digits(&s, &v);
        const struct unit *unit = find_unit(durations, ARRAY_SIZE(durations), take_letters(&s));
        if (error == -EINVAL || unit == NULL || unit->factor >= last)
            return -EINVAL;
        last = unit->factor;
        over = over || error || __builtin_mul_overflow(v, unit->factor, &part) ||
               __builtin_add_overflow(total, part, &total) || total > longest_ms;
    } while (s.n);
    if (over)
        return -ERANGE;
    *ret_ms = total;
    return 0;
}

void text_duration(struct buf *out, int64_t ms)
{
    if (ms <= 0) {
        buf_text(out, ms < 0 ? "-" : "0s");
        if (ms == 0)
            return;
    }
    uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    unsigned parts = 0;
    for (size_t i = 0; i < ARRAY_SIZE(durations) && left && parts < 2; i++) {
        uint64_t factor = (uint64_t)durations[i].factor, count = left / factor;
        if (count == 0 && parts == 0)
            continue;
        left -= count * factor;
        parts++;
        if (count)
            buf_printf(out, "%llu%s", (unsigned long long)count, durations[i].name);
    }
}

int text_parse_size(struct bytes s, int64_t *ret_bytes)
{
    int64_t v = 0;
    int error = take_digits(&s, &v);
    struct bytes name = take_letters(&s);
    const struct unit *unit = find_unit(sizes, ARRAY_SIZE(sizes), name.n ? name : BYTES("B"));
    if (error == -EINVAL || unit == NULL || s.n)
        return -EINVAL;
    if (error || __builtin_mul_overflow(v, unit->factor, &v))
        return -ERANGE;
    *ret_bytes = v;
    return 0;
}
