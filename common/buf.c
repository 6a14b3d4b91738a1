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

void buf_room(struct buf *b, size_t n)
{
    if (b->n + n < b->room)
        return;
    b->room = MAX(b->n + n + 1, MAX((size_t)64, b->room * 2));
    b->at = xrealloc(b->at, b->room);
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_number(struct buf *b, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    buf_add(b, digits + at, sizeof(digits) - at);
}

/* Mostly it fits into a little room at once; else it is printed once more. */
void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    buf_room(b, 63);
    size_t room = b->room - b->n;
    int n = vsnprintf(b->at + b->n, room, format, args);
    if (n >= 0 && (size_t)n >= room) {
        buf_room(b, (size_t)n);
        vsnprintf(b->at + b->n, (size_t)n + 1, format, again);
    }
    b->n += (size_t)MAX(n, 0);
    b->at[b->n] = '\0';
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
