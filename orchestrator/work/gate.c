/* SPDX-License-Identifier: MPL-2.0 */
/* Owns groups and locks, and who waits for a lock. Refuses to know agents, states and what is counted (quota.c).
 *
 * A full or cooling group closes its classes (queue.h), so its tasks wait in the queue in their
 * order. A lock is found busy only when a task is about to start: then the task moves to the lock's
 * lines. When the lock gets free, the first of each line goes back to the queue, where priorities
 * and turns decide; the losers come back. */
#include "gate.h"

#include "orchestrator/core/helios.h"
#include "queue.h"
#include "quota.h"
#include "task.h"

/* list_move makes `to` the head of what is in `from`. */
static void list_move(struct list *to, struct list *from)
{
    list_insert_before(from, to);
    list_out(from);
}

struct gates *gates_new(void)
{
    struct gates *g = NEW(struct gates);
    list_init(&g->open);
    return g;
}

/* ---- groups ---- */

static void refresh_classes(struct helios *h, struct group *g)
{
    list_each(c, &g->classes, struct class, of_group) class_refresh(h, c);
}

static void cooled(struct helios *h, struct timer *t)
{
    struct group *g = container_of(t, struct group, cool);
    refresh_classes(h, g);
    group_spare(h, g);
}

struct group *group_find(struct helios *h, struct bytes name)
{
    struct gates *gates = h->work.gates;
    struct group *g;
    HASH_FIND(hh, gates->groups, name.at, name.n, g);
    if (g)
        return g;
    g = NEW(struct group);
    g->name = bytes_dup(name);
    g->cool.run = cooled;
    list_init(&g->classes);
    HASH_ADD_KEYPTR(hh, gates->groups, g->name, name.n, g);
    return g;
}

static void group_free(struct helios *h, struct group *g)
{
    timer_stop(h, &g->cool);
    HASH_DEL(h->work.gates->groups, g);
    free(g->name);
    free(g);
}

void group_spare(struct helios *h, struct group *g)
{
    if (g->running == 0 && list_empty(&g->classes) && g->cool_until <= h->now)
        group_free(h, g);
}

bool group_open(const struct helios *h, const struct group *g, uint64_t max_concurrent)
{
    return g->cool_until <= h->now && (max_concurrent == 0 || g->running < max_concurrent);
}

static void group_cool(struct helios *h, struct group *g, uint64_t cooldown_ms)
{
    int64_t until = h->now + (int64_t)cooldown_ms;
    if (cooldown_ms == 0 || until <= g->cool_until)
        return;
    g->cool_until = until;
    timer_set(h, &g->cool, until);
}

/* ---- locks ---- */

static struct lock *lock_find(struct helios *h, struct bytes name)
{
    struct lock *l;
    HASH_FIND(hh, h->work.gates->locks, name.at, name.n, l);
    return l;
}

static struct lock *lock_make(struct helios *h, struct bytes name)
{
    struct lock *l = lock_find(h, name);
    if (l)
        return l;
    l = NEW(struct lock);
    l->name = bytes_dup(name);
    list_init(&l->open);
    HASH_ADD_KEYPTR(hh, h->work.gates->locks, l->name, name.n, l);
    return l;
}

static void lock_free(struct helios *h, struct lock *l)
{
    list_out(&l->open);
    HASH_DEL(h->work.gates->locks, l);
    free(l->name);
    free(l);
}

/* lock_changed: holder or waiters did; it is open, or closed, or of no use any more. */
static void lock_changed(struct helios *h, struct lock *l)
{
    if (l->holder == NULL && l->n_waiting == 0) {
        lock_free(h, l);
        return;
    }
    list_out(&l->open);
    if (l->holder == NULL) {
        list_push(&h->work.gates->open, &l->open);
        work_wants_turn(h);
    }
}

struct lock *gate_lock(struct helios *h, const struct task *t)
{
    SEQ_EACH(name, struct bytes, t->r.locks)
    {
        struct lock *l = lock_find(h, *name);
        if (l && l->holder && l->holder != t)
            return l;
    }
    return NULL;
}

/* line_key orders a line: emergencies first, then by age, where each priority is worth one aging
 * period (T8). */
static int64_t line_key(const struct helios *h, const struct task *t)
{
    if (t->r.priority == 0)
        return t->r.created - INT64_MAX / 2;
    return t->r.created + (int64_t)t->r.priority * h->config->tasks.aging_ms;
}

void lock_wait(struct helios *h, struct task *t, struct lock *l)
{
    struct line *line;
    HASH_FIND(hh, l->lines, t->r.fair.at, t->r.fair.n, line);
    if (line == NULL) {
        line = NEW(struct line);
        line->fair = bytes_dup(t->r.fair);
        HASH_ADD_KEYPTR(hh, l->lines, line->fair, t->r.fair.n, line);
    }
    heap_put(&line->tasks, &t->ready, line_key(h, t));
    t->waits_for = l;
    l->n_waiting++;
    lock_changed(h, l);
}

static void line_free(struct lock *l, struct line *line)
{
    HASH_DEL(l->lines, line);
    heap_done(&line->tasks);
    free(line->fair);
    free(line);
}

void lock_leave(struct helios *h, struct task *t)
{
    struct lock *l = t->waits_for;
    if (l == NULL)
        return;
    struct line *line;
    HASH_FIND(hh, l->lines, t->r.fair.at, t->r.fair.n, line);
    heap_out(&line->tasks, &t->ready);
    if (heap_first(&line->tasks) == NULL)
        line_free(l, line);
    t->waits_for = NULL;
    l->n_waiting--;
    lock_changed(h, l);
}

/* wake_lines may free the lock: with its last waiter it is of no use. */
static void wake_lines(struct helios *h, struct lock *l)
{
    struct line *line, *next;
    HASH_ITER(hh, l->lines, line, next)
    {
        struct task *t = container_of(heap_first(&line->tasks), struct task, ready);
        bool last = l->n_waiting == 1;
        lock_leave(h, t);
        queue_put(h, t);
        if (last)
            return;
    }
}

/* One of each line a lock: a line whose task finds no agent must not keep the others from a free
 * lock, so work_turn asks again until nobody waits for a free lock. */
bool gates_wake(struct helios *h)
{
    struct list open;
    list_move(&open, &h->work.gates->open);
    bool woke = !list_empty(&open);
    for (struct lock *l; (l = list_first(&open, struct lock, open));) {
        list_out(&l->open);
        wake_lines(h, l);
    }
    return woke;
}

/* ---- an attempt ---- */

void gate_enter(struct helios *h, struct task *t)
{
    t->class->group->running++;
    SEQ_EACH(name, struct bytes, t->r.locks)
    {
        struct lock *l = lock_make(h, *name);
        if (l->holder == NULL)
            l->holder = t;
        list_out(&l->open);
    }
    refresh_classes(h, t->class->group);
    quota_enter(h, t->class->quota);
}

void gate_leave(struct helios *h, struct task *t)
{
    struct group *g = t->class->group;
    g->running--;
    group_cool(h, g, t->r.cooldown_ms);
    SEQ_EACH(name, struct bytes, t->r.locks)
    {
        struct lock *l = lock_find(h, *name);
        if (l == NULL || l->holder != t)
            continue;
        l->holder = NULL;
        lock_changed(h, l);
    }
    refresh_classes(h, g);
    quota_leave(h, t->class->quota);
}

void gates_free(struct helios *h)
{
    struct gates *gates = h->work.gates;
    struct group *g, *next_g;
    struct lock *l, *next_l;
    HASH_ITER(hh, gates->groups, g, next_g)
    group_free(h, g);
    HASH_ITER(hh, gates->locks, l, next_l)
    {
        struct line *line, *next;
        HASH_ITER(hh, l->lines, line, next)
        line_free(l, line);
        lock_free(h, l);
    }
    quotas_free(h);
    free(gates);
}
