/* SPDX-License-Identifier: MPL-2.0 */
/* The newest durable events in memory, found by id and by cause. Redis keeps more of them in the stream :history. */
#ifndef HELIOS_CORE_LEDGER_H
#define HELIOS_CORE_LEDGER_H

#include "common/list.h"
#include "proto/schema.h"

#define LEDGER_MAX 10000

struct helios;
struct entry {
    struct list link; /* in ledger.entries */
    struct rec_entry r; /* what it points to lies behind it in one block, NUL-terminated */
};
struct ledger {
    struct list entries; /* struct entry.link, oldest first */
    size_t n;
    uint64_t last; /* number of the newest */
};
void ledger_init(struct ledger *l);
void ledger_done(struct ledger *l);
void ledger_add(struct ledger *l, const struct rec_entry *entry); /* copies; drops the oldest beyond LEDGER_MAX */

#endif
