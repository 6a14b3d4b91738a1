/* SPDX-License-Identifier: MPL-2.0 */
/* Colours, bars, sparklines, and the way to stdout. Tables are in table.c. */
#include "paint.h"

#include <math.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool colours;

void paint_setup(bool wanted)
{
    const char *none = getenv("NO_COLOR");
    colours = wanted && isatty(STDOUT_FILENO) && !(none && *none);
}

bool paint_on(void)
{
    return colours;
}

void paint(struct buf *out, enum tone tone, const char *format, ...)
{
    static const char *const codes[] = {"",         "\033[2m",  "\033[1m", "\033[32m",
                                        "\033[33m", "\033[31m", "\033[36m"};
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bool on = colours && tone != TONE_PLAIN;
    buf_printf(out, "%s%s%s", on ? codes[tone] : "", text, on ? "\033[0m" : "");
}

enum tone tone_of_score(double score)
{
    return score >= 85 ? TONE_GOOD : score >= 60 ? TONE_WARN : TONE_BAD;
}

enum tone tone_of_word(const char *word)
{
    static const struct {
        const char *word;
        enum tone tone;
    } rows[] = {
        {"ACCEPTED", TONE_GOOD},     {"SUCCESS", TONE_GOOD},      {"COMPLETED", TONE_GOOD},
        {"RESOLVED", TONE_GOOD},     {"live", TONE_GOOD},         {"ROLLED_BACK", TONE_WARN},
        {"FAILED", TONE_BAD},        {"STUCK", TONE_BAD},         {"STALLED", TONE_BAD},
        {"OPEN", TONE_BAD},          {"alarm", TONE_BAD},         {"lost", TONE_BAD},
        {"UNKNOWN", TONE_BAD},       {"ERROR", TONE_BAD},         {"warning", TONE_WARN},
        {"RETRYING", TONE_WARN},     {"INCONCLUSIVE", TONE_WARN}, {"RECOVERING", TONE_WARN},
        {"ROLLING_BACK", TONE_WARN}, {"CANCELLED", TONE_DIM},     {"IN_PROGRESS", TONE_INFO},
        {"VERIFYING", TONE_INFO},    {"debug", TONE_DIM},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(word, rows[i].word) == 0)
            return rows[i].tone;
    return TONE_PLAIN;
}

void paint_bar(struct buf *out, double score, unsigned width)
{
    unsigned full = (unsigned)lround(MAX(0, MIN(100, score)) / 100 * width);
    struct buf bar = {0};
    for (unsigned i = 0; i < width; i++)
        buf_text(&bar, i < full ? "█" : "░");
    paint(out, tone_of_score(score), "%s", buf_str(&bar));
    buf_done(&bar);
}

void paint_spark(struct buf *out, const double *values, size_t n, double low, double high)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]) || high <= low) {
            buf_text(out, " ");
            continue;
        }
        double way = MAX(0, MIN(1, (values[i] - low) / (high - low)));
        buf_text(out, blocks[(size_t)lround(way * 7)]);
    }
}

unsigned paint_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 100;
}

unsigned text_columns(const char *s)
{
    unsigned n = 0;
    for (; *s; s++)
        n += (*s & 0xc0) != 0x80;
    return n;
}

void print_text(struct buf *out)
{
    fwrite(buf_str(out), 1, out->n, stdout);
    fflush(stdout);
    buf_done(out);
}

void write_json(const json_t *value, FILE *f, bool pretty)
{
    /* 15 digits: 0.2 stays 0.2 */
    json_dumpf(value, f, (pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(15));
}

void print_json(json_t *value)
{
    write_json(value, stdout, isatty(STDOUT_FILENO));
    putchar('\n');
    fflush(stdout);
    json_decref(value);
}
