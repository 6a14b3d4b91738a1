/* SPDX-License-Identifier: MPL-2.0 */
/* A growing string of bytes: encoders write into it, texts are built in it. Always NUL-terminated. */
#ifndef HELIOS_COMMON_BUF_H
#define HELIOS_COMMON_BUF_H

#include <stdarg.h>

#include "base.h"

struct buf {
    char *at; /* owned; NULL while empty */
    size_t n;
    size_t room;
};

void buf_done(struct buf *b);  /* frees what it holds; b is empty again */
void buf_clear(struct buf *b); /* keeps the room for the next use */
void buf_room(struct buf *b, size_t n); /* makes room for n more bytes and the NUL */
void buf_text(struct buf *b, const char *text);
void buf_number(struct buf *b, uint64_t number); /* in decimal */
void buf_printf(struct buf *b, const char *format, ...) FORMAT_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) FORMAT_LIKE(2, 0);
char *buf_take(struct buf *b); /* the text, now the caller's ("" when empty); b is empty again */

/* Inline, since every byte that is encoded goes through these two. */

/* buf_grow gives n more bytes to fill; they are counted in b->n already. */
static inline char *buf_grow(struct buf *b, size_t n)
{
    if (b->n + n >= b->room)
        buf_room(b, n);
    char *start = b->at + b->n;
    b->n += n;
    b->at[b->n] = '\0';
    return start;
}

static inline void buf_add(struct buf *b, const void *data, size_t n)
{
    if (n)
        memcpy(buf_grow(b, n), data, n);
}

/* buf_add_of adds the first n bytes of an array of `size`, a constant: copying all of it is a few moves. */
static inline void buf_add_of(struct buf *b, const void *array, size_t size, size_t n)
{
    if (b->n + size >= b->room)
        buf_room(b, size);
    memcpy(b->at + b->n, array, size);
    b->n += n;
    b->at[b->n] = '\0';
}

static inline struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->at ? b->at : "", b->n};
}

static inline const char *buf_str(const struct buf *b)
{
    return b->at ? b->at : "";
}

#endif
