/* SPDX-License-Identifier: MPL-2.0 */
/* What one attempt does: one run of an action, or what a role composes of several runs in a row.
 * Knows the manifest and runs; knows no slots and no controllers. */
#ifndef HELIOS_AGENTS_JOB_H
#define HELIOS_AGENTS_JOB_H

#include "agents/run.h"
#include "proto/signature.h"

struct member;

/* What is asked for; borrowed from the attempt, which lives longer. */
struct asked {
    const char *task;
    uint64_t attempt;
    const char *action;
    struct bytes params; /* as they came */
    const char *key;
    struct bytes signature;
    struct bytes checkpoint;
    int64_t deadline; /* ms since 1970 */
};

struct job {
    struct member *member;
    const struct manifest *manifest; /* held by the attempt */
    const struct asked *asked;
    const struct action *action; /* NULL when there is none of that name */
    struct buf params;           /* checked */
    void *state;                 /* of a composite action; owned by it */
    struct run *run;             /* under way, or NULL */
    enum stop stop;              /* it was told to stop */
    bool over;
    bool vouched;                     /* a signer asked for it (Z7) */
    unsigned char nonce[NONCE_BYTES]; /* then: of its signature */
    struct ended ended; /* how; valid once it is over */
    void (*on_progress)(struct job *j, const struct progress *p);
    void (*on_end)(struct job *j); /* called once, perhaps inside job_start */
};

/* One run of a composite action: checked before anything is started. */
struct step {
    const struct action *action;
    struct buf params; /* checked */
    struct bytes undo; /* borrowed; of a rollback */
    char *undo_of;     /* owned */
    char *target;      /* owned */
};
void step_done(struct step *s);

/* job_start: member, manifest, asked and hooks are set, the rest is zero. What the manifest does
 * not allow ends REFUSED (A1). */
void job_start(struct job *j);
void job_stop(struct job *j); /* on_end comes later, CANCELLED */
void job_done(struct job *j); /* frees what it holds */

/* For composites. job_step_check looks an action up among those that this member offers and checks
 * the parameters; `target`, `kpi` and `optimization` of the job are handed on to an action that
 * declares them. On -EINVAL the job has ended REFUSED. */
int job_step_check(struct job *j, struct bytes action, struct bytes params, struct step *ret);
void job_step(struct job *j,
              const struct step *s); /* runs it; the composite's `next` comes later */
void job_end(struct job *j);         /* j->ended says how */
void job_fail(struct job *j, enum outcome outcome, const char *format, ...) FORMAT_LIKE(3, 4);

#endif
