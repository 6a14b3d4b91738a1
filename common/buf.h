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
char *buf_grow(struct buf *b, size_t n); /* n more bytes to fill; already counted in b->n */
void buf_add(struct buf *b, const void *data, size_t n);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) FORMAT_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) FORMAT_LIKE(2, 0);
char *buf_take(struct buf *b); /* the text, now the caller's ("" when empty); b is empty again */

static inline struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->at ? b->at : "", b->n};
}

static inline const char *buf_str(const struct buf *b)
{
    return b->at ? b->at : "";
}

#endif
