/* SPDX-License-Identifier: MPL-2.0 */
/* What becomes of one occurrence: it starts a task, waits for others, or is skipped with a reason (S1, S5, S7, S8). Each way moves the
 * cursor in the turn that submits: what was started and how far the schedule has come are of one commit. */
#include "schedule.h"

#include "common/mutant.h"
#include "common/text.h"
#include "run.h"

#define CLIENT "@schedule" /* no client can have this name: nobody else has its keys (T3) */

void schedule_key(char ret[96], const struct schedule *s, int64_t time)
{
    snprintf(ret, 96, "%s@%lld", s->r.id.at, (long long)time);
}

static void time_text(struct buf *out, const struct schedule *s, int64_t time)
{
    struct zone_span z = zone_span(s->zone, floor_div(time, 1000));
    text_time(out, time + (int64_t)z.offset * 1000);
    out->n -= time % 1000 ? 1 : 5; /* its Z, and .000 */
    out->at[out->n] = 0;
    buf_printf(out, " %s", z.name);
}

/* ---- skipped ---- */

static void tell_skipped(struct helios *h, const struct schedule *s, int64_t newest, uint64_t n, const char *why)
{
    struct buf data = {0}, when = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_int(&p, "time", newest);
    pack_put_int(&p, "n", (int64_t)n);
    pack_end(&p);
    time_text(&when, s, newest);
    if (n > 1)
        note(h, EVENT_schedule_skipped, s->r.id.at, NULL, &data, "%s: %llu occurrences until %s do not run: %s", s->r.id.at,
             (unsigned long long)n, buf_str(&when), why);
    else
        note(h, EVENT_schedule_skipped, s->r.id.at, NULL, &data, "%s of %s does not run: %s", s->r.id.at, buf_str(&when), why);
    buf_done(&data);
    buf_done(&when);
}

static void look_at_children(struct helios *h, struct schedule *s)
{
    list_each (e, &s->children, struct edge, link)
        schedule_look(h, e->child);
}

/* For who waits for it, one that was skipped is one that will never complete. */
static void skip(struct helios *h, struct schedule *s, int64_t time, uint64_t n, const char *why)
{
    s->r.skipped += n;
    s->r.failed = MAX(s->r.failed, time);
    h->counters.occurrences_skipped += n;
    save_mark(h, &s->save);
    tell_skipped(h, s, time, n, why);
    look_at_children(h, s);
}

void schedule_pass(struct helios *h, struct schedule *s, int64_t newest, const char *why)
{
    uint64_t n = schedule_count(s, s->r.cursor, newest, SCHEDULE_COUNT_MOST);
    s->r.cursor = newest;
    h->counters.occurrences_late += n;
    skip(h, s, newest, n, why);
}

/* ---- started ---- */

struct occurrence *schedule_running(struct schedule *s, int64_t time, struct bytes id)
{
    struct occurrence *o = NEW(struct occurrence);
    o->time = time;
    snprintf(o->id, sizeof(o->id), BYTES_F, BYTES_A(id));
    list_push(&s->running, &o->link);
    s->n_running++;
    return o;
}

/* ${time} within a text is the occurrence's time. */
static void pack_filled(struct pack *p, const struct value *v, struct bytes time);
static void pack_text_filled(struct pack *p, struct bytes text, struct bytes time)
{
    static const char name[] = "${time}";
    struct buf out = {0};
    for (const char *at; (at = memmem(text.at, text.n, name, sizeof(name) - 1));) {
        size_t before = (size_t)(at - text.at);
        buf_add(&out, text.at, before);
        buf_add(&out, time.at, time.n);
        text = (struct bytes){at + sizeof(name) - 1, text.n - before - (sizeof(name) - 1)};
    }
    buf_add(&out, text.at, text.n);
    pack_str(p, buf_bytes(&out));
    buf_done(&out);
}

static void pack_filled(struct pack *p, const struct value *v, struct bytes time)
{
    struct walk w = walk_of(v->whole);
    struct value key, item;
    bool map = v->type == VALUE_MAP;
    if (v->type == VALUE_STR) {
        pack_text_filled(p, v->text, time);
        return;
    }
    if ((!map && v->type != VALUE_LIST) || p->depth + 1 >= PACK_MAX_DEPTH) {
        pack_raw(p, v->whole);
        return;
    }
    if (map)
        pack_map(p);
    else
        pack_list(p);
    while (map ? walk_pair(&w, &key, &item) : walk_item(&w, &item)) {
        if (map)
            pack_key_bytes(p, key.text);
        pack_filled(p, &item, time);
    }
    pack_end(p);
}

static void fill_params(struct buf *out, const struct schedule *s, int64_t time)
{
    struct bytes params = s->spec->params;
    if (params.n == 0 || memmem(params.at, params.n, "${time}", 7) == NULL) {
        buf_add(out, params.at, params.n);
        return;
    }
    struct buf text = {0};
    struct pack p;
    struct cursor c = cursor_of(params);
    struct value whole = read_whole(&c);
    text_time(&text, time);
    pack_init(&p, out);
    pack_filled(&p, &whole, buf_bytes(&text));
    buf_done(&text);
}

/* start_task answers the task's id; {NULL}: it was refused, err says why. */
static struct bytes start_task(struct helios *h, struct schedule *s, int64_t time, char *err)
{
    const struct set_schedule *c = s->spec;
    struct buf params = {0};
    char key[96];
    schedule_key(key, s, time);
    fill_params(&params, s, time);
    struct msg_request r = {.key = bytes_of(key),
                            .action = c->action,
                            .params = buf_bytes(&params),
                            .swarm = c->swarm,
                            .role = c->role,
                            .priority = (uint64_t)c->priority,
                            .locks = c->locks,
                            .max_attempts = (uint64_t)c->attempts,
                            .backoff_ms = (uint64_t)c->backoff_ms,
                            .attempt_ms = (uint64_t)c->timeout_ms};
    struct task *t = task_submit(h, &r, CLIENT, "schedule", s->r.id.at, s->r.id.at, err);
    buf_done(&params);
    return t ? t->r.id : (struct bytes){0};
}

static struct bytes start_run(struct helios *h, struct schedule *s, int64_t time, char *err)
{
    struct buf params = {0};
    char key[96];
    schedule_key(key, s, time);
    fill_params(&params, s, time);
    struct run_order order = {.pipeline = s->spec->pipeline,
                              .params = buf_bytes(&params),
                              .key = bytes_of(key),
                              .owner_kind = "schedule",
                              .owner_id = s->r.id.at,
                              .cause = s->r.id.at,
                              .time = time};
    struct run *r = run_start(h, &order, err);
    buf_done(&params);
    return r ? r->r.id : (struct bytes){0};
}

static void tell_started(struct helios *h, const struct schedule *s, const struct occurrence *o, const char *why)
{
    struct buf data = {0}, when = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_int(&p, "time", o->time);
    pack_put_text(&p, "runs", o->id);
    pack_end(&p);
    time_text(&when, s, o->time);
    note(h, EVENT_schedule_started, s->r.id.at, o->id, &data, "%s of %s is %s%s", s->r.id.at, buf_str(&when), o->id, why);
    buf_done(&data);
    buf_done(&when);
}

static struct occurrence *start(struct helios *h, struct schedule *s, int64_t time, const char *why, char *err)
{
    struct bytes id = s->spec->pipeline.n ? start_run(h, s, time, err) : start_task(h, s, time, err);
    if (id.n == 0)
        return NULL;
    struct occurrence *o = schedule_running(s, time, id);
    own_set(&s->r.last, id);
    s->r.started++;
    h->counters.occurrences_started++;
    if (!MUTANT(apart))
        save_mark(h, &s->save);
    tell_started(h, s, o, why);
    return o;
}

static void start_or_skip(struct helios *h, struct schedule *s, int64_t time, const char *why)
{
    char err[256];
    if (start(h, s, time, why, err) == NULL)
        skip(h, s, time, 1, err);
}

/* ---- may it start? ---- */

static bool runs_since(const struct schedule *s, int64_t time)
{
    if (s->r.waiting >= time)
        return true;
    list_each (o, &s->running, struct occurrence, link)
        if (o->time >= time)
            return true;
    return false;
}

enum parents { PARENTS_DONE, PARENTS_OPEN, PARENTS_DEAD };
/* look_at_parents: have all of `after` completed what an occurrence of this time needs (S8)? */
static enum parents look_at_parents(const struct schedule *s, int64_t time, char why[128])
{
    enum parents all = PARENTS_DONE;
    const struct bytes *names = s->spec->after.at;
    for (size_t i = 0; i < s->n_edges; i++) {
        struct schedule *parent = s->edges[i].parent;
        if (parent == NULL) {
            snprintf(why, 128, "there is no schedule %.64s any more", names[i].at);
            return PARENTS_DEAD;
        }
        int64_t need = schedule_need(parent, time);
        if (parent->r.ended >= need && parent->r.ended)
            continue;
        if (parent->r.failed >= need && parent->r.failed && !runs_since(parent, need)) {
            snprintf(why, 128, "%.64s, which it waits for, did not complete", names[i].at);
            return PARENTS_DEAD;
        }
        all = PARENTS_OPEN;
    }
    return all;
}

/* The earlier ones are told to stop; the newer one starts when the last of them has ended, which may be at once. */
static void replace(struct helios *h, struct schedule *s)
{
    static const char why[] = "a newer occurrence of its schedule replaces it";
    list_each (o, &s->running, struct occurrence, link) {
        struct task *t = task_find(h, bytes_of(o->id));
        struct run *r = t ? NULL : run_find(h, bytes_of(o->id));
        if (t)
            (void)task_cancel(h, t, why);
        else if (r)
            (void)run_cancel(h, r, BYTES(CLIENT), why);
    }
}

/* overlapping answers why not now; NULL: nothing that still runs is in the way (S5). */
static const char *overlapping(const struct schedule *s)
{
    if (s->n_running >= SCHEDULE_RUNS_MOST)
        return "1000 earlier occurrences have not ended";
    return s->n_running && s->spec->overlap == overlap_forbid ? "an earlier occurrence has not ended, and `overlap` is forbid" : NULL;
}

static void wait_for(struct helios *h, struct schedule *s, int64_t time)
{
    s->r.waiting = time;
    save_mark(h, &s->save);
}

static void go(struct helios *h, struct schedule *s, int64_t time, const char *why)
{
    const char *blocked = overlapping(s);
    if (blocked) {
        skip(h, s, time, 1, blocked);
    } else if (s->n_running && s->spec->overlap == overlap_replace) {
        wait_for(h, s, time);
        replace(h, s);
    } else {
        start_or_skip(h, s, time, why);
    }
}

void schedule_begin(struct helios *h, struct schedule *s, int64_t time, bool late)
{
    char why[128];
    int64_t older = s->r.waiting;
    s->r.cursor = time;
    s->r.waiting = 0;
    if (!MUTANT(apart))
        save_mark(h, &s->save);
    h->counters.occurrences_late += late;
    if (older)
        skip(h, s, older, 1, "it still waited when the next one was due");
    switch (look_at_parents(s, time, why)) {
    case PARENTS_DEAD:
        skip(h, s, time, 1, why);
        break;
    case PARENTS_OPEN:
        wait_for(h, s, time);
        break;
    case PARENTS_DONE:
        go(h, s, time, late ? ", late" : "");
        break;
    }
}

/* ---- what it waits for ---- */

/* The newest time that all of `after` have completed, or the newest at which one of them will not. */
static void look_immediate(struct helios *h, struct schedule *s)
{
    int64_t done = CRON_NEVER, dead = 0;
    for (size_t i = 0; i < s->n_edges; i++) {
        const struct schedule *parent = s->edges[i].parent;
        done = MIN(done, parent ? parent->r.ended : 0);
        dead = MAX(dead, parent && parent->r.failed > parent->r.ended ? parent->r.failed : 0);
    }
    if (s->n_edges && done > s->r.cursor) {
        schedule_begin(h, s, done, false);
    } else if (dead > s->r.cursor) {
        s->r.cursor = dead;
        skip(h, s, dead, 1, "what it comes after did not complete");
    }
}

static void look_waiting(struct helios *h, struct schedule *s)
{
    char why[128];
    int64_t time = s->r.waiting;
    enum parents parents = look_at_parents(s, time, why);
    if (parents == PARENTS_OPEN || (parents == PARENTS_DONE && s->n_running && s->spec->overlap != overlap_allow))
        return;
    s->r.waiting = 0;
    save_mark(h, &s->save);
    if (parents == PARENTS_DEAD)
        skip(h, s, time, 1, why);
    else
        go(h, s, time, "");
}

/* A schedule settles nothing while it is paused, and nothing before its leader has heard of all records (S7). */
void schedule_look(struct helios *h, struct schedule *s)
{
    if (s->r.paused || s->broken[0] || !schedules_of(h)->leads)
        return;
    if (s->cron.kind == CRON_IMMEDIATE && s->spec->enabled)
        look_immediate(h, s);
    if (s->r.waiting)
        look_waiting(h, s);
    if (s->catching_up && s->r.waiting == 0 && s->n_running == 0) {
        s->catching_up = false;
        schedule_put(h, s);
    }
}

/* ---- ends ---- */

static int64_t time_of(const struct rec_task *ended)
{
    const char *at = ended->key.n ? strrchr(ended->key.at, '@') : NULL;
    return at ? strtoll(at + 1, NULL, 10) : 0;
}

static void forget(struct schedule *s, struct bytes id)
{
    list_each (o, &s->running, struct occurrence, link)
        if (bytes_is(id, o->id)) {
            list_out(&o->link);
            free(o);
            s->n_running--;
            return;
        }
}

/* took: ms; what it comes to counts for those that wait for it. */
static void end(struct helios *h, const char *name, struct bytes id, int64_t time, bool completed, uint64_t took)
{
    struct schedule *s = schedule_find(h, bytes_of(name));
    if (s == NULL)
        return; /* taken away meanwhile */
    int64_t *newest = completed ? &s->r.ended : &s->r.failed;
    *newest = MAX(*newest, time);
    if (completed)
        s->r.took_ms = s->r.took_ms ? (3 * s->r.took_ms + took) / 4 : took;
    save_mark(h, &s->save);
    forget(s, id);
    schedule_look(h, s);
    look_at_children(h, s);
}

void schedule_on_done(struct helios *h, const char *name, const struct rec_task *ended)
{
    uint64_t took = ended->elapsed_ms ? ended->elapsed_ms : (uint64_t)MAX(h->now - ended->created, 1);
    end(h, name, ended->id, time_of(ended), ended->state == task_state_COMPLETED, took);
}

void schedule_on_run(struct helios *h, const char *name, const struct run *ended)
{
    uint64_t took = (uint64_t)MAX(ended->r.ended - MAX(ended->r.began, ended->r.created), 1);
    end(h, name, ended->r.id, ended->r.time, ended->r.state == run_state_COMPLETED, took);
}

struct occurrence *schedule_by_hand(struct helios *h, struct schedule *s, const char *author, char *err)
{
    char why[96];
    int64_t time = schedule_wall(h);
    time += time % 1000 == 0; /* cron's times are whole seconds */
    list_each (o, &s->running, struct occurrence, link)
        time = MAX(time, o->time + 1);
    snprintf(why, sizeof(why), ", asked for by %.64s", author);
    return start(h, s, time, why, err);
}
