/* SPDX-License-Identifier: MPL-2.0 */
/* The hourly report: one JSON object, a line of DATA/reports/health_YYYYMMDD.json. Owns its fields and its time; that it is due, that
 * it was written and what stood in it are of one commit, so that takeovers write none twice. Its hours are the wall's: when that is set back, the next one waits. */
#include <math.h>

#include "common/text.h"
#include "common/zone.h"
#include "orchestrator/core/stance.h"
#include "production.h"
#include "proto/json.h"

/* The line's fields, in the order in which people know them. */
void health_report_pack(struct helios *h, struct pack *p)
{
    struct production *all = production_of(h);
    size_t active = work_running(h);
    struct buf at = {0};
    char key[80];
    text_time(&at, production_wall(h));
    snprintf(key, sizeof(key), "%.19sZ", buf_str(&at)); /* the second is enough */
    pack_map(p);
    pack_put_text(p, "timestamp", key);
    pack_put_num(p, "uptime_hours", round((double)(h->now - h->started) / 36000) / 100);
    pack_put_int(p, "task_queue_size", (int64_t)(h->work.n_tasks - MIN(active, h->work.n_tasks)));
    pack_put_int(p, "active_tasks", (int64_t)active);
    pack_put_int(p, "completed_tasks", (int64_t)all->r.completed);
    pack_put_int(p, "failed_tasks", (int64_t)all->r.failed);
    pack_key(p, "metrics");
    pack_map(p);
    for (size_t i = 0; i < all->n; i++) {
        const struct figure *f = &all->figures[i];
        if (f->set == NULL)
            continue;
        snprintf(key, sizeof(key), "%s_today", f->name);
        pack_put_int(p, key, (int64_t)production_today(h, f));
        snprintf(key, sizeof(key), "%s_total", f->name);
        pack_put_int(p, key, (int64_t)f->total);
    }
    pack_put_int(p, "tasks_completed", (int64_t)all->r.completed);
    pack_put_int(p, "tasks_failed", (int64_t)all->r.failed);
    pack_end(p);
    pack_end(p);
    buf_done(&at);
}

struct file_name {
    char at[32];
};

static struct file_name name_at(int64_t at)
{
    struct file_name name;
    struct civil day = civil_of(floor_div(at, DAY_MS));
    snprintf(name.at, sizeof(name.at), "health_%04d%02d%02d.json", (int)MAX(MIN(day.year, 9999), 0), day.month % 100, day.day % 100);
    return name;
}

void health_report_pack_name(const struct helios *h, struct pack *p, const char *key)
{
    pack_put_text(p, key, h->control.last_report ? name_at(h->control.last_report).at : "");
}

static void want(struct helios *h, struct bytes report, int64_t at)
{
    struct buf line = {0};
    json_print(&line, report, false);
    helios_want_line(h, name_at(at).at, buf_take(&line));
}

static bool is_ours(const struct helios *h, struct bytes writer)
{
    return h->stance && h->stance->id && bytes_is(writer, h->stance->id);
}

void health_report_again(struct helios *h)
{
    const struct production *p = production_of(h);
    if (p->r.report.n && h->config->reports.enabled && is_ours(h, p->r.writer))
        want(h, p->r.report, h->control.last_report);
}

static void on_due(struct helios *h, struct timer *t)
{
    struct production *p = production_of(h);
    struct buf report = {0}, facts = {0};
    struct pack out;
    (void)t;
    pack_init(&out, &report);
    health_report_pack(h, &out);
    own_set(&p->r.report, buf_bytes(&report));
    own_text(&p->r.writer, h->stance && h->stance->id ? h->stance->id : "");
    save_mark(h, &p->save);
    h->control.last_report = production_wall(h);
    save_mark(h, &h->control_save);
    want(h, buf_bytes(&report), h->control.last_report);
    pack_init(&out, &facts);
    pack_map(&out);
    pack_put_text(&out, "file", name_at(h->control.last_report).at);
    pack_end(&out);
    note(h, EVENT_report_written, "health", NULL, &facts, "%s: one line more", name_at(h->control.last_report).at);
    buf_done(&report);
    buf_done(&facts);
    health_report_arm(h);
}

void health_report_init(struct helios *h)
{
    production_of(h)->report.run = on_due;
}

/* A realm that is new has nothing to tell: its first report is that of the next full hour. What fell due while nobody led is told
 * once. */
void health_report_arm(struct helios *h)
{
    int64_t every = h->config->reports.health_ms;
    struct timer *t = &production_of(h)->report;
    timer_stop(h, t);
    if (every == 0 || !h->config->reports.enabled)
        return;
    if (h->control.last_report == 0) {
        h->control.last_report = production_wall(h);
        save_mark(h, &h->control_save);
    }
    timer_set(h, t, (floor_div(h->control.last_report, every) + 1) * every - h->wall_ahead);
}
