/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the texts of a set of ids and the table in which they are found (open addressing, at most
 * half full). */
#include "ids.h"

static uint64_t hash_of(struct bytes id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < id.n; i++)
        hash = (hash ^ (unsigned char)id.at[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static struct bytes text_of(const struct ids *set, size_t at)
{
    struct bytes text = {set->texts.at + at - 1 + sizeof(text.n), 0};
    memcpy(&text.n, set->texts.at + at - 1, sizeof(text.n));
    return text;
}

/* find answers the slot of the id, or the free one where it would stand. */
static struct id_slot *find(const struct ids *set, uint64_t hash, struct bytes id)
{
    size_t i = hash & (set->room - 1);
    while (set->slots[i].at &&
           (set->slots[i].hash != hash || !bytes_eq(text_of(set, set->slots[i].at), id)))
        i = (i + 1) & (set->room - 1);
    return &set->slots[i];
}

static void grow(struct ids *set)
{
    struct ids wider = *set;
    wider.room = MAX((size_t)1024, set->room * 2);
    wider.slots = xalloc(wider.room * sizeof(*wider.slots));
    for (size_t i = 0; i < set->room; i++) {
        size_t to = set->slots[i].hash & (wider.room - 1);
        while (set->slots[i].at && wider.slots[to].at)
            to = (to + 1) & (wider.room - 1);
        if (set->slots[i].at)
            wider.slots[to] = set->slots[i];
    }
    free(set->slots);
    *set = wider;
}

bool ids_add(struct ids *set, struct bytes id)
{
    uint64_t hash = hash_of(id);
    if (2 * set->n >= set->room)
        grow(set);
    struct id_slot *slot = find(set, hash, id);
    if (slot->at)
        return false;
    *slot = (struct id_slot){hash, set->texts.n + 1};
    buf_add(&set->texts, &id.n, sizeof(id.n));
    buf_add(&set->texts, id.at, id.n);
    set->n++;
    return true;
}

void ids_done(struct ids *set)
{
    free(set->slots);
    buf_done(&set->texts);
    *set = (struct ids){0};
}
