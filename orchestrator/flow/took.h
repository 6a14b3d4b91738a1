/* SPDX-License-Identifier: MPL-2.0 */
/* How long steps take, learned from those that completed: for the time that is left. */
#ifndef HELIOS_FLOW_TOOK_H
#define HELIOS_FLOW_TOOK_H

#include "orchestrator/core/helios.h"

#define TOOK_LEAST 100 /* ms: steps that were never slower are not worth a record */

void took_add(struct helios *h, struct bytes pipeline, struct bytes step, int64_t ms);
double took_ms(struct helios *h, struct bytes pipeline, struct bytes step); /* -1: nothing is known */
int took_load(struct helios *h, struct bytes value);
void took_reload(struct helios *h); /* of pipelines that the config names no more, nothing is kept */
void took_free(struct helios *h);

#endif
