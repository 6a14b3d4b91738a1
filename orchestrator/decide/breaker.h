/* SPDX-License-Identifier: MPL-2.0 */
/* What holds one optimization back: its cooldown (X6), its breaker (X7), and that it is in force
 * already. */
#ifndef HELIOS_DECIDE_BREAKER_H
#define HELIOS_DECIDE_BREAKER_H

#include "common/hash.h"
#include "orchestrator/core/outbox.h"
#include "settings/settings.h"

struct breaker {
    UT_hash_handle hh; /* key r.id */
    struct rec_breaker r;
    struct save save;
};
/* breaker_find answers NULL for one that was never tried. */
const struct breaker *breaker_find(struct helios *h, struct bytes name);
/* When its cooldown ends; 0 = it runs none. */
int64_t breaker_cool_at(struct helios *h, const struct set_optimization *plan);
/* Until when the breaker is open; 0 = closed. */
int64_t breaker_open_until(struct helios *h, struct bytes name);
/* A person closes it and forgets what held it back. -ENOENT when nothing did. */
int breaker_reset(struct helios *h, struct bytes name, struct bytes author);

#endif
