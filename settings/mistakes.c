/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/mistakes.h"

#include "common/text.h"

#define SHOWN_MAX 160 /* bytes of a source line */

static struct bytes source_line(struct bytes source, unsigned line)
{
    const char *at = source.at, *end = source.at + source.n;
    for (unsigned i = 1; at && i < line; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    if (at == NULL || at == end)
        return (struct bytes){0};
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t n = (size_t)((newline ? newline : end) - at);
    return (struct bytes){at, n && at[n - 1] == '\r' ? n - 1 : n};
}

/* The bytes before a column, so that a caret stands right behind tabs and letters of several bytes. */
static size_t bytes_before(struct bytes line, unsigned column)
{
    size_t i = 0;
    for (unsigned at = 1; i < line.n && at < column; at++) {
        i++;
        while (i < line.n && ((unsigned char)line.at[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

static void add_caret(struct buf *out, struct bytes line, struct place at)
{
    size_t before = bytes_before(line, at.column);
    for (size_t i = 0; i < before; i++)
        if (((unsigned char)line.at[i] & 0xc0) != 0x80)
            buf_text(out, line.at[i] == '\t' ? "\t" : " ");
    buf_text(out, "^");
    size_t rest = bytes_before(line, UINT32_MAX) > before ? line.n - before : 0;
    for (unsigned i = 1; i < at.width && i < rest; i++)
        buf_text(out, "~");
    buf_text(out, "\n");
}

static void add_source(struct mistakes *m, struct place at)
{
    struct bytes line = source_line(m->source, at.line);
    if (line.n == 0 || bytes_before(line, at.column) > SHOWN_MAX)
        return;
    struct bytes shown = {line.at, MIN(line.n, (size_t)SHOWN_MAX)};
    buf_printf(&m->report, "%5u | ", at.line);
    for (size_t i = 0; i < shown.n; i++) {
        unsigned char c = (unsigned char)shown.at[i];
        char text[2] = {(c < 32 && c != '\t') || c == 127 ? '?' : (char)c, '\0'};
        buf_text(&m->report, text);
    }
    buf_text(&m->report, "\n      | ");
    add_caret(&m->report, line, at);
}

void mistake(struct mistakes *m, struct place at, const char *format, ...)
{
    if (m->n++ >= MISTAKES_MAX)
        return;
    if (at.from)
        buf_printf(&m->report, "%s: ", at.from);
    else if (at.line)
        buf_printf(&m->report, "%s:%u:%u: ", m->file, at.line, at.column);
    else
        buf_printf(&m->report, "%s: ", m->file);
    va_list args;
    va_start(args, format);
    buf_vprintf(&m->report, format, args);
    va_end(args);
    buf_text(&m->report, "\n");
    if (at.from == NULL && at.line)
        add_source(m, at);
}

char *mistakes_take(struct mistakes *m)
{
    if (m->n > MISTAKES_MAX)
        buf_printf(&m->report, "%s: … and %zu more\n", m->file, m->n - MISTAKES_MAX);
    m->n = 0;
    return buf_take(&m->report);
}
