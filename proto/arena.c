/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the memory of decoded lists: taken in large blocks, given back all at once. One block is kept by the process for its next
 * arena, so that message after message is decoded without malloc. */
#include "codec.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)0)
#endif

enum { BLOCK = 4096, ALIGN = 16, SPARE_MAX = 512 * 1024 };

struct arena_block {
    struct arena_block *next; /* owned */
    size_t used, room;
    _Alignas(ALIGN) char bytes[];
};

static struct arena_block *spare; /* owned; the largest that has come back, at most SPARE_MAX */

static struct arena_block *block_of(size_t n)
{
    struct arena_block *b = spare;
    if (b && b->room >= n) {
        spare = NULL;
        ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->room);
        b->used = 0;
        return b;
    }
    size_t room = MAX(n, BLOCK - sizeof(*b));
    b = xrealloc(NULL, sizeof(*b) + room); /* not zeroed, as xalloc's would be */
    b->used = 0;
    b->room = room;
    return b;
}

void *arena_raw(struct arena *a, size_t n)
{
    struct arena_block *b = a->blocks;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (b == NULL || b->room - b->used < n) {
        b = block_of(n);
        b->next = a->blocks;
        a->blocks = b;
    }
    void *taken = b->bytes + b->used;
    b->used += n;
    return taken;
}

void *arena_take(struct arena *a, size_t n)
{
    return memset(arena_raw(a, n), 0, n);
}

static void give_back(struct arena_block *b)
{
    if (b->room > SPARE_MAX || (spare && spare->room >= b->room)) {
        free(b);
        return;
    }
    free(spare);
    ASAN_POISON_MEMORY_REGION(b->bytes, b->room);
    spare = b;
}

void arena_done(struct arena *a)
{
    for (struct arena_block *next, *b = a->blocks; b; b = next) {
        next = b->next;
        give_back(b);
    }
    a->blocks = NULL;
}
