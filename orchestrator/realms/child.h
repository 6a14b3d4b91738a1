/* SPDX-License-Identifier: MPL-2.0 */
/* One child of a keeper: the heliosd of one realm, as a process. Owns its start, its pauses and its end. */
#ifndef HELIOS_REALMS_CHILD_H
#define HELIOS_REALMS_CHILD_H

#include <sys/types.h>

#include "board.h"
#include "plan.h"

#define CHILD_PAUSE_MS 100       /* before it is started again, doubling up to: */
#define CHILD_PAUSE_CAP_MS 10000 /* and back after it has lived for: */
#define CHILD_WELL_MS 60000

struct child {
    struct plan_realm plan; /* owned */
    unsigned seat;
    pid_t pid;             /* 0 = it does not run */
    bool leaves;           /* its realm is gone from the settings: it is not started again */
    bool anew;             /* its command line has changed: it is started again at once */
    bool ready;            /* it has been, once */
    int64_t since, again;  /* when it was started, and when to start it next */
    int64_t pause_ms;
};

/* child_new takes the plan's words. */
struct child *child_new(struct plan_realm *plan, unsigned seat);
void child_free(struct child *c);
void child_change(struct child *c, struct plan_realm *plan); /* takes them, and runs by them from now on */
void child_signal(const struct child *c, int number);        /* fine when it does not run */
/* child_tick starts it when that is due, and answers when to tick again. */
int64_t child_tick(struct child *c, const struct board *board, int64_t now);
void child_ended(struct child *c, int status, int64_t now);

#endif
