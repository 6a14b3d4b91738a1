/* SPDX-License-Identifier: MPL-2.0 */
/* What every file of Helios stands on: views of bytes, cleanup, container_of. Knows nobody. */
#ifndef HELIOS_COMMON_BASE_H
#define HELIOS_COMMON_BASE_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A view of bytes that somebody else owns. Never NUL-terminated by promise. {NULL, 0} is "nothing". */
struct bytes {
    const char *at;
    size_t n;
};

#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})
#define BYTES_F "%.*s"
#define BYTES_A(b) (int)(b).n, (b).at ? (b).at : ""

static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

static inline bool bytes_is(struct bytes a, const char *text)
{
    return bytes_eq(a, bytes_of(text));
}

/* bytes_dup copies a view into a fresh NUL-terminated string; the caller owns it. {NULL,0} gives "". */
char *bytes_dup(struct bytes b);

/* Memory that a peer cannot drive is never refused: running out of it is our own fault, so we die and
 * are restarted. The result is zeroed. */
void *xalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xalloc_aligned(size_t alignment, size_t n) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t n) __attribute__((returns_nonnull));
char *xdup(const char *text) __attribute__((malloc, returns_nonnull)); /* NULL gives "" */

#define NEW(type) ((type *)xalloc(sizeof(type)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* _cleanup_(fn) runs fn(&variable) when the scope ends; every fn takes a pointer to NULL well. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))
static inline void free_ptr(void *p)
{
    free(*(void **)p);
}
#define _autofree_ _cleanup_(free_ptr)

#define FORMAT_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#endif
