/* SPDX-License-Identifier: MPL-2.0 */
#include "ledger.h"

#include "proto/codec.h"

void ledger_init(struct ledger *l)
{
    list_init(&l->entries);
}

static void drop(struct ledger *l, struct entry *e)
{
    list_out(&e->link);
    record_free(&schema_records[REC_entry], &e->r);
    free(e);
    l->n--;
}

void ledger_done(struct ledger *l)
{
    list_each (e, &l->entries, struct entry, link)
        drop(l, e);
}

void ledger_add(struct ledger *l, const struct rec_entry *entry)
{
    struct entry *e = NEW(struct entry);
    e->r = *entry;
    record_own(&schema_records[REC_entry], &e->r);
    list_push(&l->entries, &e->link);
    l->last = MAX(l->last, e->r.n);
    if (++l->n > LEDGER_MAX)
        drop(l, list_first(&l->entries, struct entry, link));
}
