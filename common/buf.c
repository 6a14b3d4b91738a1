/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the growth of buffers and nothing about what is in them. */
#include "buf.h"

void buf_done(struct buf *b)
{
    free(b->at);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    if (b->at)
        b->at[0] = '\0';
}

char *buf_grow(struct buf *b, size_t n)
{
    if (b->n + n + 1 > b->room) {
        b->room = MAX(b->n + n + 1, MAX((size_t)64, b->room * 2));
        b->at = xrealloc(b->at, b->room);
    }
    char *start = b->at + b->n;
    b->n += n;
    b->at[b->n] = '\0';
    return start;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (n)
        memcpy(buf_grow(b, n), data, n);
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0)
        vsnprintf(buf_grow(b, (size_t)n), (size_t)n + 1, format, again);
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

char *buf_take(struct buf *b)
{
    char *text = b->at ? b->at : xdup("");
    *b = (struct buf){0};
    return text;
}
