/* SPDX-License-Identifier: MPL-2.0 */
/* Owns memory that never fails. Refuses to know what it is for. */
#include "base.h"

static void *or_die(void *p, size_t n)
{
    if (p == NULL) {
        fprintf(stderr, "helios: out of memory (%zu bytes)\n", n);
        abort();
    }
    return p;
}

void *xalloc(size_t n)
{
    return or_die(calloc(1, n ? n : 1), n);
}

void *xalloc_aligned(size_t alignment, size_t n)
{
    return memset(or_die(aligned_alloc(alignment, n), n), 0, n);
}

void *xrealloc(void *old, size_t n)
{
    return or_die(realloc(old, n ? n : 1), n);
}

char *xdup(const char *text)
{
    return bytes_dup(bytes_of(text));
}

char *bytes_dup(struct bytes b)
{
    char *copy = xalloc(b.n + 1);
    if (b.n)
        memcpy(copy, b.at, b.n);
    return copy;
}
