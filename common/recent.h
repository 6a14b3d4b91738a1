/* SPDX-License-Identifier: MPL-2.0 */
/* The newest of many things, remembered by a 64-bit digest of each: at least the last N, at most the last 2 N of them. For questions
 * whose rare wrong yes (2^-64 a thing) does no harm. */
#ifndef HELIOS_COMMON_RECENT_H
#define HELIOS_COMMON_RECENT_H

#include "base.h"

struct recent {
    uint64_t *newer, *older; /* owned; open addressing, 0 = free */
    size_t n, most, slots;   /* n: in newer */
};

void recent_init(struct recent *r, size_t most); /* N */
void recent_done(struct recent *r);
void recent_add(struct recent *r, uint64_t digest);
bool recent_has(const struct recent *r, uint64_t digest);

/* digest_bytes mixes bytes into a digest; begin with 0. */
uint64_t digest_bytes(uint64_t digest, struct bytes b);
uint64_t digest_number(uint64_t digest, uint64_t number);

#endif
