/* SPDX-License-Identifier: MPL-2.0 */
/* What the tables of verbs of this room share. */
#ifndef HELIOS_WORK_VERBS_H
#define HELIOS_WORK_VERBS_H

#include "orchestrator/core/verb.h"
#include "work.h"

void task_pack(struct helios *h, const struct task *t, struct pack *p); /* one row */
void failed_pack(const struct kept *k, struct pack *p);

int query_would(struct helios *h, struct verb_call *call);
int query_history(struct helios *h, struct verb_call *call);
int query_limits(struct helios *h, struct verb_call *call);
int query_failed(struct helios *h, struct verb_call *call);
int command_retry(struct helios *h, struct verb_call *call);
int command_purge(struct helios *h, struct verb_call *call);
int command_pause(struct helios *h, struct verb_call *call);
int command_resume(struct helios *h, struct verb_call *call);
int command_drain(struct helios *h, struct verb_call *call);

#endif
