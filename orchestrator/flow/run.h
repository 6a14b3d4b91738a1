/* SPDX-License-Identifier: MPL-2.0 */
/* Runs of pipelines (docs/around-the-clock.md, P1 to P11): started by run_start, by whoever wants one; at the end the owner's decider is
 * called (struct decider.on_run). */
#ifndef HELIOS_FLOW_RUN_H
#define HELIOS_FLOW_RUN_H

#include "orchestrator/core/helios.h"
#include "plan.h"

#define RUN_STEPS_KEPT 100000 /* of ended runs, of all pipelines together; the oldest go first */
#define RUN_BYTES_KEPT (64 * 1024 * 1024)

struct run_order {
    struct bytes pipeline;
    struct bytes params; /* a map, or nothing: over the pipeline's defaults */
    struct bytes key;    /* of the pipeline: the same key answers the same run while it is known; or nothing */
    struct bytes author; /* a person, or nothing */
    const char *owner_kind, *owner_id; /* whose on_run is called; NULL = nobody */
    const char *cause;   /* for `helios why`; may be NULL */
    int64_t time;        /* of the occurrence; 0 = now */
    bool dry_run;
};

struct step;
struct slice;
struct run {
    UT_hash_handle hh;     /* runs.by_id, key r.id */
    UT_hash_handle hh_key; /* runs.by_key while it has one, key key_text */
    struct rec_run r;      /* owned */
    struct save save;
    char *key_text;    /* owned: PIPELINE/KEY; NULL = none */
    uint64_t number;   /* of r-NUMBER */
    struct plan *plan; /* borrowed: it stays while a run uses it */
    struct line *line; /* its pipeline's */
    struct list link;  /* in line.queued, line.running or line.ended */
    struct list over;  /* in runs.over: every step has ended */
    struct step *steps; /* owned; as many as the plan's, NULL while it is QUEUED and never began */
    size_t n_ended, n_failed, n_cancelled, bytes;
};

/* run_start answers the run, which may be QUEUED; NULL with a sentence in err (of at least 200 bytes, may be NULL). */
struct run *run_start(struct helios *h, const struct run_order *order, char *err);
struct run *run_find(struct helios *h, struct bytes id); /* a live one or one that is kept; NULL */
bool run_ended(const struct run *r);
/* run_cancel ends what runs and begins nothing more; -EALREADY when it has ended or is being cancelled. */
int run_cancel(struct helios *h, struct run *r, struct bytes author, const char *reason);
/* run_retry begins what failed, was cancelled or skipped for it, anew (P10). -EINVAL: it has not failed. */
int run_retry(struct helios *h, struct run *r, struct bytes author);

/* ---- inside of the room ---- */

/* The runs of one pipeline. */
struct line {
    UT_hash_handle hh;   /* runs.lines, key name */
    char *name;          /* owned */
    struct list queued;  /* struct run.link, oldest first (P8) */
    struct list running; /* oldest first */
    struct list ended;   /* oldest end first */
    size_t n_queued, n_running, n_ended;
};
struct runs {
    struct run *by_id, *by_key;
    struct plan *plans;
    struct line *lines;
    struct list ready; /* struct step.link: steps that begin or are skipped, in the order in which that was clear */
    struct list over;  /* struct run.over */
    struct timer pump; /* while there is something in either */
    size_t budget;     /* steps and parts that may still begin in this turn */
    struct took *took;
    size_t steps_kept, bytes_kept; /* of ended runs */
};
static inline struct runs *runs_of(struct helios *h)
{
    return h->decide.state[DECIDE_run];
}
/* runs_wake: something is in ready or over. */
void runs_wake(struct helios *h);
const struct set_pipeline *pipeline_find(const struct set_config *config, struct bytes name);

#endif
