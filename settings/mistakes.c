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

/* The bytes before a column, so that a caret stands right behind tabs and letters of several bytes.
 */
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

static void add_source(struct buf *out, struct bytes source, struct place at)
{
    struct bytes line = source_line(source, at.line);
    if (line.n == 0 || bytes_before(line, at.column) > SHOWN_MAX)
        return;
    struct bytes shown = {line.at, MIN(line.n, (size_t)SHOWN_MAX)};
    while (shown.n < line.n && ((unsigned char)line.at[shown.n] & 0xc0) == 0x80)
        shown.n--; /* whole letters only */
    buf_printf(out, "%5u | ", at.line);
    buf_add(out, shown.at, shown.n);
    buf_text(out, "\n      | ");
    add_caret(out, shown, at);
}

static void add_head(struct buf *out, const char *file, struct place at)
{
    if (at.from)
        buf_printf(out, "%s: ", at.from);
    else if (at.line)
        buf_printf(out, "%s:%u:%u: ", file, at.line, at.column);
    else
        buf_printf(out, "%s: ", file);
}

void mistake(struct mistakes *m, struct place at, const char *format, ...)
{
    if (m->n++ >= MISTAKES_MAX)
        return;
    struct buf *out = &m->shown[m->n - 1].text;
    m->shown[m->n - 1].line = at.from ? UINT32_MAX : at.line;
    add_head(out, m->file, at);
    va_list args;
    va_start(args, format);
    buf_vprintf(out, format, args);
    va_end(args);
    buf_text(out, "\n");
    if (at.from == NULL && at.line && at.width)
        add_source(out, m->source, at);
}

char *mistakes_take(struct mistakes *m)
{
    struct buf report = {0};
    size_t n = MIN(m->n, (size_t)MISTAKES_MAX);
    for (size_t left = n; left > 0; left--) {
        size_t next = n;
        for (size_t i = 0; i < n; i++)
            if (m->shown[i].text.at && (next == n || m->shown[i].line < m->shown[next].line))
                next = i;
        buf_add(&report, m->shown[next].text.at, m->shown[next].text.n);
        buf_done(&m->shown[next].text);
    }
    if (m->n > MISTAKES_MAX)
        buf_printf(&report, "%s: … and %zu more\n", m->file, m->n - MISTAKES_MAX);
    m->n = 0;
    return buf_take(&report);
}
