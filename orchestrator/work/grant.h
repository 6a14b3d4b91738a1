/* SPDX-License-Identifier: MPL-2.0 */
/* Attempts that begin in one commit with one agent are one record: a grant. It says what their tasks' own records need not be
 * written again for: who holds them, since when, in which epoch. An attempt counts while its task's record tells of fewer
 * attempts, so whatever is written of the task later outdates it. */
#ifndef HELIOS_WORK_GRANT_H
#define HELIOS_WORK_GRANT_H

#include "work.h"

struct grant {
    struct rec_grant r; /* views into what follows */
    struct save save;
    char *id, *holder;   /* owned */
    struct buf attempts; /* owned */
    struct list link;    /* in work.grants until it is in force */
    size_t n;            /* attempts that have not ended */
    struct agent *agent; /* who holds them; NULL until they are in force */
    struct timer timer;  /* the first deadline of any, or earlier: one timer for all of them */
};

struct grant *grant_new(struct helios *h, struct agent *a);
void grant_add(struct grant *g, struct task *t); /* its attempt has just begun */
void grant_close(struct helios *h, struct grant *g); /* all are in it: saved, or freed when there are none */
/* grant_arm: the attempt of one of its tasks runs out of time then, and not before. */
void grant_arm(struct helios *h, struct grant *g, int64_t at);
/* grant_over: the task's attempt is over. Nothing when no grant tells of it. */
void grant_over(struct helios *h, struct task *t);
/* grant_forget: the task is freed at shutdown; Redis keeps all. */
void grant_forget(struct helios *h, struct task *t);

int grant_load(struct helios *h, struct bytes value);
/* grants_enforce: all is loaded; the tasks whose attempts count are IN_PROGRESS now. */
void grants_enforce(struct helios *h);
void grants_free(struct helios *h); /* those that were loaded and never came into force */

#endif
