/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what is read from a leading core of its schedules, runs and reviews at the end. */
#include "flow.h"
#include "orchestrator/flow/review.h"
#include "orchestrator/flow/run.h"
#include "orchestrator/flow/schedule.h"

static bool schedules_go(struct helios *h)
{
    struct schedule *s, *next;
    HASH_ITER (hh, schedules_of(h)->by_name, s, next)
        if (!s->r.paused)
            return true;
    return false;
}

static bool runs_open(struct helios *h)
{
    struct run *r, *next;
    HASH_ITER (hh, runs_of(h)->by_id, r, next)
        if (!run_ended(r))
            return true;
    return false;
}

bool flow_busy(struct helios *h)
{
    return schedules_go(h) || runs_open(h) || reviews_of(h)->n_open;
}
