/* SPDX-License-Identifier: MPL-2.0 */
/* Owns where a key lies: linear probing from where its hash points, at most half full; what is dropped is filled up from behind, so
 * that no marks of dropped ones are left. Numbers in a row come and go together mostly: eight of them lie side by side, in two lines of
 * the cache. */
#include "map.h"

enum { LEAST = 64 };

void map_done(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}

/* The multiplier is 2^64 over the golden ratio (Knuth, 6.4): eights in a row lie far from each other. */
static size_t home_of(const struct map *m, uint64_t key)
{
    enum { BITS = 3 };
    uint64_t eight = (key >> BITS) * 0x9e3779b97f4a7c15u >> (64 + BITS - __builtin_ctzll(m->room));
    return (size_t)(eight << BITS | (key & ((1u << BITS) - 1)));
}

/* place_of answers where the key lies, or the free place where it would. */
static size_t place_of(const struct map *m, uint64_t key)
{
    size_t at = home_of(m, key);
    while (m->slots[at].thing && m->slots[at].key != key)
        at = (at + 1) & (m->room - 1);
    return at;
}

static void grow(struct map *m)
{
    struct map old = *m;
    m->room = old.room ? 2 * old.room : LEAST;
    m->slots = xalloc(m->room * sizeof(*m->slots));
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].thing)
            m->slots[place_of(m, old.slots[i].key)] = old.slots[i];
    free(old.slots);
}

void map_put(struct map *m, uint64_t key, void *thing)
{
    if (2 * (m->n + 1) > m->room)
        grow(m);
    struct map_slot *slot = &m->slots[place_of(m, key)];
    m->n += slot->thing == NULL;
    *slot = (struct map_slot){key, thing};
}

/* Each that follows moves up into the gap, unless its home lies behind the gap. */
void map_drop(struct map *m, uint64_t key)
{
    if (m->room == 0)
        return;
    size_t mask = m->room - 1, gap = place_of(m, key);
    if (m->slots[gap].thing == NULL)
        return;
    for (size_t at = (gap + 1) & mask; m->slots[at].thing; at = (at + 1) & mask) {
        size_t home = home_of(m, m->slots[at].key);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        m->slots[gap] = m->slots[at];
        gap = at;
    }
    m->slots[gap] = (struct map_slot){0};
    m->n--;
}

void *map_get_number(const struct map *m, uint64_t key)
{
    return m->room ? m->slots[place_of(m, key)].thing : NULL;
}
