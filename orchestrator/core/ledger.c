/* SPDX-License-Identifier: MPL-2.0 */
#include "ledger.h"


void ledger_init(struct ledger *l)
{
    list_init(&l->entries);
}

static void drop(struct ledger *l, struct entry *e)
{
    __builtin_prefetch(e->link.next); /* the next one to go, in a while */
    list_out(&e->link);
    free(e);
    l->n--;
}

void ledger_done(struct ledger *l)
{
    list_each (e, &l->entries, struct entry, link)
        drop(l, e);
}

/* move_in copies what the field points to and moves the field there; *at is the next free byte. */
static void move_in(struct bytes *field, char **at)
{
    char *copy = *at;
    if (field->n)
        memcpy(copy, field->at, field->n);
    copy[field->n] = '\0';
    *at += field->n + 1;
    *field = field->n ? (struct bytes){copy, field->n} : (struct bytes){0};
}

void ledger_add(struct ledger *l, const struct rec_entry *entry)
{
    struct bytes of[] = {entry->topic, entry->id, entry->cause, entry->text, entry->data};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(of); i++)
        n += of[i].n + 1;
    struct entry *e = xalloc(sizeof(*e) + n);
    char *at = (char *)(e + 1);
    e->r = *entry;
    struct bytes *const fields[] = {&e->r.topic, &e->r.id, &e->r.cause, &e->r.text, &e->r.data};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        move_in(fields[i], &at);
    list_push(&l->entries, &e->link);
    l->last = MAX(l->last, e->r.n);
    if (++l->n > LEDGER_MAX)
        drop(l, list_first(&l->entries, struct entry, link));
}
