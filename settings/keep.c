/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/keep.h"

void *keep_room(struct keep *k, size_t n)
{
    if (k->n == k->room) {
        k->room = MAX((size_t)64, k->room * 2);
        k->at = xrealloc(k->at, k->room * sizeof *k->at);
    }
    return k->at[k->n++] = xalloc(n);
}

struct bytes keep_bytes(struct keep *k, struct bytes b)
{
    char *copy = keep_room(k, b.n + 1);
    if (b.n)
        memcpy(copy, b.at, b.n);
    return (struct bytes){copy, b.n};
}

void keep_done(struct keep *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->at[i]);
    free(k->at);
    *k = (struct keep){0};
}
