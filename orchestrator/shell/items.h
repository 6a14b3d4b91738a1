/* SPDX-License-Identifier: MPL-2.0 */
/* The ledger in Redis is a stream whose items hold one entry or many: all that one commit wrote down is one item, since Redis pays
 * for each. Its bound is a number of entries, and Redis counts items: so we remember how many entries the newest items have. */
#ifndef HELIOS_SHELL_ITEMS_H
#define HELIOS_SHELL_ITEMS_H

#include "common/base.h"

#define ITEM_ENTRIES 1000         /* of one item, at most */
#define ITEM_BYTES (256 * 1024)   /* and so many of their bytes, but for a single one */

struct items {
    uint32_t *entries; /* owned; of each item, oldest first */
    size_t begin, end, room;
    uint64_t total; /* entries of all of them */
};
void items_done(struct items *i);
void items_add(struct items *i, uint32_t entries); /* a newer one */
/* items_most answers how many of the newest items hold `bound` entries; older ones than were added count as one entry each. */
uint64_t items_most(struct items *i, uint64_t bound);

#endif
