/* SPDX-License-Identifier: MPL-2.0 */
/* Which events somebody listens to: an event that nobody hears and no ledger keeps is not even put into words. */
#ifndef HELIOS_CORE_AUDIENCE_H
#define HELIOS_CORE_AUDIENCE_H

#include "proto/schema.h"

struct audience {
    unsigned listeners[EVENT_COUNT]; /* subscriptions that match the event's topic */
};

/* audience_take reads what an XPUB socket tells: a byte, 1 = somebody subscribes to topics that begin so, 0 = nobody does any
 * more; then that beginning. Each beginning is told once, whoever and how many they are. Anything else is ignored. */
void audience_take(struct audience *a, struct bytes told);
/* audience_hears: NULL = who listens is not known, so everything is said. */
bool audience_hears(const struct audience *a, enum event event);

#endif
