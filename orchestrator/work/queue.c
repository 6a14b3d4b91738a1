/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the order in which ready tasks start: priority, turns, age (T8, T13). Refuses to know why a
 * task is ready. */
#include "queue.h"

#include "orchestrator/core/helios.h"

/* ---- lanes ---- */

static struct share *share_find(struct queue *q, struct bytes fair)
{
    struct share *s;
    HASH_FIND(hh, q->shares, fair.at, fair.n, s);
    if (s)
        return s;
    s = NEW(struct share);
    s->fair = bytes_dup(fair);
    for (unsigned p = 0; p < PRIORITIES; p++)
        s->served[p] =
            q->takes; /* the end of the row: who comes and goes must not pass those who wait */
    HASH_ADD_KEYPTR(hh, q->shares, s->fair, fair.n, s);
    return s;
}

struct share *share_enter(struct helios *h, struct bytes fair)
{
    struct share *s = share_find(h->work.queue, fair);
    share_again(s);
    return s;
}

void share_again(struct share *s)
{
    s->n_tasks++;
}

void share_leave(struct helios *h, struct share *s)
{
    if (--s->n_tasks)
        return;
    HASH_DEL(h->work.queue->shares, s);
    free(s->fair);
    free(s);
}

static struct lane *lane_find(struct rank *r, struct share *s)
{
    struct lane *l;
    HASH_FIND_PTR(r->lanes, &s, l);
    if (l)
        return l;
    l = NEW(struct lane);
    l->rank = r;
    l->share = s;
    heap_put(&r->turns, &l->turn, (int64_t)s->served[r->priority]);
    HASH_ADD_PTR(r->lanes, share, l);
    return l;
}

static void lane_spare(struct lane *l)
{
    if (heap_first(&l->tasks))
        return;
    heap_out(&l->rank->turns, &l->turn);
    HASH_DEL(l->rank->lanes, l);
    heap_done(&l->tasks);
    free(l);
}

/* ---- priorities ---- */

/* A waiting task gains one priority each aging period, never over 1: emergencies stay alone in
 * front. */
unsigned queue_priority(const struct helios *h, const struct task *t)
{
    int64_t gained = (h->now - t->r.created) / h->config->tasks.aging_ms;
    int64_t best = MIN((int64_t)t->r.priority, 1);
    return (unsigned)MAX(best, (int64_t)t->r.priority - MAX(gained, 0));
}

static void arm_aging(struct helios *h, struct task *t, unsigned priority)
{
    if (priority > 1)
        heap_put(&h->work.queue->aging, &t->aging,
                 t->r.created +
                     ((int64_t)(t->r.priority - priority) + 1) * h->config->tasks.aging_ms);
}

void queue_put(struct helios *h, struct task *t)
{
    struct queue *q = h->work.queue;
    unsigned priority = queue_priority(h, t);
    struct rank *r = &t->class->ranks[priority];
    t->lane = lane_find(r, t->share);
    heap_put(&t->lane->tasks, &t->ready, (int64_t)t->number);
    arm_aging(h, t, priority);
    r->n++;
    t->class->n_ready++;
    q->n_ready++;
    class_refresh(h, t->class);
}

void queue_out(struct helios *h, struct task *t)
{
    struct queue *q = h->work.queue;
    struct lane *l = t->lane;
    if (l == NULL)
        return;
    heap_out(&l->tasks, &t->ready);
    heap_out(&q->aging, &t->aging);
    l->rank->n--;
    t->class->n_ready--;
    q->n_ready--;
    t->lane = NULL;
    lane_spare(l);
    class_refresh(h, t->class);
}

bool queue_age(struct helios *h)
{
    struct heap_node *first;
    for (unsigned n = 0;
         n < AGED_A_TURN && (first = heap_first(&h->work.queue->aging)) && first->key <= h->now;
         n++) {
        struct task *t = container_of(first, struct task, aging);
        queue_out(h, t);
        queue_put(h, t);
    }
    first = heap_first(&h->work.queue->aging);
    return first && first->key <= h->now;
}

/* ---- whose turn ---- */

static uint64_t served(const struct lane *l)
{
    return l->share->served[l->rank->priority];
}

/* A share that was served in another class stands too far in front here: it is put right when it
 * comes up. */
static struct lane *next_lane(struct rank *r)
{
    struct lane *l;
    while ((l = container_of(heap_first(&r->turns), struct lane, turn)),
           l->turn.key != (int64_t)served(l))
        heap_put(&r->turns, &l->turn, (int64_t)served(l));
    return l;
}

static struct task *next_task(const struct lane *l)
{
    return container_of(heap_first(&l->tasks), struct task, ready);
}

/* before: whoever was served longer ago goes first, then the older task. */
static bool before(const struct lane *a, const struct lane *b)
{
    return served(a) != served(b) ? served(a) < served(b)
                                  : next_task(a)->number < next_task(b)->number;
}

/* The ranks at the head of the ring are compared, so that who floods many classes gets no more
 * turns by that; beyond CLASSES_COMPARED of them the ring itself turns, and nobody starves either.
 */
static struct lane *best_lane(const struct list *ring)
{
    struct lane *best = NULL;
    unsigned n = 0;
    list_each(r, ring, struct rank, link)
    {
        if (n++ == CLASSES_COMPARED)
            break;
        struct lane *l = next_lane(r);
        if (best == NULL || before(l, best))
            best = l;
    }
    return best;
}

static struct agent *best_agent(const struct class *c, const struct task *t)
{
    if (c->internal)
        return NULL;
    struct heap_node *best = heap_first(&c->free);
    if (container_of(best, struct member, free)->agent == t->avoid && c->free.n > 1) {
        best = c->free.nodes[2]; /* the next ones of a heap lie right below its first */
        if (c->free.n > 2 && c->free.nodes[3]->key < best->key)
            best = c->free.nodes[3];
    }
    return container_of(best, struct member, free)->agent;
}

void queue_served(struct helios *h, struct task *t)
{
    t->share->served[queue_priority(h, t)] = ++h->work.queue->takes;
}

static void ring_goes_on(struct queue *q, struct rank *r)
{
    list_out(&r->link);
    list_push(&q->ranks[r->priority], &r->link);
}

struct task *queue_take(struct helios *h, struct agent **ret_agent)
{
    struct queue *q = h->work.queue;
    for (unsigned p = 0; p < PRIORITIES; p++) {
        struct lane *l = best_lane(&q->ranks[p]);
        if (l == NULL)
            continue;
        struct task *t = next_task(l);
        *ret_agent = best_agent(t->class, t);
        ring_goes_on(q, l->rank);
        queue_out(h, t);
        return t;
    }
    return NULL;
}
