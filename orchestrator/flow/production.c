/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the figures and their record. Refuses to know what a video is. */
#include "production.h"

#include "common/zone.h"
#include "orchestrator/core/verb.h"

#define LOOK_MS 5000

struct production *production_of(struct helios *h)
{
    return h->decide.state[DECIDE_production];
}

/* ---- figures ---- */

static struct figure *figure_find(struct production *p, struct bytes name)
{
    for (size_t i = 0; i < p->n; i++)
        if (bytes_is(name, p->figures[i].name))
            return &p->figures[i];
    return NULL;
}

static struct figure *figure_add(struct production *p, struct bytes name)
{
    p->figures = xrealloc(p->figures, (p->n + 1) * sizeof(*p->figures));
    p->figures[p->n] = (struct figure){.name = bytes_dup(name)};
    return &p->figures[p->n++];
}

/* drop_stray makes room: of those that the config does not name any more the first one goes. */
static bool drop_stray(struct production *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->figures[i].set)
            continue;
        free(p->figures[i].name);
        memmove(&p->figures[i], &p->figures[i + 1], (--p->n - i) * sizeof(*p->figures));
        return true;
    }
    return false;
}

static void follow_config(struct helios *h)
{
    struct production *p = production_of(h);
    for (size_t i = 0; i < p->n; i++)
        p->figures[i].set = NULL;
    SEQ_EACH (set, const struct set_counter, h->config->production.counters) {
        struct figure *f = figure_find(p, set->name);
        f = f ? f : figure_add(p, set->name);
        f->set = set;
    }
    while (p->n > FIGURES_MOST && drop_stray(p))
        ;
}

static void keep(struct helios *h)
{
    struct production *p = production_of(h);
    struct buf packed = {0};
    struct pack out;
    pack_init(&out, &packed);
    pack_map(&out);
    for (size_t i = 0; i < p->n; i++) {
        pack_key(&out, p->figures[i].name);
        pack_list(&out);
        pack_uint(&out, p->figures[i].today);
        pack_uint(&out, p->figures[i].total);
        pack_end(&out);
    }
    pack_end(&out);
    own_set(&p->r.counters, buf_bytes(&packed));
    save_mark(h, &p->save);
    buf_done(&packed);
}

static int64_t day_of(int64_t at)
{
    return floor_div(at, DAY_MS) * DAY_MS;
}

uint64_t production_today(struct helios *h, const struct figure *f)
{
    return day_of(production_wall(h)) > production_of(h)->r.day ? 0 : f->today;
}

/* roll begins the counts of a new day; a clock that was set back begins none twice. */
static void roll(struct helios *h)
{
    struct production *p = production_of(h);
    for (size_t i = 0; i < p->n; i++)
        p->figures[i].today = production_today(h, &p->figures[i]);
    p->r.day = MAX(p->r.day, day_of(production_wall(h)));
}

/* ---- what is counted ---- */

typedef struct bytes counted_by(const struct set_counter *set);

static struct bytes by_action(const struct set_counter *set)
{
    return set->action;
}
static struct bytes by_pipeline(const struct set_counter *set)
{
    return set->pipeline;
}

static void count(struct helios *h, counted_by *of, struct bytes name)
{
    struct production *p = production_of(h);
    bool changed = false;
    for (size_t i = 0; i < p->n && name.n; i++) {
        struct figure *f = &p->figures[i];
        if (f->set == NULL || !bytes_eq(of(f->set), name))
            continue;
        if (!changed)
            roll(h);
        f->today++;
        f->total++;
        changed = true;
    }
    if (changed)
        keep(h);
}

static void see_completed(struct helios *h, const struct rec_entry *e)
{
    struct production *p = production_of(h);
    p->r.completed++;
    save_mark(h, &p->save);
    if (p->n)
        count(h, by_action, map_str(e->data, "action", ""));
}

static void see_failed(struct helios *h, const struct rec_entry *e)
{
    (void)e;
    production_of(h)->r.failed++;
    save_mark(h, &production_of(h)->save);
}

static void see_run(struct helios *h, const struct rec_entry *e)
{
    bool counts = bytes_is(map_str(e->data, "state", ""), "COMPLETED") && !map_bool(e->data, "dry_run", false);
    if (counts)
        count(h, by_pipeline, map_str(e->data, "pipeline", ""));
}

static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    if (kind == EVENT_task_completed)
        see_completed(h, e);
    else if (kind == EVENT_task_failed)
        see_failed(h, e);
    else if (kind == EVENT_run_ended)
        see_run(h, e);
}

/* ---- KPIs: those that the config names ---- */

static void tell_load(struct helios *h)
{
    if (kpi_find(h, BYTES("active_tasks")) == NULL && kpi_find(h, BYTES("task_queue_size")) == NULL)
        return;
    size_t active = work_running(h);
    kpi_own(h, "active_tasks", (double)active);
    kpi_own(h, "task_queue_size", (double)(h->work.n_tasks - MIN(active, h->work.n_tasks)));
}

static void tell_figure(struct helios *h, const struct figure *f)
{
    char name[80];
    snprintf(name, sizeof(name), "%s_today", f->name);
    kpi_own(h, name, (double)production_today(h, f));
    snprintf(name, sizeof(name), "%s_total", f->name);
    kpi_own(h, name, (double)f->total);
}

static void look(struct helios *h, struct timer *t)
{
    struct production *p = production_of(h);
    if (!p->looked)
        health_report_again(h);
    p->looked = true;
    tell_load(h);
    kpi_own(h, "tasks_completed", (double)p->r.completed);
    kpi_own(h, "tasks_failed", (double)p->r.failed);
    kpi_own(h, "uptime_hours", (double)(h->now - h->started) / (60 * 60 * 1000));
    for (size_t i = 0; i < p->n; i++)
        if (p->figures[i].set)
            tell_figure(h, &p->figures[i]);
    timer_set(h, t, h->now + LOOK_MS);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct production *p = h->decide.state[DECIDE_production] = NEW(struct production);
    struct_defaults(&schema_records[REC_production], &p->r);
    p->r.id = BYTES("realm");
    record_own(&schema_records[REC_production], &p->r);
    save_init(&p->save, REC_production, &p->r, &p->r.id);
    p->look.run = look;
    health_report_init(h);
}

static void done(struct helios *h)
{
    struct production *p = production_of(h);
    timer_stop(h, &p->look);
    timer_stop(h, &p->report);
    for (size_t i = 0; i < p->n; i++)
        free(p->figures[i].name);
    free(p->figures);
    save_forget(&p->save);
    record_free(&schema_records[REC_production], &p->r);
    free(p);
}

static void take_figures(struct production *p)
{
    struct value name, counts;
    for (struct walk w = walk_of(p->r.counters); walk_pair(&w, &name, &counts);) {
        struct walk pair = walk_of(counts.whole);
        struct value today = {0}, total = {0};
        if (p->n == FIGURES_MOST || !walk_item(&pair, &today) || !walk_item(&pair, &total))
            continue;
        struct figure *f = figure_add(p, name.text);
        f->today = today.type == VALUE_INT ? (uint64_t)today.integer : 0;
        f->total = total.type == VALUE_INT ? (uint64_t)total.integer : 0;
    }
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct production *p = production_of(h);
    struct rec_production r;
    if (kind != REC_production)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed)
        return failed;
    record_free(&schema_records[REC_production], &p->r);
    p->r = r;
    save_loaded(&p->save);
    take_figures(p);
    return 0;
}

static void lead(struct helios *h)
{
    follow_config(h);
    health_report_arm(h);
    timer_set(h, &production_of(h)->look, h->now);
}

static void reload(struct helios *h)
{
    follow_config(h);
    health_report_arm(h);
}

const struct decider decider_production = {.kind = "production",
                                           .init = init,
                                           .done = done,
                                           .load = load,
                                           .lead = lead,
                                           .reload = reload,
                                           .on_wall = health_report_arm,
                                           .on_event = on_event};

/* ---- verbs ---- */

static int query_health_report(struct helios *h, struct verb_call *call)
{
    struct production *p = production_of(h);
    pack_put_raw(&call->answer, "report", p->r.report);
    pack_put_int(&call->answer, "at", p->r.report.n ? h->control.last_report : 0);
    health_report_pack_name(h, &call->answer, "file");
    pack_put_str(&call->answer, "writer", p->r.writer);
    pack_put_int(&call->answer, "next_at", timer_is_set(&p->report) ? p->report.node.key + h->wall_ahead : 0);
    pack_key(&call->answer, "now");
    health_report_pack(h, &call->answer);
    return 0;
}

const struct verb production_verbs[] = {
    {"health_report", false, "", "the newest hourly report, and its figures as they are now", query_health_report},
    {0},
};
