/* SPDX-License-Identifier: MPL-2.0 */
/* What runs by the clock: rules S1 to S8 of docs/around-the-clock.md. One decider in four files: schedule.c (the table, the decider's
 * row), schedule_define.c (what a schedule is, and whom it waits for), schedule_due.c (which times have come), schedule_begin.c (what
 * becomes of one time), and the verbs. `wall` times are those of the clock on the wall, as cron's are; they may jump. */
#ifndef HELIOS_FLOW_SCHEDULE_H
#define HELIOS_FLOW_SCHEDULE_H

#include "common/cron.h"
#include "common/hash.h"
#include "orchestrator/core/helios.h"
#include "settings/keep.h"
#include "settings/schedules.h"

#define SCHEDULES_MOST 200000
#define SCHEDULE_SPEC_MOST 8192  /* bytes of a definition that a command brings */
#define SCHEDULE_RUNS_MOST 1000  /* occurrences of one schedule at once, whatever `overlap` says */
#define SCHEDULE_LATE_MOST 1000  /* late ones that `misfire: all` runs (S4) */
#define SCHEDULE_COUNT_MOST 10000 /* of those that are passed over; more are counted as so many */

/* An occurrence that was started and has not ended. */
struct occurrence {
    struct list link; /* in schedule.running, oldest first */
    int64_t time;
    char id[24]; /* its task or run */
};

struct schedule;
/* A schedule in `after` of another. */
struct edge {
    struct list link; /* in parent.children, while there is one */
    struct schedule *parent, *child; /* parent: NULL = no schedule has that name any more */
};

struct schedule {
    UT_hash_handle hh;      /* schedules.by_name, key r.id */
    struct rec_schedule r;  /* owned; its durable half */
    struct save save;
    const struct set_schedule *spec; /* the config's, or &own->spec; NULL = none yet (while records are loaded) */
    struct own_spec {
        struct set_schedule spec;
        struct keep keep;
    } *own; /* owned; of one that a command gave */
    struct cron cron;
    const struct zone *zone;
    char broken[160];      /* why its record cannot run here (its zone is not installed); empty = it can */
    struct heap_node due;  /* in schedules.due while a time of its own is to come */
    struct list running;   /* struct occurrence.link */
    unsigned n_running;
    bool catching_up;      /* late ones follow when what runs has ended (S4) */
    struct edge *edges;    /* owned; one for each of `after` */
    size_t n_edges;
    struct list children;  /* struct edge.link: who waits for it */
    int64_t need_for, need; /* schedule_need's last answer */
    uint64_t seen;         /* the last walk that came by */
    int chain;             /* and what it found: how many wait for each other, one behind the other */
    bool open;             /* that walk is below it */
};

struct schedules {
    struct schedule *by_name; /* in the order in which they were first known */
    size_t n;
    struct heap due;    /* struct schedule.due, by the wall time at which they are settled */
    struct timer timer; /* the first of them */
    uint64_t walks;
    bool leads;
};

static inline struct schedules *schedules_of(struct helios *h)
{
    return h->decide.state[DECIDE_schedule];
}
static inline int64_t schedule_wall(const struct helios *h)
{
    return h->now + h->wall_ahead;
}
struct schedule *schedule_find(struct helios *h, struct bytes name);

/* schedule.c: a new one whose cursor is now; or NULL, there are SCHEDULES_MOST. */
struct schedule *schedule_new(struct helios *h, struct bytes name);
void schedule_drop(struct helios *h, struct schedule *s); /* its record goes as well */

/* schedule_define.c */
void schedule_bind(struct helios *h, struct schedule *s, const struct set_schedule *spec); /* the config's */
/* schedule_take binds s to its record's own definition. */
void schedule_take(struct helios *h, struct schedule *s);
/* schedule_link finds whom it waits for; after each change of names. */
void schedule_link(struct helios *h, struct schedule *s);
void schedule_unlink(struct schedule *s);
/* schedule_chain: how many wait for each other behind it; -ELOOP when they wait in a circle or the chain is too long. */
int schedule_chain(struct helios *h, struct schedule *s);
void schedule_forget_spec(struct schedule *s);

/* schedule_due.c */
int64_t schedule_jitter(const struct schedule *s, int64_t time);
/* schedule_next: its next time by the clock after `after`; CRON_NEVER when it runs by hand only, or cannot run. */
int64_t schedule_next(const struct schedule *s, int64_t after);
void schedule_put(struct helios *h, struct schedule *s); /* it stands where its next time says; after each change of cursor or spec */
void schedules_arm(struct helios *h);
void schedules_on_timer(struct helios *h, struct timer *t);
/* schedule_count counts times in (after, until], `most` at most. */
uint64_t schedule_count(const struct schedule *s, int64_t after, int64_t until, uint64_t most);
/* schedule_need: the time that a schedule must have completed for one that waits for it at `time` (S8). */
int64_t schedule_need(struct schedule *s, int64_t time);

/* schedule_begin.c */
void schedule_begin(struct helios *h, struct schedule *s, int64_t time, bool late); /* its turn has come */
/* schedule_pass: all up to newest do not run. */
void schedule_pass(struct helios *h, struct schedule *s, int64_t newest, const char *why);
/* schedule_by_hand starts one beside the clock; NULL with a sentence in err (of at least 200 bytes). */
struct occurrence *schedule_by_hand(struct helios *h, struct schedule *s, const char *author, char *err);
void schedule_on_done(struct helios *h, const char *name, const struct rec_task *ended);
void schedule_on_run(struct helios *h, const char *name, const struct run *ended);
/* schedule_look: what it waits for may have come. */
void schedule_look(struct helios *h, struct schedule *s);
struct occurrence *schedule_running(struct schedule *s, int64_t time, struct bytes id); /* adds one */
void schedule_key(char ret[96], const struct schedule *s, int64_t time);

#endif
