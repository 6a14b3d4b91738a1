/* SPDX-License-Identifier: MPL-2.0 */
/* The life of a task: its states, and where it waits. */
#ifndef HELIOS_WORK_TASK_H
#define HELIOS_WORK_TASK_H

#include "work.h"

#define ATTEMPT_GRACE_MS                                                                           \
    5000 /* the agent ends an attempt in time; this much later the controller does */

enum task_event {
    TASK_START,   /* an attempt is given to an agent, or the controller begins it itself */
    TASK_SUCCEED, /* its attempt completed */
    TASK_RETRY,   /* its attempt did not; another one will follow */
    TASK_VANISH,  /* its attempt was lost with its agent; another one will follow */
    TASK_GIVE_UP, /* failed for good */
    TASK_STOP,    /* its attempt is asked to stop */
    TASK_DROP,    /* cancelled */
    TASK_LOSE,    /* nobody knows how its only attempt ended */
    TASK_DUE,     /* its backoff is over */
    TASK_EVENTS
};

/* task_change is the only place where a state changes; one note a change. reason: one sentence.
 * -EINVAL when the event cannot happen in this state: nothing changed. After a terminal state t is
 * gone. */
int task_change(struct helios *h, struct task *t, enum task_event event, const char *reason);
bool task_can(enum task_state state, enum task_event event);
bool state_terminal(enum task_state state);

/* task_hold says who holds it; {0} = nobody. At most 64 bytes, as names are. */
void task_hold(struct task *t, struct bytes holder);
/* task_heard: does anybody take this event of it? Else nobody needs the reason of the change either. */
bool task_heard(const struct helios *h, const struct task *t, enum event which);

/* task_take gives memory for one, zeroed; task_free gives it back. */
struct task *task_take(struct helios *h);
/* task_new takes the record (owned strings and all) and gives it a life; it waits nowhere yet. */
struct task *task_new(struct helios *h, const struct rec_task *record);
/* task_live: what every task needs, also one that wakes: r, number, sheaf and in_sheaf are set. */
void task_live(struct helios *h, struct task *t, struct class *class, struct share *share);
void task_free(struct helios *h,
               struct task *t); /* at shutdown and at its end; out of everything */
void tasks_forget(struct helios *h); /* at shutdown, after all: the memory that was given back */
/* task_save: its record has changed, and is its own from now on. */
void task_save(struct helios *h, struct task *t);
/* task_could_live: a controller can have written this record. */
bool task_could_live(const struct rec_task *r);

/* Ids are t-NUMBER. task_name writes one and answers its length; task_number reads one: -EINVAL for anything else. */
size_t task_name(char ret[24], uint64_t number);
int task_number(struct bytes id, uint64_t *ret);
struct task *task_by_number(struct helios *h, uint64_t number); /* wakes it; NULL: not live */
/* task_place lets a waiting task wait where it must now: for time, another task, a person, or its
 * turn. */
void task_place(struct helios *h, struct task *t);
void task_unplace(struct helios *h, struct task *t);
/* task_ran_ms: since its attempt was dispatched. Never below 0: another controller's clock wrote that down. */
uint64_t task_ran_ms(const struct helios *h, const struct task *t);
void task_arm(struct helios *h,
              struct task *t); /* its timer: the next thing that may happen to it by time alone */
void task_time(struct helios *h, struct timer *timer); /* what the timer runs */
void task_pause(struct helios *h, struct task *t, bool paused);
/* doomed_end fails the tasks that come after one that did not complete; so chains of any length
 * need no stack. */
void doomed_end(struct helios *h);

/* hold_attempt books the attempt on its agent (NULL: the controller itself) and gates; also after a
 * restart. release_attempt is the opposite. */
void hold_attempt(struct helios *h, struct task *t, struct agent *a);
void release_attempt(struct helios *h, struct task *t);

/* task_why appends one sentence: why it does not run (T11). Nothing for one that runs. */
void task_why(struct helios *h, const struct task *t, struct buf *out);
/* The same for one that is ready but for an agent and its turn, and for one whose time has not come. */
void task_why_queue(struct helios *h, const struct task *t, struct buf *out);
void task_why_time(struct helios *h, const struct task *t, struct buf *out);

/* work_wants_turn: something became possible; work_turn comes soon. */
void work_wants_turn(struct helios *h);

#endif
