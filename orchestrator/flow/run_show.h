/* SPDX-License-Identifier: MPL-2.0 */
/* How runs and their steps look in answers, and what they say together: the critical path and the time left. */
#ifndef HELIOS_FLOW_RUN_SHOW_H
#define HELIOS_FLOW_RUN_SHOW_H

#include "step.h"

#define RUN_SHOW_STEPS 1000 /* rows of one answer */
#define RUN_SHOW_BYTES (700 * 1024) /* no row begins behind so many: an answer is a message */

/* Fields into an open map. */
void run_pack_row(struct helios *h, struct pack *p, const struct run *r);
/* All of it: rows of steps from the first one on, in an order in which parents come first; of a state, or of any. */
void run_pack(struct helios *h, struct pack *p, const struct run *r, struct bytes state, size_t first, size_t most);

#endif
