/* SPDX-License-Identifier: MPL-2.0 */
/* One change on its way: authorized, applied, proved, kept or undone. The record is the state; this
 * adds what memory alone needs. */
#ifndef HELIOS_DECIDE_OPTIMIZATION_H
#define HELIOS_DECIDE_OPTIMIZATION_H

#include "decide.h"
#include "settings/settings.h"

#define PROPOSAL_MS                                                                                \
    (24 * 60 * 60 *                                                                                \
     1000LL) /* a proposal that nobody approves in this time ends                   \
                             */

struct evidence;
struct optimization {
    struct list link;          /* in optimizations.live or .ended */
    struct rec_optimization r; /* owned */
    struct save save;
    const struct set_optimization
        *plan;                 /* borrowed from the config; NULL when that no longer names it */
    struct timer timer;        /* what is due next in this state */
    struct evidence *evidence; /* owned; from BASELINE to its end */
    int64_t window;            /* VERIFYING: when its window began (again after a restart) */
    uint64_t first_look;       /* looks taken before this window */
    int64_t lifted; /* emergency: its KPI's score is over the limit since; 0 = it is not */
    bool disturbed; /* an incident was open while it ran: what was seen is no evidence of success */
    int64_t submitted; /* when its apply was submitted, for the coordination latency; 0 after a
                          restart */
};
struct optimizations {
    struct list live; /* struct optimization.link, oldest first */
    struct list
        ended; /* struct optimization.link, the one that ended first first; at most DECIDE_KEEP */
    size_t n_ended;
};

/* An act that somebody (a cycle, an incident, a step before) would like to do. All of it is
 * borrowed. */
struct act {
    const struct set_optimization *plan;
    const char *cycle,
        *incident;       /* who asks; NULL = not this. With an incident it is an emergency act */
    const char *reason;  /* one sentence */
    const char *context; /* of the learned success: KPI:CLASS */
    bool advised;        /* an analyst looked and recommends it */
    const struct optimization *follows; /* the accepted step before (X12); NULL for the first */
    struct bytes numbers;               /* packed map: how it was ranked; nothing = it was not */
};
/* The targets of a step: one, then a quarter, then all the rest (X12). Answers how many steps there
 * are; ret_first and ret_n name targets[first … first + n). No targets: one step without any. */
unsigned act_step(const struct act *act, size_t *ret_first, size_t *ret_n);

/* optimization_start makes an optimization of an act that permit_act allows, and sets it going (or
 * lets it wait for a person, where the plan's gate says so). Budgets are spent here. */
struct optimization *optimization_start(struct helios *h, const struct act *act);
struct optimization *
optimization_new(struct helios *h,
                 const struct rec_optimization *owned /* taken */); /* in no list yet */
void optimization_follow(
    struct helios *h,
    const struct optimization *o); /* accepted: its next step, if it has one (X12) */
struct optimization *optimization_find(struct helios *h, struct bytes id); /* live or ended */
bool optimization_ended(const struct optimization *o);
bool optimization_emergency(const struct optimization *o);
/* It was told what would have been done, in place of doing it: dry-run (X10). Until it ends it holds the place that the act
 * would have held, so that the decisions beside it are the same. */
bool optimization_told(const struct optimization *o);
/* How many are under way; those that wait for a person are not. */
size_t optimizations_under_way(struct helios *h, bool emergency);
/* Those that have not been applied yet end; the others go on, but what they see is disturbed
 * (incident). */
void optimizations_disturb(struct helios *h, const char *cause);
/* A person says yes. -EALREADY when it does not wait; -EBUSY with a sentence when it must not start
 * now. */
int optimization_approve(struct helios *h, struct optimization *o, struct bytes author,
                         char *ret_why, size_t room);
/* A person wants an accepted, running or stuck one undone. -EALREADY when there is nothing to undo
 * or it is being undone; -EBUSY while another one that touches the same is under way. */
int optimization_recall(struct helios *h, struct optimization *o, struct bytes author);

/* Events of its life: see the table in optimization.c, where the one function that changes a state
 * lies. */
enum opt_event {
    OPT_AUTHORIZED,    /* nothing holds it: collect the baseline */
    OPT_URGENT,        /* an emergency act skips the baseline */
    OPT_DROPPED,       /* it ends before its change */
    OPT_FULL,          /* the baseline is complete */
    OPT_APPLIED,       /* every apply task has completed */
    OPT_NEVER_STARTED, /* no agent ever took an apply task */
    OPT_BROKEN,        /* an apply task failed or was lost: nobody knows what it did */
    OPT_SETTLED,       /* the effect had its time to show */
    OPT_PROVED,        /* the verdict is SUCCESS */
    OPT_DISPROVED,     /* any other verdict */
    OPT_RECALLED,      /* a person wants it undone */
    OPT_UNDONE,        /* every rollback task has completed */
    OPT_UNDO_FAILED,   /* one has failed for good */
    OPT_RETURNED,      /* the KPI is back */
    OPT_STAYED_AWAY,   /* it is not, at the deadline */
    OPT_EVENTS
};
/* optimization_step: -EPROTO when the event cannot happen in this state: refused, nothing changes. */
int optimization_step(struct helios *h, struct optimization *o, enum opt_event event);

#include "orchestrator/core/helios.h"
static inline struct optimizations *optimizations_of(struct helios *h)
{
    return h->decide.state[DECIDE_optimization];
}

#endif
