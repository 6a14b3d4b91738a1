/* SPDX-License-Identifier: MPL-2.0 */
/* How records of this room look in answers and reports: the same fields everywhere (W3). */
#ifndef HELIOS_DECIDE_SHOW_H
#define HELIOS_DECIDE_SHOW_H

#include "cycle.h"
#include "incident.h"
#include "optimization.h"

/* Fields into an open map. Rows are for lists, the others show all. */
void optimization_pack_row(struct pack *p, const struct optimization *o);
void optimization_pack(struct helios *h, struct pack *p, const struct optimization *o);
void cycle_pack_row(struct pack *p, const struct cycle *c);
void cycle_pack(struct helios *h, struct pack *p, const struct cycle *c);
void incident_pack_row(struct pack *p, const struct incident *i);
void incident_pack(struct helios *h, struct pack *p, const struct incident *i);
/* One value: the ledger's entries about the incident and its optimizations, oldest first: {at,
 * after_ms, topic, id, text}. */
void incident_pack_timeline(struct helios *h, struct pack *p, const struct incident *i);

#endif
