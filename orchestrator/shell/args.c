/* SPDX-License-Identifier: MPL-2.0 */
/* The words of one Redis command. Refuses to know what they mean. */
#include <inttypes.h>

#include "store_inside.h"

void args_done(struct args *a)
{
    arena_done(&a->arena);
    free(a->at);
    free(a->n);
    *a = (struct args){0};
}

void args_add(struct args *a, const void *at, size_t n)
{
    if (a->count == a->room) {
        a->room = MAX((size_t)32, a->room * 2);
        a->at = xrealloc(a->at, a->room * sizeof(*a->at));
        a->n = xrealloc(a->n, a->room * sizeof(*a->n));
    }
    a->at[a->count] = at ? at : "";
    a->n[a->count++] = n;
}

void args_text(struct args *a, const char *text)
{
    args_add(a, text, strlen(text));
}

void args_copy(struct args *a, const char *text)
{
    size_t n = strlen(text);
    char *copy = arena_take(&a->arena, n + 1);
    memcpy(copy, text, n);
    args_add(a, copy, n);
}

void args_number(struct args *a, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    args_copy(a, text);
}

void args_key(struct args *a, const struct store *s, const char *name)
{
    size_t room = strlen(s->realm) + strlen(name) + sizeof("{helios:}:");
    char *key = arena_take(&a->arena, room);
    int n = snprintf(key, room, "{helios:%s}:%s", s->realm, name);
    args_add(a, key, (size_t)n);
}
