/* SPDX-License-Identifier: MPL-2.0 */
/* What a task must pass besides finding an agent: the place in its group, its group's cooldown, its
 * locks. */
#ifndef HELIOS_WORK_GATE_H
#define HELIOS_WORK_GATE_H

#include "work.h"

/* Tasks that share max_concurrent and a cooldown. */
struct group {
    UT_hash_handle hh; /* gates.groups, key name */
    char *name;        /* owned */
    unsigned running;
    int64_t cool_until;
    struct timer cool;
    struct list classes; /* struct class.of_group */
};

/* The tasks of one submitter that wait for a lock. */
struct line {
    UT_hash_handle hh; /* lock.lines, key fair */
    char *fair;        /* owned */
    struct heap tasks; /* struct task.ready, by priority and age: see line_key */
};

/* A resource that one running task holds alone. It exists while it is held or waited for. */
struct lock {
    UT_hash_handle hh;   /* gates.locks, key name */
    char *name;          /* owned */
    struct task *holder; /* NULL = free */
    struct line *lines;
    size_t n_waiting;
    struct list open; /* in gates.open while it is free and somebody waits */
};

struct gates {
    struct group *groups;
    struct lock *locks;
    struct quota *quotas; /* see quota.h */
    struct list open; /* struct lock.open */
};

struct gates *gates_new(void);
void gates_free(struct helios *h);

struct group *group_find(struct helios *h, struct bytes name); /* makes it */
void group_spare(struct helios *h, struct group *g);           /* frees it when nobody needs it */
bool group_open(const struct helios *h, const struct group *g, uint64_t max_concurrent);

/* gate_enter takes the task's place and locks for an attempt; they must be free, but after a
 * restart. */
void gate_enter(struct helios *h, struct task *t);
void gate_leave(struct helios *h, struct task *t);
/* gate_lock gives the first lock that the task needs and another one holds, NULL when it could
 * start. */
struct lock *gate_lock(struct helios *h, const struct task *t);
void lock_wait(struct helios *h, struct task *t, struct lock *l);
void lock_leave(struct helios *h, struct task *t); /* nothing when it waits for none */
/* gates_wake puts the first of each line of each free lock into the queue; true when there was one.
 */
bool gates_wake(struct helios *h);

#endif
