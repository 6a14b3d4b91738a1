/* SPDX-License-Identifier: MPL-2.0 */
/* The table of schedules and the decider's row. Owns their lives; what they mean stands in the files beside it. */
#include "schedule.h"

#include "run.h"

struct schedule *schedule_find(struct helios *h, struct bytes name)
{
    struct schedule *s;
    HASH_FIND(hh, schedules_of(h)->by_name, name.at, name.n, s);
    return s;
}

static struct schedule *add(struct helios *h, const struct rec_schedule *owned)
{
    struct schedule *s = NEW(struct schedule);
    s->r = *owned;
    list_init(&s->running);
    list_init(&s->children);
    save_init(&s->save, REC_schedule, &s->r, &s->r.id);
    HASH_ADD_KEYPTR(hh, schedules_of(h)->by_name, s->r.id.at, s->r.id.n, s);
    schedules_of(h)->n++;
    return s;
}

struct schedule *schedule_new(struct helios *h, struct bytes name)
{
    struct rec_schedule r;
    if (schedules_of(h)->n >= SCHEDULES_MOST)
        return NULL;
    struct_defaults(&schema_records[REC_schedule], &r);
    r.id = name;
    r.cursor = schedule_wall(h);
    record_own(&schema_records[REC_schedule], &r);
    struct schedule *s = add(h, &r);
    save_mark(h, &s->save);
    return s;
}

static void free_schedule(struct helios *h, struct schedule *s)
{
    struct schedules *all = schedules_of(h);
    HASH_DEL(all->by_name, s);
    all->n--;
    heap_out(&all->due, &s->due);
    schedule_unlink(s);
    list_each (e, &s->children, struct edge, link) {
        list_out(&e->link);
        e->parent = NULL;
    }
    list_each (o, &s->running, struct occurrence, link)
        free(o);
    schedule_forget_spec(s);
    record_free(&schema_records[REC_schedule], &s->r);
    free(s);
}

void schedule_drop(struct helios *h, struct schedule *s)
{
    save_drop(h, &s->save);
    free_schedule(h, s);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct schedules *all = h->decide.state[DECIDE_schedule] = NEW(struct schedules);
    all->timer.run = schedules_on_timer;
}

static void done(struct helios *h)
{
    struct schedules *all = schedules_of(h);
    struct schedule *s, *next;
    timer_stop(h, &all->timer);
    HASH_ITER (hh, all->by_name, s, next) {
        save_forget(&s->save);
        free_schedule(h, s);
    }
    heap_done(&all->due);
    free(all);
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_schedule r;
    if (kind != REC_schedule)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed == 0)
        save_loaded(&add(h, &r)->save);
    return failed;
}

/* The config's word counts: a name that it has is its own, and what is neither its own nor of a command has gone from it. */
static void bind_all(struct helios *h)
{
    struct schedule *s, *next;
    HASH_ITER (hh, schedules_of(h)->by_name, s, next)
        s->spec = s->own ? &s->own->spec : NULL;
    SEQ_EACH (spec, const struct set_schedule, h->config->schedules) {
        s = schedule_find(h, spec->name);
        if (s == NULL)
            s = schedule_new(h, spec->name);
        if (s)
            schedule_bind(h, s, spec);
    }
    HASH_ITER (hh, schedules_of(h)->by_name, s, next) {
        if (s->spec == NULL && s->r.spec.n)
            schedule_take(h, s);
        else if (s->spec == NULL)
            schedule_drop(h, s);
    }
}

static void go_on(struct helios *h)
{
    struct schedule *s, *next;
    bind_all(h);
    HASH_ITER (hh, schedules_of(h)->by_name, s, next)
        schedule_link(h, s);
    HASH_ITER (hh, schedules_of(h)->by_name, s, next)
        schedule_put(h, s);
    HASH_ITER (hh, schedules_of(h)->by_name, s, next)
        if (s->n_edges || s->r.waiting)
            schedule_look(h, s);
    schedules_arm(h);
}

/* What was started and has not ended is told by the tasks and runs themselves. */
static void find_running(struct helios *h)
{
    MAP_EACH (t, struct task, &h->work.tasks) {
        struct schedule *s = bytes_is(t->r.owner_kind, "schedule") ? schedule_find(h, t->r.owner_id) : NULL;
        const char *time = s && t->r.key.n > s->r.id.n ? t->r.key.at + s->r.id.n + 1 : NULL;
        if (time)
            schedule_running(s, strtoll(time, NULL, 10), t->r.id);
    }
    struct run *r, *next;
    HASH_ITER (hh, runs_of(h)->by_id, r, next) {
        struct schedule *s = !run_ended(r) && bytes_is(r->r.owner_kind, "schedule") ? schedule_find(h, r->r.owner_id) : NULL;
        if (s)
            schedule_running(s, r->r.time, r->r.id);
    }
}

static void lead(struct helios *h)
{
    find_running(h);
    schedules_of(h)->leads = true;
    go_on(h);
}

static void reload(struct helios *h)
{
    if (schedules_of(h)->leads)
        go_on(h);
}

const struct decider decider_schedule = {.kind = "schedule",
                                         .init = init,
                                         .done = done,
                                         .load = load,
                                         .lead = lead,
                                         .reload = reload,
                                         .on_done = schedule_on_done,
                                         .on_run = schedule_on_run,
                                         .on_wall = schedules_arm};
