/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the memory of decoded lists: taken in large blocks, given back all at once. */
#include "codec.h"

enum { BLOCK = 4096, ALIGN = 16 };

struct arena_block {
    struct arena_block *next; /* owned */
    size_t used, room;
    _Alignas(ALIGN) char bytes[];
};

void *arena_take(struct arena *a, size_t n)
{
    struct arena_block *b = a->blocks;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (b == NULL || b->room - b->used < n) {
        size_t room = MAX(n, BLOCK - sizeof(*b));
        b = xalloc(sizeof(*b) + room);
        b->next = a->blocks;
        b->room = room;
        a->blocks = b;
    }
    void *taken = b->bytes + b->used;
    b->used += n;
    return taken;
}

void arena_done(struct arena *a)
{
    for (struct arena_block *next, *b = a->blocks; b; b = next) {
        next = b->next;
        free(b);
    }
    a->blocks = NULL;
}
