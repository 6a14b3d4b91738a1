/* SPDX-License-Identifier: MPL-2.0 */
/* What a client wants done in one run: drawn at its begin, so that it is the same however often the client dies. */
#ifndef HELIOS_SIM_LOAD_H
#define HELIOS_SIM_LOAD_H

#include "proto/codec.h"
#include "world.h"

#define LOAD_MOST 64
#define ERRANDS 2

struct job {
    int64_t at;               /* µs: not before */
    char key[16], group[8], lock[8], note[8];
    const char *action;
    unsigned after;           /* 1-based place of the job that it comes after; 0 = none */
    uint64_t attempt_ms, total_ms, max_attempts, max_concurrent, priority;
    int64_t cancel_at;        /* µs; 0 = never */
    /* as it went */
    char id[16];              /* of its task, once it was accepted */
    bool over;                /* ended, or refused for good */
    bool review;              /* and a committee is asked, once */
    bool judged;
    bool run;                 /* and a run of a pipeline is begun, once */
    bool ran;
    bool asked, cancelled;    /* by the client's process that runs now */
};
/* A run of a pipeline that it wants. */
struct errand {
    int64_t at, again_at; /* µs; again_at: the same key once more */
    int64_t change_at;    /* when it is cancelled, or retried if it has failed; 0 = never */
    const char *change;   /* the verb */
    char key[16];
    const char *pipeline;
    char id[16]; /* of its run, once it was told */
    bool asked, asked_again, changed; /* by the client's process that runs now */
};
struct load {
    struct job jobs[LOAD_MOST];
    size_t n;
    struct errand errands[ERRANDS];
};

void load_draw(struct load *l, size_t n, int64_t until);
/* load_request: views into the job and *names, which live as long as the request. */
struct msg_request load_request(const struct load *l, const struct job *j, struct bytes names[2]);
uint64_t load_digest(const struct job *j); /* of its body */
bool load_may(const struct load *l, const struct job *j); /* its time has come */
bool load_over(const struct load *l);

#endif
