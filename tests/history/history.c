/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the facts of a history and their strings, each kept once: within one history equal strings have equal addresses, so that
 * checks may group by address. Knows no promise. */
#include "history.h"

#include <uthash.h>

#include "inside.h"

struct word {
    UT_hash_handle hh;
    char text[];
};

const char *fact_name(enum fact_kind kind)
{
    static const char *const names[] = {
#define X(name, who, key, id, text, n, m, doc) #name,
        FACTS(X)
#undef X
    };
    return names[kind];
}

struct history *history_new(void)
{
    return NEW(struct history);
}

void history_free(struct history *h)
{
    if (!h)
        return;
    struct word *w, *next;
    HASH_ITER (hh, h->words, w, next) {
        HASH_DEL(h->words, w);
        free(w);
    }
    free(h->facts);
    free(h);
}

static const char *kept(struct history *h, const char *text)
{
    if (!text || !*text)
        return "";
    struct word *w;
    HASH_FIND_STR(h->words, text, w);
    if (w)
        return w->text;
    size_t n = strlen(text) + 1;
    w = xalloc(sizeof(*w) + n);
    memcpy(w->text, text, n);
    HASH_ADD_KEYPTR(hh, h->words, w->text, n - 1, w);
    return w->text;
}

const char *history_word(const struct history *h, const char *text)
{
    struct word *w;
    HASH_FIND_STR(h->words, text, w);
    return w ? w->text : NULL;
}

void history_add(struct history *h, const struct fact *fact)
{
    if (h->n == h->room) {
        h->room = h->room ? h->room * 2 : 1024;
        h->facts = xrealloc(h->facts, h->room * sizeof(*h->facts));
    }
    struct fact *f = &h->facts[h->n++];
    *f = *fact;
    f->who = kept(h, fact->who);
    f->key = kept(h, fact->key);
    f->id = kept(h, fact->id);
    f->text = kept(h, fact->text);
    h->seen[f->kind]++;
}

size_t history_size(const struct history *h)
{
    return h->n;
}
