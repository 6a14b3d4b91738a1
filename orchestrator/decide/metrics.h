/* SPDX-License-Identifier: MPL-2.0 */
/* collect_system_metrics: KPI summaries, agents, what was learned, health, as one packed value. */
#ifndef HELIOS_DECIDE_METRICS_H
#define HELIOS_DECIDE_METRICS_H

#include "orchestrator/core/helios.h"

/* Into an open map: health {scope → …}, kpis [{name, …}], agents [{id, …}], tasks {…}, learned
 * [{optimization, …}]. */
void metrics_pack(struct helios *h, struct pack *p);
/* The same for a cycle's record: one value and score a KPI, counts instead of agents. */
void metrics_pack_brief(struct helios *h, struct pack *p);
/* health: one map, scope → score, low, high, coverage, age, known; the realm first. */
void metrics_pack_health(struct helios *h, struct pack *p);

#endif
