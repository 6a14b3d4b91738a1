/* SPDX-License-Identifier: MPL-2.0 */
/* From numbers to things: open addressing, one place in memory a question. uthash asks a chain of the things themselves and links each
 * with its neighbours; with a hundred thousand of them, each of those is a miss of the cache. */
#ifndef HELIOS_COMMON_MAP_H
#define HELIOS_COMMON_MAP_H

#include "base.h"

struct map {
    struct map_slot {
        uint64_t key;
        void *thing; /* borrowed; NULL = free */
    } *slots;        /* owned */
    size_t n, room;  /* room: a power of two, or 0 */
};

void map_done(struct map *m);
void map_put(struct map *m, uint64_t key, void *thing); /* not NULL; replaces */
void map_drop(struct map *m, uint64_t key);             /* nothing when it is not there */
void *map_get_number(const struct map *m, uint64_t key); /* NULL: not there */

/* MAP_EACH walks all things in no order that means anything. What it is at may not be dropped in the body. */
#define MAP_EACH(it, type, m)                                                                      \
    for (size_t slot_##it = 0; slot_##it < (m)->room; slot_##it++)                                 \
        for (type *it = (m)->slots[slot_##it].thing; it; it = NULL)

#endif
