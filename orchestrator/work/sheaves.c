/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the order of all sheaves by number, and finds the one that a number belongs to. Refuses to know what is in them. */
#include "sheaf.h"

#include "orchestrator/core/helios.h"

/* close_up takes out the places of those that are gone. */
static void close_up(struct sheaves *all)
{
    size_t n = 0;
    for (size_t i = all->begin; i < all->end; i++)
        if (all->at[i].sheaf)
            all->at[n++] = all->at[i];
    *all = (struct sheaves){.at = all->at, .end = n, .room = all->room};
}

/* lower answers the first place whose number is not smaller. */
static size_t lower(const struct sheaves *all, uint64_t number)
{
    size_t low = all->begin, high = all->end;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (all->at[mid].first < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void sheaves_add(struct sheaves *all, struct sheaf *s)
{
    size_t same = lower(all, s->first);
    if (same < all->end && all->at[same].first == s->first) { /* of one that is gone */
        all->at[same].sheaf = s;
        all->gone--;
        return;
    }
    if (all->end == all->room && (all->begin + all->gone) * 2 > all->room)
        close_up(all);
    if (all->end == all->room) {
        all->room = MAX((size_t)16, all->room * 2);
        all->at = xrealloc(all->at, all->room * sizeof(*all->at));
    }
    size_t place = lower(all, s->first);
    memmove(&all->at[place + 1], &all->at[place], (all->end - place) * sizeof(*all->at));
    all->at[place] = (struct sheaf_place){s->first, s};
    all->end++;
}

void sheaves_drop(struct sheaves *all, const struct sheaf *s)
{
    all->at[lower(all, s->first)].sheaf = NULL;
    all->gone++;
    for (; all->begin < all->end && all->at[all->begin].sheaf == NULL; all->begin++)
        all->gone--;
}

struct sheaf *sheaves_of(const struct sheaves *all, uint64_t number)
{
    size_t place = lower(all, number + 1);
    struct sheaf *s = place > all->begin ? all->at[place - 1].sheaf : NULL;
    return s && number - s->first < s->n ? s : NULL;
}

bool sheaves_have_room(const struct sheaves *all, uint64_t first, uint64_t n)
{
    size_t place = lower(all, first);
    while (place < all->end && all->at[place].sheaf == NULL)
        place++;
    bool before_next = place == all->end || all->at[place].first >= first + n;
    return before_next && sheaves_of(all, first) == NULL;
}
