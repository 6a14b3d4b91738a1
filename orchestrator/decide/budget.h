/* SPDX-License-Identifier: MPL-2.0 */
/* Emergency acts are counted (X8): at most emergency.per_target within an hour on one target,
 * emergency.per_realm in all. Spent in the same batch as the act that they authorize, so that a
 * crash can neither forget nor double one. */
#ifndef HELIOS_DECIDE_BUDGET_H
#define HELIOS_DECIDE_BUDGET_H

#include "common/base.h"

#define BUDGET_SPAN_MS (60 * 60 * 1000LL)

struct helios;
/* How many more acts on this target are allowed now, the realm's bound included. */
unsigned budget_left(struct helios *h, struct bytes target);
/* Acts within the last hour; target `*` = of the realm. */
unsigned budget_used(struct helios *h, struct bytes target);
/* Spends one act on the target and on the realm; the caller has asked budget_left. cause: the act's
 * id. */
void budget_spend(struct helios *h, struct bytes target, const char *cause);
/* When the oldest act that counts against the target leaves the hour; 0 = none counts. */
int64_t budget_next(struct helios *h, struct bytes target);

#endif
