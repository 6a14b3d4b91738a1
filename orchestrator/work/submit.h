/* SPDX-License-Identifier: MPL-2.0 */
/* Requests become tasks, or sentences that say what is wrong with them. */
#ifndef HELIOS_WORK_SUBMIT_H
#define HELIOS_WORK_SUBMIT_H

#include "work.h"

#define SUBMIT_MOST 1000 /* requests in one message */
#define PARAMS_MAX (64 * 1024)
#define NAMES_MOST 64 /* of `after` and of `locks` */
#define KEY_MAX 256
#define NOTE_MAX 1024
#define SPAN_MAX (10LL * 365 * 24 * 3600 * 1000) /* longest time that a request may name, ms */
#define ATTEMPTS_MOST 100

/* Who submits. */
struct submitter {
    struct bytes client;
    const char *owner_kind, *owner_id, *cause; /* of deciders; NULL = none */
    struct bytes retry_of;                     /* the failed task that this one retries */
};

/* What came of a request. */
struct submitted {
    struct task *task;           /* a new or a live one; NULL: refused, or ended long ago */
    const struct kept_key *kept; /* the key's first task has ended */
    bool known;                  /* the key was known (T3) */
    const char *code;            /* refused: key_reused, bad_request, full; static */
    char reason[200];
};
void submit_one(struct helios *h, const struct msg_request *r, const struct submitter *who,
                struct submitted *ret);

/* submit_refuses gives the code for which no submit is taken now, and why; NULL when it is. */
const char *submit_refuses(const struct helios *h, const char **ret_reason);
/* submit_try does all but make the task: the record that it would have (views; without its id), and what of `after` has not completed
 * yet. False: refused, or known, as ret says. */
bool submit_try(struct helios *h, const struct msg_request *r, const struct submitter *who, struct rec_task *ret_task,
                struct bytes *ret_after, size_t *ret_n_after, struct submitted *ret);

#define ALIKE_BYTES (512 * 1024) /* of their parameters: they become one record, which must be readable as a message is */
/* requests_alike: so many from the first one on differ in nothing but their parameters, and may be kept together (sheaf.h). */
size_t requests_alike(const struct helios *h, const struct msg_request *requests, size_t n);

/* request_mistake writes what is wrong with a request, from what it says alone. False: nothing. */
bool request_mistake(struct helios *h, const struct msg_request *r, char *err, size_t room);

#endif
