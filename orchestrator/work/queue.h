/* SPDX-License-Identifier: MPL-2.0 */
/* The ready tasks, by who could run them.
 *
 *   class   tasks with one requirement: (action, swarm, role, agent) and one gate: (group,
 * max_concurrent, owned). It knows its members: the live agents that can serve it, those with
 * credit in a heap, least loaded first. rank  one of the five priorities of a class; it stands in
 * the queue's ring of that priority while the class can start something: a member has credit and
 * the gate is open lane  the tasks of one submitter (`fair` key) in a rank, oldest first; lanes
 * take turns (T13)
 *
 * So neither putting nor taking ever looks at a task that it does not move: O(log n), whatever
 * waits. */
#ifndef HELIOS_WORK_QUEUE_H
#define HELIOS_WORK_QUEUE_H

#include "work.h"

#define PRIORITIES 5
#define CLASSES_COMPARED                                                                           \
    16 /* ranks at the head of a ring whose turns are compared with each other */
#define CLASSES_SPARE 1024 /* classes without a task that are kept for the next one */
#define AGED_A_TURN                                                                                \
    2000 /* tasks that gain a priority in one turn, at most; the others in the next */

/* A submitter with live tasks, over all classes: when did it get its last turn? */
struct share {
    UT_hash_handle hh; /* queue.shares, key fair */
    char *fair;        /* owned */
    uint64_t
        served[PRIORITIES]; /* number of the take that it got last; at first of the newest one */
    size_t n_tasks;
};

struct lane {
    UT_hash_handle hh; /* rank.lanes, key share */
    struct heap_node
        turn; /* in rank.turns, by the share's last turn: maybe an older one, see next_lane */
    struct rank *rank;
    struct share *share;
    struct heap tasks; /* struct task.ready by number */
};

struct rank {
    struct list link; /* in queue.ranks[priority] while the class can start something */
    struct class *class;
    unsigned priority;
    struct lane *lanes; /* owned */
    struct heap turns;  /* struct lane.turn, who was served longest ago first */
    size_t n;           /* ready tasks */
};

struct member {
    struct heap_node free; /* in class.free while its agent has credit, by load */
    struct list of_class, of_agent;
    struct class *class;
    struct agent *agent;
};

struct decider;
struct group;
struct quota;
struct class
{
    UT_hash_handle hh;              /* queue.classes */
    char *key;                      /* owned */
    char *swarm, *role, *agent;     /* owned; "" = any */
    const struct decider *internal; /* does it, no agent is needed; or NULL */
    struct offer *offer;            /* its action */
    struct group *group;
    struct quota *quota; /* of its action; NULL = no limit (Q1) */
    uint64_t max_concurrent;
    bool has_signature; /* its tasks carry one (Z7) */
    bool owned; /* tasks of deciders: they go on while the realm drains */
    struct rank ranks[PRIORITIES];
    size_t n_tasks, n_ready; /* n_tasks: of those and sheaves */
    struct list members; /* struct member.of_class */
    size_t n_members;
    struct heap free; /* struct member.free */
    struct list of_action, of_group, of_quota;
    struct list spare; /* in queue.spare while n_tasks is 0, longest unused first */
};

struct queue {
    struct class *classes;
    struct share *shares;
    struct list ranks[PRIORITIES]; /* struct rank.link: what can start now */
    struct list spare;             /* struct class.spare */
    size_t n_spare, n_ready;
    struct heap aging; /* struct task.aging, by the time of the next priority */
    uint64_t takes;
};

struct queue *queue_new(void);
void queue_free(struct helios *h);

/* A task, and a sheaf of them, stands in its class for as long as it lives. class_again: one more, of a class that it is in. */
struct class *class_enter(struct helios *h, const struct rec_task *r);
void class_again(struct class *c);
void class_leave(struct helios *h, struct class *c);
/* class_refresh: its gate, its members' credit or its ready tasks changed. */
void class_refresh(struct helios *h, struct class *c);
bool class_gate_open(const struct helios *h, const struct class *c);
/* class_wants_signature: its tasks carry none, and nobody runs them without one (Z7). */
bool class_wants_signature(const struct class *c);
/* class_has_other: can somebody else than a run it? */
bool class_has_other(const struct class *c, const struct agent *a);

/* agent_offers takes the agent's actions (r.swarm, r.role, r.id are set) into the classes;
 * agent_withdraws takes them out. */
void agent_offers(struct helios *h, struct agent *a, const struct msg_hello *m);
void agent_withdraws(struct helios *h, struct agent *a);
/* agent_credit: slots, holds or the right to get tasks changed. */
void agent_credit(struct helios *h, struct agent *a);
unsigned agent_free(const struct agent *a); /* how many attempts it may be given now (T9) */

void queue_put(struct helios *h,
               struct task *t); /* it is ready: nothing but an agent and its turn is missing */
void queue_out(struct helios *h, struct task *t); /* nothing when it is not in */
/* queue_take gives the ready task whose turn it is among those that can start now, and the least
 * loaded agent that can run it (NULL for an internal one); NULL when nothing can start. It is out
 * of the queue then. */
struct task *queue_take(struct helios *h, struct agent **ret_agent);
/* queue_served: the task that was taken starts; its submitter has had its turn. */
void queue_served(struct helios *h, struct task *t);
/* The same with its submitter. */
struct share *share_enter(struct helios *h, struct bytes fair);
void share_again(struct share *s);
void share_leave(struct helios *h, struct share *s);
/* queue_age lets tasks gain the priorities that they have waited for (T8); true when there are more
 * for the next turn. */
bool queue_age(struct helios *h);
unsigned queue_priority(const struct helios *h, const struct task *t); /* with what it has gained */

#endif
