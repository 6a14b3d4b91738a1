/* SPDX-License-Identifier: MPL-2.0 */
/* A set of ids that only grows: what recovery has seen. A million of them cost two arrays, not a
 * million allocations. */
#ifndef HELIOS_SHELL_IDS_H
#define HELIOS_SHELL_IDS_H

#include "common/buf.h"

struct ids {          /* zero it to begin */
    struct buf texts; /* one after the other, each after its length */
    struct id_slot {
        uint64_t hash;
        size_t at;  /* in texts, from 1; 0 = free */
    } * slots;      /* owned */
    size_t n, room; /* room: a power of two */
};

bool ids_add(struct ids *set, struct bytes id); /* false: it was there */
void ids_done(struct ids *set);

#endif
