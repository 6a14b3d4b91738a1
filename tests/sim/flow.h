/* SPDX-License-Identifier: MPL-2.0 */
/* Schedules, runs and reviews of the simulated realm, as the facts see them. */
#ifndef HELIOS_SIM_FLOW_H
#define HELIOS_SIM_FLOW_H

#include "proto/codec.h"

/* ---- of commits (flow_facts.c); who: the controller whose commit it is ---- */
void flow_begin(void); /* tells what the pipelines have to do */
void flow_end(void);
/* flow_task: a task of a schedule or of a step became durable; object: of its owner. */
void flow_task(const char *who, struct bytes owner, struct bytes object, struct bytes key, const char *task);
void flow_schedule(const char *who, const struct rec_schedule *r);
void flow_run(const char *who, const struct rec_run *r);
void flow_step(const char *who, const struct rec_step *r);
void flow_review(const char *who, const struct rec_review *r);
void flow_entry(const char *who, const struct rec_entry *r);

/* ---- of a core (flow_core.c) ---- */
struct helios;
bool flow_busy(struct helios *h); /* a schedule goes by the clock, a run or a review has not ended */

#endif
