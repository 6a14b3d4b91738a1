/* SPDX-License-Identifier: MPL-2.0 */
/* Results on disk until they are acknowledged, so that an agent that is killed and started again
 * still has them (A4). */
#ifndef HELIOS_AGENTS_RESULTS_H
#define HELIOS_AGENTS_RESULTS_H

#include "common/base.h"

struct agent;
struct attempt;

/* results_open reads what an earlier process kept into the members' slots. path NULL: memory only.
 * -errno. */
int results_open(struct agent *a, const char *path);
void results_keep(struct attempt *a);   /* durable after results_sync */
void results_forget(struct attempt *a); /* it is acknowledged */
void results_sync(struct agent *a);     /* before anything is sent */

#endif
