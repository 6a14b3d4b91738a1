/* SPDX-License-Identifier: MPL-2.0 */
/* What implementers have applied: idempotency key → the apply's answer with its undo. Durable when
 * there is a data directory, else for the life of the process; the newest 1000. */
#ifndef HELIOS_AGENTS_APPLIED_H
#define HELIOS_AGENTS_APPLIED_H

#include "common/hash.h"
#include "agents/journal.h"
#include "common/buf.h"

enum { APPLIED_KEPT = 1000 };

struct applied {
    struct applied_row *rows; /* owned hash by key, oldest first */
    struct journal journal;
};

void applied_init(struct applied *a);
int applied_open(struct applied *a, const char *path); /* path NULL: memory only. -errno */
void applied_done(struct applied *a);
struct bytes applied_find(const struct applied *a,
                          const char *key); /* a msgpack map; nothing when it is not known */
/* applied_add is durable when it returns 0; else -errno: the change is known in memory alone. An
 * empty key is not kept. */
int applied_add(struct applied *a, const char *key, struct bytes answer);
void applied_drop(struct applied *a, const char *key); /* it was rolled back */

#endif
