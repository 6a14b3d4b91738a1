/* SPDX-License-Identifier: MPL-2.0 */
/* Tasks of one submit that differ in nothing but their numbers and parameters, kept together: one record in Redis, one object here.
 *
 *   asleep   only its parameters are here; nothing can happen to it but its turn
 *   scout    the oldest that slept: a task like any other, which stands in the queue for all behind it
 *   awake    a task of its own, whose record is still in the sheaf; its strings are the sheaf's
 *   left     it has ended, or has changed and got a record of its own
 *
 * When the scout leaves the queue the next one wakes and takes its place, so the order of the queue is the same as if all stood in
 * it. Whoever names one that sleeps wakes it. A waiting task thus costs its parameters and a few bytes, in memory and in Redis. */
#ifndef HELIOS_WORK_SHEAF_H
#define HELIOS_WORK_SHEAF_H

#include "work.h"

#define SHEAF_LEAST 4  /* fewer are tasks like any other */
#define SHEAF_MOST 256 /* a record stays while one of them is in it */

struct sheaf {
    struct rec_sheaf r; /* views into packed and params */
    struct save save;
    struct rec_left left; /* views into r.id and marks */
    struct save left_save;
    struct rec_task common; /* owned; what all have, as the first one's, without parameters */
    struct buf packed;      /* owned; common as it lies in Redis */
    struct buf params;      /* owned; the parameters of all, one map after the other */
    uint32_t *starts;       /* owned; of each one's parameters, and the end */
    struct class *class;
    struct share *share;
    uint64_t first; /* number of the first */
    uint32_t n;
    uint32_t next;   /* those before it are awake, or were */
    uint32_t asleep; /* of those from next on */
    uint32_t stored; /* that have not left */
    uint32_t awake;  /* tasks that point into it */
    struct {
        unsigned char woken[SHEAF_MOST / 8], left[SHEAF_MOST / 8];
    } marks;                /* a bit each */
    bool watched;
    struct routing watcher; /* who wants to know how they end */
    struct timer thin;      /* looks whether few are left of many */
};

#define SHEAVES_EACH(s, h)                                                                         \
    for (size_t place_ = (h)->work.sheaves.begin; place_ < (h)->work.sheaves.end; place_++)        \
        for (struct sheaf *s = (h)->work.sheaves.at[place_].sheaf; s; s = NULL)

/* sheaf_make takes n requests that only differ in their parameters; common is as a task's record, with views and without id and
 * parameters. It takes the numbers, saves and puts the scout into the queue. watcher: NULL = nobody. */
struct sheaf *sheaf_make(struct helios *h, const struct rec_task *common,
                         const struct msg_request *requests, size_t n,
                         const struct routing *watcher);
int sheaf_load(struct helios *h, struct bytes value);
int sheaf_load_left(struct helios *h, struct bytes value); /* after all sheaves */
void sheaves_start(struct helios *h); /* and all that ran: scouts take their places */
void sheaves_free(struct helios *h);

/* sheaf_find wakes the task of that number; NULL when none sleeps there. It waits nowhere yet. */
struct task *sheaf_find(struct helios *h, uint64_t number);
void sheaf_wake_all(struct helios *h, struct sheaf *s);
/* sheaf_left: its record is in the sheaf no more. Nothing when it was not. */
void sheaf_left(struct helios *h, struct task *t);
/* sheaf_scout_left: it does not wait in the queue any more; the next one does. Nothing when it is no scout. */
void sheaf_scout_left(struct helios *h, struct task *t);
/* sheaf_disown: t is about to be freed. */
void sheaf_disown(struct helios *h, struct task *t);

/* sheaves.c */
void sheaves_add(struct sheaves *all, struct sheaf *s); /* in any order; mostly the newest */
void sheaves_drop(struct sheaves *all, const struct sheaf *s);
struct sheaf *sheaves_of(const struct sheaves *all, uint64_t number); /* NULL: of none */
bool sheaves_have_room(const struct sheaves *all, uint64_t first, uint64_t n); /* these are in none */

#endif
