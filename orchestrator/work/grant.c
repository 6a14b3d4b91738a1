/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the grants: how attempts are written down together, and brought back. Refuses to know how an attempt goes on. */
#include "grant.h"

#include "orchestrator/core/helios.h"
#include "task.h"

static void grant_free(struct helios *h, struct grant *g)
{
    timer_stop(h, &g->timer);
    save_forget(&g->save);
    list_out(&g->link);
    free(g->id);
    free(g->holder);
    buf_done(&g->attempts);
    free(g);
}

/* time_over: tasks whose time is over are told so, the others set it anew. What follows from one may end another, and with the last one
 * the grant is gone, so numbers are gathered first. */
static void time_over(struct helios *h, struct timer *timer)
{
    struct grant *g = container_of(timer, struct grant, timer);
    uint64_t *numbers = xalloc(g->n * sizeof(*numbers));
    size_t n = 0;
    list_each (t, &g->agent->held, struct task, held)
        if (t->grant == g)
            numbers[n++] = t->number;
    for (size_t i = 0; i < n; i++) {
        struct task *t = map_get_number(&h->work.tasks, numbers[i]);
        if (t && t->grant == g)
            task_time(h, &t->timer);
    }
    free(numbers);
}

void grant_arm(struct helios *h, struct grant *g, int64_t at)
{
    if (!timer_is_set(&g->timer) || at < g->timer.node.key)
        timer_set(h, &g->timer, at);
}

/* grant_of takes id and holder. */
static struct grant *grant_of(char *id, char *holder)
{
    struct grant *g = NEW(struct grant);
    g->id = id;
    g->holder = holder;
    g->r.id = bytes_of(id);
    g->r.holder = bytes_of(holder);
    list_init(&g->link);
    save_init(&g->save, REC_grant, &g->r, &g->r.id);
    g->timer.run = time_over;
    return g;
}

/* ---- made ---- */

struct grant *grant_new(struct helios *h, struct agent *a)
{
    struct buf id = {0};
    buf_number(&id, h->epoch);
    buf_text(&id, "-");
    buf_number(&id, ++h->work.last_grant);
    struct grant *g = grant_of(buf_take(&id), bytes_dup(a->r.id));
    g->r.epoch = h->epoch;
    g->r.started = h->now;
    g->agent = a;
    return g;
}

void grant_add(struct grant *g, struct task *t)
{
    struct pack p;
    pack_init(&p, &g->attempts);
    pack_uint(&p, t->number);
    pack_uint(&p, t->r.attempt);
    t->grant = g;
    g->n++;
}

void grant_close(struct helios *h, struct grant *g)
{
    g->r.attempts = buf_bytes(&g->attempts);
    if (g->n)
        save_mark(h, &g->save);
    else
        grant_free(h, g);
}

void grant_over(struct helios *h, struct task *t)
{
    struct grant *g = t->grant;
    t->grant = NULL;
    if (g == NULL || --g->n)
        return;
    save_drop(h, &g->save);
    grant_free(h, g);
}

void grant_forget(struct helios *h, struct task *t)
{
    struct grant *g = t->grant;
    t->grant = NULL;
    if (g && --g->n == 0)
        grant_free(h, g);
}

/* ---- brought back ---- */

int grant_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_grant r;
    int e = struct_decode(&schema_records[REC_grant], value, &r, &arena, NULL);
    if (e == 0) {
        struct grant *g = grant_of(bytes_dup(r.id), bytes_dup(r.holder));
        g->r.epoch = r.epoch;
        g->r.started = r.started;
        buf_add(&g->attempts, r.attempts.at, r.attempts.n);
        g->r.attempts = buf_bytes(&g->attempts);
        save_loaded(&g->save);
        list_push(&h->work.grants, &g->link);
    }
    arena_done(&arena);
    return e;
}

/* enforce brings one attempt back, if it is the next one of its task. */
static void enforce(struct grant *g, struct task *t, uint64_t attempt)
{
    if (t == NULL || t->r.attempt + 1 != attempt || t->grant || t->r.state == task_state_IN_PROGRESS)
        return;
    t->r.attempt = attempt;
    t->r.state = task_state_IN_PROGRESS;
    t->r.epoch = g->r.epoch;
    t->r.started = g->r.started;
    task_hold(t, g->r.holder);
    t->grant = g;
    g->n++;
}

static void enforce_all(struct helios *h, struct grant *g)
{
    struct cursor c = cursor_of(g->r.attempts);
    while (c.at < c.end) {
        struct value number = read_head(&c), attempt = read_head(&c);
        if (number.type != VALUE_INT || attempt.type != VALUE_INT || number.integer < 0)
            return; /* nothing follows that we wrote */
        enforce(g, task_by_number(h, (uint64_t)number.integer), (uint64_t)attempt.integer);
    }
}

void grants_enforce(struct helios *h)
{
    list_each (g, &h->work.grants, struct grant, link) {
        enforce_all(h, g);
        list_out(&g->link);
        if (g->n)
            continue;
        save_drop(h, &g->save);
        grant_free(h, g);
    }
}

void grants_free(struct helios *h)
{
    list_each (g, &h->work.grants, struct grant, link)
        grant_free(h, g);
}
