/* SPDX-License-Identifier: MPL-2.0 */
/* From what was seen to a verdict: a table of rules, failures first (X3). */
#ifndef HELIOS_DECIDE_VERDICT_H
#define HELIOS_DECIDE_VERDICT_H

#include "evidence.h"

struct rule {
    const char *name; /* stands in the record and in the ledger */
    enum verdict verdict;
    const char *sentence; /* for people */
};
/* verdict_by answers the first rule that holds, or NULL: look again later. After the last look
 * there is always one. */
const struct rule *verdict_by(struct helios *h, const struct optimization *o,
                              const struct sight *s);
/* An emergency act is kept when its KPI's score stays at health.leave or over for one look's length
 * (emergency.verify / verify.looks), and its check, if declared, has passed. */
bool verdict_recovered(struct helios *h, const struct optimization *o);
/* Rules that need no look, by name: apply_failed, agent_lost, dry_run, recalled, … Never NULL for a
 * name of the table. */
const struct rule *verdict_rule(const char *name);
/* verdict_settle writes the rule and, when something was seen, its numbers into the record. */
void verdict_settle(struct optimization *o, const struct rule *rule, const struct sight *s);
/* verdict_alpha: what the next look may spend. verify.alpha is shared by the optimizations of one
 * cycle that have not been accepted (Holm's step-down: each acceptance passes its share on) and by
 * the planned looks (Pocock spending). */
double verdict_alpha(struct helios *h, const struct optimization *o, unsigned look, unsigned looks);
/* verdict_sentence: "page_load_time 812 → 214 ms (−73.6 %, 99 % CI …), n=84/90 …: SUCCESS
 * (improved)". */
void verdict_sentence(struct helios *h, const struct optimization *o, char *ret, size_t room);
/* verdict_pack writes {rule, verdict, n_before, …} into the open map: the numbers of `helios why`. */
void verdict_pack(struct pack *p, const struct optimization *o);

#endif
