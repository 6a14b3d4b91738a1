/* SPDX-License-Identifier: MPL-2.0 */
/* May it act? Every rule that holds an act back, in one table, each with its sentence (X6–X10, H3,
 * L5). */
#ifndef HELIOS_DECIDE_PERMIT_H
#define HELIOS_DECIDE_PERMIT_H

#include "optimization.h"

/* Why something is held: the rule for programs, the sentence for people. */
struct why {
    const char *rule; /* static */
    char text[240];
};
/* permit_act answers true when nothing holds the act; else *ret_why says what does. */
bool permit_act(struct helios *h, const struct act *act, struct why *ret_why);
/* permit_now asks only what concerns the realm, not the act. */
bool permit_now(struct helios *h, bool emergency, struct why *ret_why);
/* permit_change is asked before the change is made, and again while it waits for an agent: the realm's rules, and whether the KPI that
 * it should improve is still seen. */
bool permit_change(struct helios *h, const struct optimization *o, struct why *ret_why);
/* permit_changes: is anything changed by itself at all: not while frozen, only in `mode: act` (X10). Names the rule, or is NULL. */
const char *permit_changes(const struct helios *h);
/* permit_observed: health and KPIs have been seen for three full windows, weighted as health's
 * coverage is (L5). */
bool permit_observed(struct helios *h);

#endif
