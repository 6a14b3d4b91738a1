/* SPDX-License-Identifier: MPL-2.0 */
/* The steps of a run: when one is ready, what it begins, what its end opens. An end costs as much as it has children. */
#ifndef HELIOS_FLOW_STEP_H
#define HELIOS_FLOW_STEP_H

#include "run.h"

#define STEP_OUTPUT 4096 /* bytes of what a step printed that are kept, where no later step names it */

struct step {
    struct rec_step r; /* owned; its id is there once it has a record */
    struct save save;
    struct run *run;
    const struct plan_step *plan;
    uint32_t open; /* parents that have not ended */
    uint32_t good; /* parents that have succeeded */
    struct list link; /* in runs.ready */
    struct fan *fan;  /* owned; of a step with `each`; NULL until it begins */
};

/* How something that a step waited for has ended; views. */
struct step_end {
    enum step_state state;
    bool by_when;
    struct bytes data, output, error, agent;
    uint64_t attempt;
};

/* steps_make gives the run its steps, all WAITING. */
void steps_make(struct run *r);
void steps_free(struct run *r);
/* steps_go counts the edges that are satisfied, from the states alone, and makes ready what is: at the begin, after a restart and at a
 * retry. */
void steps_go(struct helios *h, struct run *r);
bool step_ended(const struct step *s);
bool step_good(const struct step *s);
/* step_look begins what is ready, skips what cannot come any more. */
void step_look(struct helios *h, struct step *s);
void step_settle(struct helios *h, struct step *s, const struct step_end *end);
void step_fail(struct helios *h, struct step *s, const char *format, ...) FORMAT_LIKE(3, 4);
/* step_of finds RUN/STEP or RUN/STEP/N; *ret_part is N, or -1. NULL: there is none. */
struct step *step_of(struct helios *h, struct bytes id, int64_t *ret_part);
void step_reset(struct helios *h, struct step *s); /* WAITING again, its record goes */

#endif
