/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the guess which KPI comes next. Refuses to know what a sample says of it. */
#include "recall.h"

#include "kpi.h"
#include "orchestrator/core/helios.h"

#define AHEAD 8 /* samples: far enough for memory to answer, near enough for the cache to keep it */

struct recalled {
    struct bytes name; /* the KPI's own */
    struct kpi *kpi;
};

/* After the last place comes the first, until what follows shows that the round is longer. */
static size_t place_of_next(const struct recall *r)
{
    return r->next < r->n ? r->next : 0;
}

/* fetch_ahead starts the way from memory for a sample to come. */
static void fetch_ahead(const struct recall *r)
{
    size_t i = place_of_next(r) + AHEAD;
    i -= i < r->n ? 0 : r->n;
    if (i >= r->n)
        return;
    __builtin_prefetch(r->at[i].name.at);
    kpi_fetch(r->at[i].kpi);
}

/* guess tries the place that is next, and the one after it: a sample may be missing in a round. */
static struct kpi *guess(struct recall *r, struct bytes name)
{
    size_t from = place_of_next(r);
    for (size_t i = from; i < r->n && i < from + 2; i++)
        if (bytes_eq(r->at[i].name, name)) {
            r->next = i + 1;
            return r->at[i].kpi;
        }
    return NULL;
}

static bool make_room(struct helios *h, struct recall *r)
{
    size_t more = MAX((size_t)16, r->room);
    if (r->n < r->room)
        return true;
    if (h->sense.recalled + more > RECALLED_PER_KPI * HASH_COUNT(h->sense.kpis))
        return false;
    h->sense.recalled += more;
    r->room += more;
    r->at = xrealloc(r->at, r->room * sizeof(*r->at));
    return true;
}

/* What starts the next round is at the first place already; all else is what comes at this one. */
static void remember(struct helios *h, struct recall *r, struct kpi *k)
{
    if (r->n && r->at[0].kpi == k) {
        r->next = 1;
        return;
    }
    if (r->next == r->n) {
        if (!make_room(h, r))
            return;
        r->n++;
    }
    r->at[r->next++] = (struct recalled){k->config->name, k};
}

struct kpi *recall_find(struct helios *h, struct recall *r, struct bytes name)
{
    fetch_ahead(r);
    struct kpi *k = guess(r, name);
    if (k)
        return k;
    k = kpi_find(h, name);
    if (k)
        remember(h, r, k);
    return k;
}

void recall_nothing(struct helios *h, struct recall *r)
{
    h->sense.recalled -= r->room;
    free(r->at);
    *r = (struct recall){0};
}
