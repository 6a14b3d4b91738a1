/* SPDX-License-Identifier: MPL-2.0 */
/* Owns rows that checks keep by name. Names are words of one history: their addresses are compared. */
#include <uthash.h>

#include "inside.h"

struct name {
    const char *a, *b;
    uint64_t n;
};

struct row {
    UT_hash_handle hh;
    struct name name;
    max_align_t data[];
};

void *group_seek(const struct group *g, const char *a, const char *b, uint64_t n)
{
    struct name name = {a, b, n};
    struct row *r;
    HASH_FIND(hh, g->rows, &name, sizeof(name), r);
    return r ? r->data : NULL;
}

void *group_row(struct group *g, const char *a, const char *b, uint64_t n)
{
    void *found = group_seek(g, a, b, n);
    if (found)
        return found;
    struct row *r = xalloc(sizeof(*r) + g->size);
    r->name = (struct name){a, b, n};
    HASH_ADD(hh, g->rows, name, sizeof(r->name), r);
    return r->data;
}

void *group_next(const struct group *g, const void *data)
{
    if (!data)
        return g->rows ? g->rows->data : NULL;
    struct row *next = container_of((void *)data, struct row, data)->hh.next;
    return next ? next->data : NULL;
}

void group_done(struct group *g)
{
    struct row *r, *next;
    HASH_ITER (hh, g->rows, r, next) {
        HASH_DEL(g->rows, r);
        free(r);
    }
}
