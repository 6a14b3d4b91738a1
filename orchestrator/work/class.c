/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the classes of tasks and their members: which agents can run what, and who of them has
 * credit. Refuses to know the tasks in the ranks (queue.c). */
#include "gate.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "quota.h"
#include "task.h"

/* ---- actions ---- */

static struct offer *offer_find(struct helios *h, struct bytes action)
{
    struct offer *o;
    HASH_FIND(hh, h->work.offers, action.at, action.n, o);
    if (o)
        return o;
    o = NEW(struct offer);
    o->action = bytes_dup(action);
    list_init(&o->by);
    list_init(&o->classes);
    HASH_ADD_KEYPTR(hh, h->work.offers, o->action, action.n, o);
    return o;
}

static void offer_spare(struct helios *h, struct offer *o)
{
    if (!list_empty(&o->by) || !list_empty(&o->classes))
        return;
    HASH_DEL(h->work.offers, o);
    free(o->action);
    free(o);
}

/* ---- members ---- */

static bool fits(const struct class *c, const struct agent *a)
{
    return (!*c->swarm || bytes_is(a->r.swarm, c->swarm)) &&
           (!*c->role || strcmp(enum_text(&enum_role, (int)a->r.role), c->role) == 0) &&
           (!*c->agent || bytes_is(a->r.id, c->agent));
}

unsigned agent_free(const struct agent *a)
{
    unsigned most = a->slots + a->prefetch, owed = a->n_held + a->n_stops;
    return a->live && !a->r.paused && !a->r.draining && owed < most ? most - owed : 0;
}

/* agent_load is what it holds relative to its slots, in thousandths: work is spread evenly. */
static int64_t agent_load(const struct agent *a)
{
    return 1000 * (int64_t)(a->n_held + a->n_stops) / MAX(a->slots, 1u);
}

static void member_credit(struct member *m)
{
    if (agent_free(m->agent))
        heap_put(&m->class->free, &m->free, agent_load(m->agent));
    else
        heap_out(&m->class->free, &m->free);
}

/* An unsigned task is not given to who would refuse it: that would be its end (Z7). */
static void join(struct helios *h, struct class *c, const struct offered *by)
{
    struct agent *a = by->agent;
    if (!fits(c, a) || (by->needs_signature && !c->has_signature))
        return;
    struct member *m = NEW(struct member);
    m->class = c;
    m->agent = a;
    list_push(&c->members, &m->of_class);
    list_push(&a->members, &m->of_agent);
    c->n_members++;
    member_credit(m);
    class_refresh(h, c);
}

static void part(struct helios *h, struct member *m)
{
    struct class *c = m->class;
    heap_out(&c->free, &m->free);
    list_out(&m->of_class);
    list_out(&m->of_agent);
    c->n_members--;
    free(m);
    class_refresh(h, c);
}

void agent_credit(struct helios *h, struct agent *a)
{
    list_each(m, &a->members, struct member, of_agent)
    {
        member_credit(m);
        class_refresh(h, m->class);
    }
}

static void offer_one(struct helios *h, struct agent *a, const struct msg_action *action)
{
    struct offered *it = &a->offers[a->n_offers];
    it->offer = offer_find(h, action->name);
    it->needs_signature = action->needs_signature;
    struct offered *last = list_first(&it->offer->by, struct offered, link);
    if (last && last->agent == a)
        return; /* named twice */
    it->agent = a;
    a->n_offers++;
    list_push_front(&it->offer->by, &it->link);
    list_each(c, &it->offer->classes, struct class, of_action) join(h, c, it);
}

void agent_offers(struct helios *h, struct agent *a, const struct msg_hello *m)
{
    a->offers = m->actions.n ? xalloc(m->actions.n * sizeof(*a->offers)) : NULL;
    SEQ_EACH(action, struct msg_action, m->actions)
    offer_one(h, a, action);
}

void agent_withdraws(struct helios *h, struct agent *a)
{
    list_each(m, &a->members, struct member, of_agent) part(h, m);
    for (size_t i = 0; i < a->n_offers; i++) {
        list_out(&a->offers[i].link);
        offer_spare(h, a->offers[i].offer);
    }
    free(a->offers);
    a->offers = NULL;
    a->n_offers = 0;
}

bool class_has_other(const struct class *c, const struct agent *a)
{
    struct member *first = list_first(&c->members, struct member, of_class);
    return c->n_members > 1 || (first && first->agent != a);
}

/* offered_by counts who fits and offers it, and how many of them demand a signature. */
static size_t offered_by(const struct offer *o, const struct class *wanted, size_t *ret_demand)
{
    size_t n = 0;
    *ret_demand = 0;
    list_each(by, &o->by, struct offered, link)
    {
        bool counts = fits(wanted, by->agent);
        n += counts;
        *ret_demand += counts && by->needs_signature;
    }
    return n;
}

bool class_wants_signature(const struct class *c)
{
    size_t demand;
    offered_by(c->offer, c, &demand);
    return !c->has_signature && c->n_members == 0 && demand > 0;
}

/* of_roster is offered_by for a swarm and a role; empty = any. */
static size_t of_roster(struct helios *h, const char *swarm, const char *role, const char *action,
                        size_t *ret_demand)
{
    struct class wanted = {.swarm = (char *)(swarm ? swarm : ""),
                           .role = (char *)(role ? role : ""),
                           .agent = (char *)""};
    struct offer *o;
    *ret_demand = 0;
    HASH_FIND_STR(h->work.offers, action, o);
    return o ? offered_by(o, &wanted, ret_demand) : 0;
}

bool roster_can(struct helios *h, const char *swarm, const char *role, const char *action)
{
    size_t demand;
    return of_roster(h, swarm, role, action, &demand) > demand;
}

bool roster_signed_only(struct helios *h, const char *swarm, const char *role, const char *action)
{
    size_t demand, n = of_roster(h, swarm, role, action, &demand);
    return n > 0 && n == demand;
}

struct candidate {
    struct agent *agent;
    int64_t load;
    size_t place; /* among those of one load */
};

static int by_load(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    return a->load != b->load ? (a->load > b->load) - (a->load < b->load) : (a->place > b->place) - (a->place < b->place);
}

size_t roster_pick(struct helios *h, const char *swarm, const char *role, const char *action, uint64_t turn,
                   struct agent **ret, size_t most)
{
    struct class wanted = {.swarm = (char *)(swarm ? swarm : ""),
                           .role = (char *)(role ? role : ""),
                           .agent = (char *)""};
    struct offer *o;
    size_t n = 0, demand;
    HASH_FIND_STR(h->work.offers, action, o);
    size_t all = o ? offered_by(o, &wanted, &demand) : 0;
    if (all == 0)
        return 0;
    struct candidate *found = xalloc(all * sizeof(*found));
    list_each(by, &o->by, struct offered, link)
    {
        struct agent *a = by->agent;
        if (!fits(&wanted, a) || by->needs_signature || a->r.paused || a->r.draining)
            continue;
        found[n] = (struct candidate){a, agent_load(a), (n + turn) % all};
        n++;
    }
    qsort(found, n, sizeof(*found), by_load);
    n = MIN(n, most);
    for (size_t i = 0; i < n; i++)
        ret[i] = found[i].agent;
    free(found);
    return n;
}

/* ---- classes ---- */

bool class_gate_open(const struct helios *h, const struct class *c)
{
    return group_open(h, c->group, c->max_concurrent) && (c->quota == NULL || c->quota->open) &&
           (c->owned || !h->control.draining);
}

void class_refresh(struct helios *h, struct class *c)
{
    bool can = c->n_ready && (c->internal || c->free.n) && class_gate_open(h, c);
    for (unsigned p = 0; p < PRIORITIES; p++) {
        struct rank *r = &c->ranks[p];
        if (!can || r->n == 0) {
            list_out(&r->link);
        } else if (list_empty(&r->link)) {
            list_push(&h->work.queue->ranks[p], &r->link);
            work_wants_turn(h);
        }
    }
}

/* Names hold no '|', so that no two requirements have one key. */
static void class_key(struct buf *key, const struct rec_task *r)
{
    const struct bytes names[] = {r->action, r->swarm, r->role, r->agent, r->group};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        buf_add(key, names[i].at, names[i].n);
        buf_add(key, "|", 1);
    }
    buf_number(key, r->max_concurrent);
    buf_text(key, r->owner_kind.n ? "|owned" : "|");
    buf_text(key, r->signature.n ? "|signed" : "|");
}

static struct class *class_new(struct helios *h, char *key, const struct rec_task *r)
{
    struct class *c = NEW(struct class);
    c->key = key;
    c->swarm = bytes_dup(r->swarm);
    c->role = bytes_dup(r->role);
    c->agent = bytes_dup(r->agent);
    c->internal = decide_internal(r->action);
    c->max_concurrent = r->max_concurrent;
    c->owned = r->owner_kind.n > 0;
    c->has_signature = r->signature.n > 0;
    c->group = group_find(h, r->group.n ? r->group : r->action);
    c->offer = offer_find(h, r->action);
    list_push(&c->group->classes, &c->of_group);
    c->quota = quota_find(h, r->action);
    list_init(&c->of_quota);
    if (c->quota)
        list_push(&c->quota->classes, &c->of_quota);
    list_push(&c->offer->classes, &c->of_action);
    list_init(&c->members);
    list_init(&c->spare);
    for (unsigned p = 0; p < PRIORITIES; p++) {
        c->ranks[p].class = c;
        c->ranks[p].priority = p;
        list_init(&c->ranks[p].link);
    }
    HASH_ADD_STR(h->work.queue->classes, key, c);
    list_each(by, &c->offer->by, struct offered, link) join(h, c, by);
    return c;
}

static void class_free(struct helios *h, struct class *c)
{
    list_each(m, &c->members, struct member, of_class) part(h, m);
    for (unsigned p = 0; p < PRIORITIES; p++) {
        list_out(&c->ranks[p].link);
        heap_done(&c->ranks[p].turns);
    }
    list_out(&c->of_group);
    list_out(&c->of_action);
    list_out(&c->of_quota);
    list_out(&c->spare);
    group_spare(h, c->group);
    offer_spare(h, c->offer);
    HASH_DEL(h->work.queue->classes, c);
    heap_done(&c->free);
    free(c->key);
    free(c->swarm);
    free(c->role);
    free(c->agent);
    free(c);
}

struct class *class_enter(struct helios *h, const struct rec_task *r)
{
    struct queue *q = h->work.queue;
    struct buf key = {0};
    class_key(&key, r);
    struct class *c;
    HASH_FIND_STR(q->classes, buf_str(&key), c);
    if (c == NULL)
        c = class_new(h, buf_take(&key), r);
    if (!list_empty(&c->spare)) {
        list_out(&c->spare);
        q->n_spare--;
    }
    class_again(c);
    buf_done(&key);
    return c;
}

void class_again(struct class *c)
{
    c->n_tasks++;
}

/* The last tasks' classes are kept for a while: most work comes one task at a time, always the
 * same. */
void class_leave(struct helios *h, struct class *c)
{
    struct queue *q = h->work.queue;
    if (--c->n_tasks)
        return;
    list_push(&q->spare, &c->spare);
    if (++q->n_spare > CLASSES_SPARE) {
        q->n_spare--;
        class_free(h, list_first(&q->spare, struct class, spare));
    }
}

struct queue *queue_new(void)
{
    struct queue *q = NEW(struct queue);
    list_init(&q->spare);
    for (unsigned p = 0; p < PRIORITIES; p++)
        list_init(&q->ranks[p]);
    return q;
}

void queue_free(struct helios *h)
{
    struct class *c, *next;
    HASH_ITER(hh, h->work.queue->classes, c, next)
    class_free(h, c);
    heap_done(&h->work.queue->aging);
    free(h->work.queue);
}
