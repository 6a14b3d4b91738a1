/* SPDX-License-Identifier: MPL-2.0 */
/* What came of a cycle: its outcome as data (the asking task's result) and as a report. */
#include "common/stats/sequential.h"
#include "cycle.h"
#include "metrics.h"
#include "optimization.h"
#include "report.h"
#include "show.h"

static size_t own_ones(struct helios *h, const struct cycle *c, const struct optimization **ret,
                       size_t most)
{
    struct list *lists[] = {&optimizations_of(h)->ended, &optimizations_of(h)->live};
    size_t n = 0;
    for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
        list_each (o, lists[l], struct optimization, link)
            if (bytes_eq(o->r.cycle, c->r.id) && n < most)
                ret[n++] = o;
    return n;
}

/* Each with the family's alpha at which it would stand among all verdicts of this cycle (Holm, X4). */
static void pack_optimizations(struct pack *p, const struct optimization **all, size_t n)
{
    double ps[64], adjusted[64];
    for (size_t i = 0; i < n; i++)
        ps[i] = all[i]->r.p;
    holm_adjust(ps, n, adjusted);
    pack_list(p);
    for (size_t i = 0; i < n; i++) {
        pack_map(p);
        optimization_pack_row(p, all[i]);
        pack_put_num(p, "p_holm", adjusted[i]);
        pack_end(p);
    }
    pack_end(p);
}

static size_t count(const struct optimization **all, size_t n, enum opt_state state)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += all[i]->r.state == state;
    return found;
}

static void pack_improvements(struct pack *p, const struct optimization **all, size_t n)
{
    pack_list(p);
    for (size_t i = 0; i < n; i++)
        if (all[i]->r.state == opt_state_ACCEPTED) {
            pack_map(p);
            pack_put_str(p, "kpi", all[i]->r.kpi);
            pack_put_str(p, "by", all[i]->r.name);
            pack_put_num(p, "before", all[i]->r.before);
            pack_put_num(p, "after", all[i]->r.after);
            pack_put_num(p, "score_before", all[i]->r.score_before);
            pack_put_num(p, "score_after", all[i]->r.score_after);
            pack_end(p);
        }
    pack_end(p);
}

/* What the next cycle should look at: candidates that were held, best first. */
static void pack_next(struct pack *p, const struct cycle *c)
{
    struct value list = map_get(c->r.priorities, "candidates"), item;
    struct walk walk = walk_of(list.whole);
    pack_list(p);
    while (list.type == VALUE_LIST && walk_item(&walk, &item)) {
        if (map_str(item.whole, "started", "").n)
            continue;
        pack_map(p);
        pack_put_str(p, "optimization", map_str(item.whole, "optimization", ""));
        pack_put_str(p, "kpi", map_str(item.whole, "kpi", ""));
        pack_put_num(p, "score", map_num(item.whole, "score", 0));
        pack_put_str(p, "reason", map_str(item.whole, "reason", ""));
        pack_put_str(p, "held", map_str(item.whole, "held", ""));
        pack_end(p);
    }
    pack_end(p);
}

static void pack_outcome(struct helios *h, struct pack *p, const struct cycle *c,
                         const struct optimization **all, size_t n)
{
    pack_map(p);
    pack_put_str(p, "cycle", c->r.id);
    pack_put_str(p, "mode", c->r.mode);
    pack_put_int(p, "began", c->r.began);
    pack_put_int(p, "duration_ms", h->now - c->r.began);
    pack_put_num(p, "health_before", c->r.health_before);
    pack_put_num(p, "health_after", c->r.health_after);
    pack_put_num(p, "health_change", c->r.health_after - c->r.health_before);
    pack_put_num(p, "health_target", h->config->health.target);
    pack_put_str(p, "note", c->r.note);
    pack_put_int(p, "started", (int64_t)n);
    pack_put_int(p, "accepted", (int64_t)count(all, n, opt_state_ACCEPTED));
    pack_put_int(p, "rolled_back", (int64_t)count(all, n, opt_state_ROLLED_BACK));
    pack_put_int(p, "stuck", (int64_t)count(all, n, opt_state_STUCK));
    pack_key(p, "optimizations");
    pack_optimizations(p, all, n);
    pack_key(p, "improvements");
    pack_improvements(p, all, n);
    pack_put_raw(p, "bottlenecks", c->r.bottlenecks);
    pack_key(p, "recommendations");
    pack_next(p, c);
    pack_key(p, "health");
    metrics_pack_health(h, p);
    if (bytes_is(c->r.mode, "analysis"))
        pack_put_raw(p, "metrics", c->r.metrics);
    pack_end(p);
}

void cycle_report(struct helios *h, struct cycle *c)
{
    const struct optimization *all[64];
    char name[64], title[96], summary[240];
    struct buf out = {0};
    struct pack p;
    bool analysis = bytes_is(c->r.mode, "analysis");
    size_t n = own_ones(h, c, all, ARRAY_SIZE(all));
    pack_init(&p, &out);
    pack_outcome(h, &p, c, all, n);
    own_set(&c->r.outcome, buf_bytes(&out));
    save_mark(h, &c->save);
    snprintf(name, sizeof(name), "%s-%s", analysis ? "analysis" : "cycle", c->r.id.at);
    snprintf(title, sizeof(title), "%s %s",
             analysis ? "Performance analysis" : "Optimization cycle", c->r.id.at);
    snprintf(
        summary, sizeof(summary),
        "%s: health %.1f to %.1f in %.0f s, %zu optimizations, %zu accepted, %zu rolled back%s%s",
        c->r.id.at, c->r.health_before, c->r.health_after, (double)(h->now - c->r.began) / 1000, n,
        count(all, n, opt_state_ACCEPTED), count(all, n, opt_state_ROLLED_BACK),
        c->r.note.n ? "; " : "", c->r.note.n ? c->r.note.at : "");
    report_write(h, name, title, summary, c->r.id.at, c->r.outcome);
    note(h, EVENT_cycle_ended, c->r.id.at, c->r.task.n ? c->r.task.at : NULL, &out, "%s", summary);
    buf_done(&out);
}
