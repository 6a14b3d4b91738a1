/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the numbers of entries of the stream's newest items. Refuses to know what an entry says. */
#include "items.h"

void items_done(struct items *i)
{
    free(i->entries);
    *i = (struct items){0};
}

void items_add(struct items *i, uint32_t entries)
{
    if (i->end == i->room && i->begin > i->room / 2) {
        memmove(i->entries, i->entries + i->begin, (i->end - i->begin) * sizeof(*i->entries));
        i->end -= i->begin;
        i->begin = 0;
    }
    if (i->end == i->room) {
        i->room = MAX((size_t)64, i->room * 2);
        i->entries = xrealloc(i->entries, i->room * sizeof(*i->entries));
    }
    i->entries[i->end++] = entries;
    i->total += entries;
}

uint64_t items_most(struct items *i, uint64_t bound)
{
    while (i->begin < i->end && i->total - i->entries[i->begin] >= bound)
        i->total -= i->entries[i->begin++];
    uint64_t older = i->total < bound ? bound - i->total : 0;
    return i->end - i->begin + older;
}
