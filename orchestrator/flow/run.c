/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the life of runs: started, queued (P8), begun, ended, kept, dropped; and their records.
 *
 *   QUEUED ── a place is free ──▶ RUNNING ── every step has ended ──▶ COMPLETED, FAILED, CANCELLED ── retry ──▶ QUEUED
 */
#include "run.h"

#include "begin.h"
#include "common/mutant.h"
#include "common/recent.h"
#include "common/text.h"
#include "fill.h"
#include "part.h"
#include "step.h"
#include "took.h"

#define A_TURN 256 /* steps and parts that begin or are skipped in one turn: a wide graph leaves room for what else there is */

bool run_ended(const struct run *r)
{
    return r->r.state >= run_state_COMPLETED;
}

struct run *run_find(struct helios *h, struct bytes id)
{
    struct run *r = NULL;
    if (id.n)
        HASH_FIND(hh, runs_of(h)->by_id, id.at, id.n, r);
    return r;
}

const struct set_pipeline *pipeline_find(const struct set_config *config, struct bytes name)
{
    SEQ_EACH (p, const struct set_pipeline, config->pipelines)
        if (bytes_eq(p->name, name))
            return p;
    return NULL;
}

void runs_wake(struct helios *h)
{
    struct runs *all = runs_of(h);
    if (!timer_is_set(&all->pump))
        timer_set(h, &all->pump, h->now);
}

/* ---- lines ---- */

static struct line *line_of(struct helios *h, struct bytes name)
{
    struct runs *all = runs_of(h);
    struct line *l;
    HASH_FIND(hh, all->lines, name.at, name.n, l);
    if (l)
        return l;
    l = NEW(struct line);
    l->name = bytes_dup(name);
    list_init(&l->queued);
    list_init(&l->running);
    list_init(&l->ended);
    HASH_ADD_KEYPTR(hh, all->lines, l->name, name.n, l);
    return l;
}

static size_t *count_of(struct run *r)
{
    return r->r.state == run_state_QUEUED    ? &r->line->n_queued
           : r->r.state == run_state_RUNNING ? &r->line->n_running
                                             : &r->line->n_ended;
}

static struct list *list_of(struct run *r)
{
    return r->r.state == run_state_QUEUED    ? &r->line->queued
           : r->r.state == run_state_RUNNING ? &r->line->running
                                             : &r->line->ended;
}

static void leave_line(struct helios *h, struct run *r)
{
    --*count_of(r);
    list_out(&r->link);
    if (run_ended(r)) {
        runs_of(h)->steps_kept -= r->plan->n;
        runs_of(h)->bytes_kept -= r->bytes;
    }
}

static void enter_line(struct helios *h, struct run *r)
{
    ++*count_of(r);
    list_push(list_of(r), &r->link);
    if (run_ended(r)) {
        runs_of(h)->steps_kept += r->plan->n;
        runs_of(h)->bytes_kept += r->bytes;
    }
}

static void set_state(struct helios *h, struct run *r, enum run_state state)
{
    leave_line(h, r);
    r->r.state = state;
    enter_line(h, r);
    save_mark(h, &r->save);
}

/* ---- plans ---- */

static struct plan *plan_by(struct helios *h, struct bytes id)
{
    struct plan *p;
    HASH_FIND(hh, runs_of(h)->plans, id.at, id.n, p);
    return p;
}

/* plan_for shares the definition with the runs that began with the same one. */
static struct plan *plan_for(struct helios *h, const struct set_pipeline *set, char *err)
{
    _cleanup_(buf_done) struct buf spec = {0};
    char id[32];
    plan_spec(&spec, set);
    uint64_t digest = digest_bytes(digest_bytes(0, set->name), buf_bytes(&spec));
    for (struct plan *p; snprintf(id, sizeof(id), "%016llx", (unsigned long long)digest),
                         (p = plan_by(h, bytes_of(id))); digest++)
        if (bytes_eq(p->r.spec, buf_bytes(&spec)) && bytes_eq(p->r.pipeline, set->name))
            return p;
    struct rec_plan r = {.id = bytes_of(id), .pipeline = set->name, .spec = buf_bytes(&spec)};
    if (spec.n > GUARD_MAX_BYTES - 1024) {
        snprintf(err, 200, "the definition of %s is too large: %zu bytes, at most 1 MiB", set->name.at, spec.n);
        return NULL;
    }
    record_own(&schema_records[REC_plan], &r);
    struct plan *p = plan_new(&r);
    if (p == NULL) {
        snprintf(err, 200, "the definition of %s cannot be read", set->name.at);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, runs_of(h)->plans, p->r.id.at, p->r.id.n, p);
    save_mark(h, &p->save);
    return p;
}

static void plan_leave(struct helios *h, struct plan *p)
{
    if (--p->users)
        return;
    HASH_DEL(runs_of(h)->plans, p);
    save_drop(h, &p->save);
    plan_free(p);
}

/* ---- born and gone ---- */

static struct run *run_new(struct helios *h, const struct rec_run *owned, struct plan *plan)
{
    struct runs *all = runs_of(h);
    struct run *r = NEW(struct run);
    r->r = *owned;
    r->plan = plan;
    plan->users++;
    r->line = line_of(h, r->r.pipeline);
    r->number = strtoull(r->r.id.n > 2 ? r->r.id.at + 2 : "0", NULL, 10);
    list_init(&r->link);
    list_init(&r->over);
    save_init(&r->save, REC_run, &r->r, &r->r.id);
    HASH_ADD_KEYPTR(hh, all->by_id, r->r.id.at, r->r.id.n, r);
    if (r->r.key.n) {
        struct buf text = {0};
        buf_printf(&text, "%s/%s", r->r.pipeline.at, r->r.key.at);
        r->key_text = buf_take(&text);
        HASH_ADD_KEYPTR(hh_key, all->by_key, r->key_text, strlen(r->key_text), r);
    }
    steps_make(r);
    return r;
}

static void run_free(struct helios *h, struct run *r)
{
    struct runs *all = runs_of(h);
    HASH_DELETE(hh, all->by_id, r);
    if (r->key_text)
        HASH_DELETE(hh_key, all->by_key, r);
    list_out(&r->over);
    steps_free(r);
    save_forget(&r->save);
    record_free(&schema_records[REC_run], &r->r);
    free(r->key_text);
    free(r);
}

/* forget takes an ended run out of Redis as well, with all its steps. */
static void forget(struct helios *h, struct run *r)
{
    struct plan *plan = r->plan;
    for (size_t i = 0; i < plan->n; i++) {
        struct step *s = &r->steps[i];
        for (size_t k = 0; s->fan && k < s->fan->room; k++)
            if (s->fan->parts[k])
                save_drop(h, &s->fan->parts[k]->save);
        if (s->r.id.n)
            save_drop(h, &s->save);
    }
    save_drop(h, &r->save);
    leave_line(h, r);
    run_free(h, r);
    plan_leave(h, plan);
}

static size_t history_of(struct helios *h, const struct line *l)
{
    const struct set_pipeline *set = pipeline_find(h->config, bytes_of(l->name));
    return set ? (size_t)set->history : 0;
}

/* The run that ended first, of all lines. */
static struct run *oldest_ended(struct helios *h)
{
    struct run *oldest = NULL;
    struct line *l, *next;
    HASH_ITER (hh, runs_of(h)->lines, l, next) {
        struct run *r = list_first(&l->ended, struct run, link);
        if (r && (oldest == NULL || r->r.ended < oldest->r.ended))
            oldest = r;
    }
    return oldest;
}

static void bound_line(struct helios *h, struct line *l)
{
    for (size_t most = history_of(h, l); l->n_ended > most;)
        forget(h, list_first(&l->ended, struct run, link));
    struct runs *all = runs_of(h);
    while (all->steps_kept > RUN_STEPS_KEPT || all->bytes_kept > RUN_BYTES_KEPT)
        forget(h, oldest_ended(h));
}

/* ---- parameters ---- */

static bool has_key(struct bytes map, struct bytes key)
{
    struct walk w = walk_of(map);
    struct value k, item;
    while (walk_pair(&w, &k, &item))
        if (bytes_eq(k.text, key))
            return true;
    return false;
}

static int merge_params(const struct set_pipeline *set, struct bytes given, struct buf *out, char *err)
{
    struct walk w = walk_of(given);
    struct value key, item;
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    while (walk_pair(&w, &key, &item)) {
        if (!has_key(set->params, key.text)) {
            snprintf(err, 200, "%s has no parameter " BYTES_F, set->name.at, (int)MIN(key.text.n, (size_t)64), key.text.at);
            return -EINVAL;
        }
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    w = walk_of(set->params);
    while (walk_pair(&w, &key, &item)) {
        if (has_key(given, key.text))
            continue;
        if (item.type == VALUE_NIL) {
            snprintf(err, 200, "%s needs the parameter " BYTES_F, set->name.at, BYTES_A(key.text));
            return -EINVAL;
        }
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    pack_end(&p);
    if (fill_fits(buf_bytes(out)))
        return 0;
    snprintf(err, 200, "the parameters are over 64 KiB, or deeper than %d levels", FILL_DEPTH);
    return -EINVAL;
}

/* ---- start ---- */

static struct run *make(struct helios *h, const struct run_order *o, struct plan *plan, struct bytes params)
{
    char id[32];
    struct rec_run r;
    snprintf(id, sizeof(id), "r-%llu", (unsigned long long)h->control.next_run++);
    save_mark(h, &h->control_save);
    struct_defaults(&schema_records[REC_run], &r);
    r.id = bytes_of(id);
    r.pipeline = o->pipeline;
    r.plan = plan->r.id;
    r.params = params;
    r.key = o->key;
    r.owner_kind = bytes_of(o->owner_kind);
    r.owner_id = bytes_of(o->owner_id);
    r.author = o->author;
    r.dry_run = o->dry_run;
    r.time = o->time ? o->time : h->now;
    r.created = h->now;
    r.steps = plan->n;
    record_own(&schema_records[REC_run], &r);
    return run_new(h, &r, plan);
}

static void go(struct helios *h, struct run *r)
{
    if (r->r.began == 0)
        r->r.began = h->now;
    set_state(h, r, run_state_RUNNING);
    note(h, EVENT_run_began, r->r.id.at, r->r.owner_id.n ? r->r.owner_id.at : NULL, NULL, "%s of %s begins%s: %zu steps",
         r->r.id.at, r->r.pipeline.at, r->r.dry_run ? " (dry run)" : r->r.tries ? " again" : "", r->plan->n);
    steps_go(h, r);
}

/* next_runs begins queued ones while there is a place; a bound that a reload took away counts at once. */
static void next_runs(struct helios *h, struct line *l)
{
    const struct set_pipeline *set = pipeline_find(h->config, bytes_of(l->name));
    size_t most = set && set->max_runs ? (size_t)set->max_runs : SIZE_MAX;
    while (l->n_queued && l->n_running < most)
        go(h, list_first(&l->queued, struct run, link));
}

static struct run *known(struct helios *h, const struct run_order *o)
{
    struct run *r;
    _cleanup_(buf_done) struct buf text = {0};
    if (o->key.n == 0)
        return NULL;
    buf_printf(&text, BYTES_F "/" BYTES_F, BYTES_A(o->pipeline), BYTES_A(o->key));
    HASH_FIND(hh_key, runs_of(h)->by_key, text.at, text.n, r);
    return r;
}

struct run *run_start(struct helios *h, const struct run_order *o, char *err)
{
    char unheard[FILL_ERR];
    _cleanup_(buf_done) struct buf params = {0};
    const struct set_pipeline *set = pipeline_find(h->config, o->pipeline);
    struct run *r = known(h, o);
    err = err ? err : unheard;
    if (r)
        return r;
    if (set == NULL) {
        snprintf(err, 200, "there is no pipeline " BYTES_F, (int)MIN(o->pipeline.n, (size_t)64), o->pipeline.at);
        return NULL;
    }
    if (merge_params(set, o->params, &params, err) < 0)
        return NULL;
    struct plan *plan = plan_for(h, set, err);
    if (plan == NULL)
        return NULL;
    r = make(h, o, plan, buf_bytes(&params));
    enter_line(h, r);
    save_mark(h, &r->save);
    next_runs(h, r->line);
    return r;
}

/* ---- end ---- */

static const struct step *first_failed(const struct run *r)
{
    for (size_t i = 0; i < r->plan->n_order; i++)
        if (r->steps[r->plan->order[i]].r.state == step_state_FAILED)
            return &r->steps[r->plan->order[i]];
    return NULL;
}

static enum run_state how_it_ended(struct run *r)
{
    const struct step *failed = first_failed(r);
    if (r->r.error.n)
        return run_state_CANCELLED;
    if (failed)
        own_printf(&r->r.error, "%s failed: %s", failed->plan->set->name.at, failed->r.error.n ? failed->r.error.at : "");
    else if (r->n_cancelled)
        own_text(&r->r.error, "a step was cancelled");
    return failed ? run_state_FAILED : r->n_cancelled ? run_state_CANCELLED : run_state_COMPLETED;
}

static void note_ended(struct helios *h, const struct run *r)
{
    struct buf took = {0}, facts = {0};
    struct pack p;
    pack_init(&p, &facts);
    pack_map(&p);
    pack_put_str(&p, "pipeline", r->r.pipeline);
    pack_put_text(&p, "state", enum_text(&enum_run_state, (int)r->r.state));
    pack_put_bool(&p, "dry_run", r->r.dry_run);
    pack_end(&p);
    text_duration(&took, r->r.ended - r->r.began);
    note(h, EVENT_run_ended, r->r.id.at, r->r.owner_id.n ? r->r.owner_id.at : NULL, &facts, "%s of %s is %s after %s%s%s", r->r.id.at,
         r->r.pipeline.at, enum_text(&enum_run_state, (int)r->r.state), buf_str(&took), r->r.error.n ? ": " : "",
         r->r.error.n ? r->r.error.at : "");
    buf_done(&took);
    buf_done(&facts);
}

/* The owner is told in the commit in which the run ends; it may start other runs. */
static void run_end(struct helios *h, struct run *r)
{
    struct line *line = r->line;
    enum run_state state = how_it_ended(r);
    r->r.ended = h->now;
    r->r.done = r->n_ended;
    set_state(h, r, state);
    note_ended(h, r);
    decide_on_run(h, r);
    next_runs(h, line);
    bound_line(h, line);
}

static void pump(struct helios *h, struct timer *t)
{
    struct runs *all = runs_of(h);
    (void)t;
    for (all->budget = A_TURN; all->budget && !list_empty(&all->ready);) {
        all->budget--;
        step_look(h, list_first(&all->ready, struct step, link));
    }
    for (struct run *r; (r = list_first(&all->over, struct run, over));) {
        list_out(&r->over);
        run_end(h, r);
    }
    if (!list_empty(&all->ready))
        runs_wake(h);
}

/* ---- cancel and retry ---- */

static void stop_step(struct helios *h, struct step *s)
{
    if (s->r.state == step_state_RUNNING && s->plan->set->each.n)
        fan_cancel(h, s, s->run->r.error.at);
    else if (s->r.state == step_state_RUNNING && work_stop(h, s->plan, s->r.task, s->run->r.error.at))
        step_settle(h, s, &(struct step_end){.state = step_state_CANCELLED, .error = s->run->r.error});
    else if (s->r.state == step_state_WAITING && list_empty(&s->link))
        list_push(&runs_of(h)->ready, &s->link);
}

int run_cancel(struct helios *h, struct run *r, struct bytes author, const char *reason)
{
    if (run_ended(r) || r->r.error.n)
        return -EALREADY;
    if (author.n)
        own_printf(&r->r.error, "was cancelled by " BYTES_F "%s%s", BYTES_A(author), reason && *reason ? ": " : "",
                   reason ? reason : "");
    else
        own_printf(&r->r.error, "was cancelled: %s", reason && *reason ? reason : "no reason given");
    if (r->r.state == run_state_QUEUED)
        go(h, r);
    save_mark(h, &r->save);
    for (size_t i = 0; i < r->plan->n; i++)
        stop_step(h, &r->steps[i]);
    runs_wake(h);
    return 0;
}

int run_retry(struct helios *h, struct run *r, struct bytes author)
{
    if (r->r.state != run_state_FAILED && r->r.state != run_state_CANCELLED)
        return -EINVAL;
    leave_line(h, r);
    for (size_t i = 0; i < r->plan->n; i++)
        if (r->steps[i].r.state != step_state_WAITING && !step_good(&r->steps[i]))
            step_reset(h, &r->steps[i]);
    r->r.state = run_state_QUEUED;
    r->r.ended = 0;
    r->r.tries++;
    own_text(&r->r.error, "");
    if (author.n)
        own_set(&r->r.author, author);
    enter_line(h, r);
    save_mark(h, &r->save);
    next_runs(h, r->line);
    return 0;
}

/* ---- what is loaded ---- */

static int load_plan(struct helios *h, struct bytes value)
{
    struct rec_plan r;
    int failed = decide_decode(REC_plan, value, &r);
    if (failed)
        return failed;
    struct plan *p = plan_new(&r);
    if (p == NULL)
        return -EPROTO;
    save_loaded(&p->save);
    HASH_ADD_KEYPTR(hh, runs_of(h)->plans, p->r.id.at, p->r.id.n, p);
    return 0;
}

static int load_run(struct helios *h, struct bytes value)
{
    struct rec_run r;
    int failed = decide_decode(REC_run, value, &r);
    if (failed)
        return failed;
    struct plan *plan = plan_by(h, r.plan);
    if (plan == NULL || run_find(h, r.id)) {
        record_free(&schema_records[REC_run], &r);
        return -EPROTO;
    }
    struct run *made = run_new(h, &r, plan);
    save_loaded(&made->save);
    enter_line(h, made);
    return 0;
}

static int put_part(struct step *s, int64_t n, const struct rec_step *r)
{
    struct slice *p = s->plan->set->each.n ? fan_load(s, (size_t)n) : NULL;
    if (p == NULL)
        return -EPROTO;
    p->r = *r;
    save_loaded(&p->save);
    return 0;
}

static int load_step(struct helios *h, struct bytes value)
{
    struct rec_step r;
    int64_t part = -1;
    int failed = decide_decode(REC_step, value, &r);
    if (failed == 0 && r.state == step_state_COMPLETED && MUTANT(forget)) {
        record_free(&schema_records[REC_step], &r);
        return 0;
    }
    if (failed)
        return failed;
    struct step *s = r.parts <= PARTS_MOST ? step_of(h, r.id, &part) : NULL;
    if (s && part < 0 && s->r.id.n == 0) {
        s->r = r;
        save_loaded(&s->save);
    } else {
        failed = s && part >= 0 ? put_part(s, part, &r) : -EPROTO;
    }
    if (failed) {
        record_free(&schema_records[REC_step], &r);
        return failed;
    }
    s->run->bytes += r.data.n + r.output.n;
    if (run_ended(s->run)) /* it entered its line without them */
        runs_of(h)->bytes_kept += r.data.n + r.output.n;
    return 0;
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    switch (kind) {
    case REC_plan:
        return load_plan(h, value);
    case REC_run:
        return load_run(h, value);
    case REC_step:
        return load_step(h, value);
    case REC_took:
        return took_load(h, value);
    default:
        return -ENOENT;
    }
}

static int by_end(const void *a, const void *b)
{
    const struct run *const *x = a, *const *y = b;
    int64_t xe = (*x)->r.ended, ye = (*y)->r.ended;
    uint64_t xn = (*x)->number, yn = (*y)->number;
    return xe != ye ? (xe < ye ? -1 : 1) : xn < yn ? -1 : xn > yn;
}

/* Records come in any order: lines are sorted by end, then by number. */
static void sort_list(struct list *l, size_t n)
{
    _autofree_ struct run **all = xalloc((n + 1) * sizeof(struct run *));
    size_t k = 0;
    list_each (r, l, struct run, link) {
        all[k++] = r;
        list_out(&r->link);
    }
    qsort(all, k, sizeof(*all), by_end);
    for (size_t i = 0; i < k; i++)
        list_push(l, &all[i]->link);
}

/* A plan that nobody uses was left by a run that went with it in another commit: there is none, but it would stay for ever. */
static void drop_idle_plans(struct helios *h)
{
    struct plan *p, *next;
    HASH_ITER (hh, runs_of(h)->plans, p, next) {
        if (p->users)
            continue;
        p->users = 1;
        plan_leave(h, p);
    }
}

static void go_on(struct helios *h, struct line *l)
{
    sort_list(&l->queued, l->n_queued);
    sort_list(&l->running, l->n_running);
    sort_list(&l->ended, l->n_ended);
    list_each (r, &l->running, struct run, link)
        steps_go(h, r);
    next_runs(h, l);
    bound_line(h, l);
}

static void lead(struct helios *h)
{
    struct line *l, *next;
    drop_idle_plans(h);
    HASH_ITER (hh, runs_of(h)->lines, l, next)
        go_on(h, l);
    took_reload(h);
}

static void reload(struct helios *h)
{
    struct line *l, *next;
    HASH_ITER (hh, runs_of(h)->lines, l, next) {
        next_runs(h, l);
        bound_line(h, l);
    }
    took_reload(h);
}

/* ---- what ends ---- */

static const enum step_state ends[task_state_COUNT] = {
    [task_state_COMPLETED] = step_state_COMPLETED,
    [task_state_FAILED] = step_state_FAILED,
    [task_state_CANCELLED] = step_state_CANCELLED,
    [task_state_UNKNOWN] = step_state_FAILED,
};

/* An end counts only for what it was asked for: after a retry an older task may still end. */
static void settle(struct helios *h, const char *id, struct bytes task, const struct step_end *end)
{
    int64_t part;
    struct step *s = step_of(h, bytes_of(id), &part);
    if (s == NULL || s->r.state != step_state_RUNNING)
        return;
    if (part < 0 && bytes_eq(s->r.task, task)) {
        step_settle(h, s, end);
    } else if (part >= 0) {
        const struct rec_step *r = fan_part(s, (size_t)part);
        if (r && bytes_eq(r->task, task))
            fan_part_ended(h, s, (size_t)part, end);
    }
}

static void on_done(struct helios *h, const char *owner_id, const struct rec_task *ended)
{
    settle(h, owner_id, ended->id,
           &(struct step_end){.state = ends[ended->state],
                              .data = ended->data,
                              .output = ended->output,
                              .error = ended->error,
                              .agent = ended->holder,
                              .attempt = ended->attempt});
}

/* on_run: a run that was a step of another one has ended. Its last steps' data is the step's. */
static void pack_last(const struct run *r, struct buf *out)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    for (size_t i = 0; i < r->plan->n; i++)
        if (r->plan->steps[i].n_children == 0 && r->steps[i].r.state == step_state_COMPLETED) {
            pack_key_bytes(&p, r->plan->steps[i].set->name);
            pack_raw(&p, r->steps[i].r.data);
        }
    pack_end(&p);
    if (!fill_fits(buf_bytes(out)))
        buf_clear(out);
}

static void on_run(struct helios *h, const char *owner_id, const struct run *r)
{
    static const enum step_state states[run_state_COUNT] = {[run_state_COMPLETED] = step_state_COMPLETED,
                                                            [run_state_FAILED] = step_state_FAILED,
                                                            [run_state_CANCELLED] = step_state_CANCELLED};
    _cleanup_(buf_done) struct buf data = {0};
    if (r->r.state == run_state_COMPLETED)
        pack_last(r, &data);
    settle(h, owner_id, r->r.id,
           &(struct step_end){.state = states[r->r.state], .data = buf_bytes(&data), .error = r->r.error, .attempt = r->r.tries + 1});
}

/* V5: the decision is the step's end. */
static void on_review(struct helios *h, const char *owner_id, const struct rec_review *decided, struct bytes data)
{
    int64_t part;
    const struct step *s = step_of(h, bytes_of(owner_id), &part);
    bool approved = decided->state == review_state_APPROVED, skip = s && s->plan->set->on_reject == on_reject_skip;
    char why[200];
    snprintf(why, sizeof(why), "%s rejects: " BYTES_F, decided->committee.at, (int)MIN(decided->reason.n, (size_t)120),
             decided->reason.n ? decided->reason.at : "");
    settle(h, owner_id, decided->id,
           &(struct step_end){.state = approved ? step_state_COMPLETED : skip ? step_state_SKIPPED : step_state_FAILED,
                              .data = data,
                              .error = bytes_of(approved ? "" : why),
                              .attempt = 1});
}

/* ---- the row ---- */

static void init(struct helios *h)
{
    struct runs *all = h->decide.state[DECIDE_run] = NEW(struct runs);
    list_init(&all->ready);
    list_init(&all->over);
    all->pump.run = pump;
}

static void done(struct helios *h)
{
    struct runs *all = runs_of(h);
    struct run *r, *next;
    struct plan *p, *next_plan;
    struct line *l, *next_line;
    HASH_ITER (hh, all->by_id, r, next) {
        list_out(&r->link);
        run_free(h, r);
    }
    HASH_ITER (hh, all->plans, p, next_plan) {
        HASH_DEL(all->plans, p);
        plan_free(p);
    }
    HASH_ITER (hh, all->lines, l, next_line) {
        HASH_DEL(all->lines, l);
        free(l->name);
        free(l);
    }
    took_free(h);
    free(all);
}

const struct decider decider_run = {
    .kind = "run",
    .init = init,
    .done = done,
    .load = load,
    .lead = lead,
    .reload = reload,
    .on_done = on_done,
    .on_run = on_run,
    .on_review = on_review,
};
