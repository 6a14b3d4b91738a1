/* SPDX-License-Identifier: MPL-2.0 */
/* What a cycle does in each state. Owns the question to the analysts; the ranking is priority.c's,
 * the permission permit.c's. */
#include "cycle.h"
#include "metrics.h"
#include "orchestrator/core/helios.h"
#include "priority.h"

/* ---- what the asking task wants ---- */

/* `focus_areas` is a list of names (or one): KPIs, swarms or categories. */
static struct seq focus_of(const struct cycle *c)
{
    struct seq focus = {0};
    struct value given = map_get(c->r.args, "focus_areas"), item;
    struct walk walk = walk_of(given.whole);
    if (given.type == VALUE_STR && given.text.n)
        own_names_add(&focus, given.text);
    while (given.type == VALUE_LIST && walk_item(&walk, &item))
        if (item.type == VALUE_STR)
            own_names_add(&focus, item.text);
    return focus;
}

static bool only_analyses(const struct cycle *c)
{
    return bytes_is(c->r.mode, "analysis");
}

/* depth `quick` asks no analyst; `comprehensive` (the default) asks them, and lists every KPI that
 * is not at its target. */
static bool quick(const struct cycle *c)
{
    return bytes_is(map_str(c->r.args, "depth", "comprehensive"), "quick");
}

static struct bottlenecks find_bottlenecks(struct helios *h, const struct cycle *c)
{
    struct seq focus = focus_of(c);
    bool all = only_analyses(c) && !quick(c);
    struct bottlenecks found = bottlenecks_find(h, all ? 0 : h->config->cycle.severity, focus, all);
    own_names(&focus, NULL, 0);
    return found;
}

/* ---- collect ---- */

static void keep_metrics(struct helios *h, struct cycle *c)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    metrics_pack_brief(h, &p);
    pack_end(&p);
    own_set(&c->r.metrics, buf_bytes(&out));
    buf_done(&out);
}

static void note_began(struct helios *h, const struct cycle *c)
{
    struct buf data = {0};
    struct pack p;
    struct health now = health_of(h, "realm");
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_str(&p, "mode", c->r.mode);
    pack_put_num(&p, "health", now.score);
    pack_put_num(&p, "coverage", now.coverage);
    pack_put_bool(&p, "known", now.known);
    pack_put_num(&p, "target", h->config->health.target);
    pack_end(&p);
    note(h, EVENT_cycle_began, c->r.id.at, c->r.task.n ? c->r.task.at : NULL, &data,
         "%s begins (%s): health %.0f, target %.0f", c->r.id.at, c->r.mode.at, now.score,
         h->config->health.target);
    buf_done(&data);
}

static void note_bottlenecks(struct helios *h, struct cycle *c, const struct bottlenecks *b)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    bottlenecks_pack(&p, b);
    own_set(&c->r.bottlenecks, buf_bytes(&data));
    buf_clear(&data);
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_num(&p, "least_severity", h->config->cycle.severity);
    pack_put_raw(&p, "found", c->r.bottlenecks);
    pack_end(&p);
    if (b->n)
        note(h, EVENT_cycle_bottlenecks, c->r.id.at, NULL, &data,
             "%zu bottlenecks; worst: %s at %.4g (score %.0f, %s)", b->n, b->at[0].config->name.at,
             b->at[0].value, b->at[0].score, b->at[0].class);
    else
        note(h, EVENT_cycle_bottlenecks, c->r.id.at, NULL, &data,
             "no bottleneck: every known KPI misses less than %.0f points",
             h->config->cycle.severity);
    buf_done(&data);
}

/* ---- the question ---- */

static void pack_candidate_question(struct pack *p, const struct candidate *c)
{
    pack_map(p);
    pack_put_str(p, "optimization", c->plan->name);
    pack_put_str(p, "title", c->plan->title);
    pack_put_str(p, "kpi", c->for_.config->name);
    pack_key(p, "diagnose");
    if (c->plan->diagnose.action.n) {
        pack_map(p);
        pack_put_str(p, "action", c->plan->diagnose.action);
        pack_put_raw(p, "params", c->plan->diagnose.params);
        pack_end(p);
    } else {
        pack_nil(p);
    }
    pack_end(p);
}

static void pack_question(struct buf *out, struct bytes swarm, const struct bottlenecks *b,
                          const struct candidates *all)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_key(&p, "bottlenecks");
    pack_list(&p);
    for (size_t i = 0; i < b->n; i++)
        bottleneck_pack(&p, &b->at[i]);
    pack_end(&p);
    pack_key(&p, "candidates");
    pack_list(&p);
    for (size_t i = 0; i < all->n; i++)
        if (bytes_eq(all->at[i].plan->swarm, swarm))
            pack_candidate_question(&p, &all->at[i]);
    pack_end(&p);
    pack_end(&p);
}

static void ask(struct helios *h, struct cycle *c, struct bytes swarm, const struct bottlenecks *b,
                const struct candidates *all)
{
    char err[256], key[128];
    struct buf params = {0};
    if (!roster_can(h, swarm.at, "analyst", "analyze"))
        return; /* nobody to wait for */
    pack_question(&params, swarm, b, all);
    snprintf(key, sizeof(key), "%s:analyze:%s", c->r.id.at, swarm.at);
    struct msg_request q = {
        .key = bytes_of(key),
        .action = BYTES("analyze"),
        .params = buf_bytes(&params),
        .swarm = swarm,
        .role = BYTES("analyst"),
        .priority = 1,
        .max_attempts = 1,
        .total_ms = (uint64_t)h->config->cycle.analyze_ms,
        .attempt_ms = (uint64_t)h->config->cycle.analyze_ms,
    };
    struct task *t = task_submit(h, &q, "helios", decider_cycle.kind, c->r.id.at, c->r.id.at, err);
    if (t)
        own_names_add(&c->r.waiting, t->r.id);
    buf_done(&params);
}

static bool asked_before(const struct candidates *all, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (bytes_eq(all->at[k].plan->swarm, all->at[i].plan->swarm))
            return true;
    return false;
}

static void ask_all(struct helios *h, struct cycle *c, const struct bottlenecks *b)
{
    struct candidates all = candidates_find(h, b, c->r.advice);
    for (size_t i = 0; i < all.n; i++)
        if (!asked_before(&all, i))
            ask(h, c, all.at[i].plan->swarm, b, &all);
    if (all.n == 0)
        own_text(&c->r.note, "no optimization of the config fits a bottleneck");
    candidates_done(&all);
}

void cycle_collect(struct helios *h, struct cycle *c)
{
    struct bottlenecks found = find_bottlenecks(h, c);
    note_began(h, c);
    keep_metrics(h, c);
    note_bottlenecks(h, c, &found);
    if (found.n == 0)
        own_text(&c->r.note, "no bottleneck");
    else if (!only_analyses(c) || !quick(c))
        ask_all(h, c, &found);
    bottlenecks_done(&found);
    cycle_step(h, c, c->r.note.n && !only_analyses(c) ? CYCLE_NOTHING : CYCLE_FOUND);
}

/* ---- the answers ---- */

void cycle_analyze(struct helios *h, struct cycle *c)
{
    SEQ_EACH (id, struct bytes, c->r.waiting)
        if (task_find(h, *id)) {
            timer_set(h, &c->timer, h->now + h->config->cycle.analyze_ms);
            return;
        }
    cycle_step(h, c, CYCLE_ADVISED);
}

static void add_advice(struct cycle *c, struct bytes result)
{
    struct bytes both[] = {c->r.advice, result};
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    pack_key(&p, "recommendations");
    pack_list(&p);
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        struct value list = map_get(both[i], "recommendations"), item;
        struct walk walk = walk_of(list.whole);
        while (list.type == VALUE_LIST && walk_item(&walk, &item))
            pack_raw(&p, item.whole);
    }
    pack_end(&p);
    pack_end(&p);
    own_set(&c->r.advice, buf_bytes(&out));
    buf_done(&out);
}

void cycle_take_advice(struct helios *h, struct cycle *c, const struct rec_task *ended)
{
    own_names_drop(&c->r.waiting, ended->id);
    if (ended->state == task_state_COMPLETED)
        add_advice(c, ended->data);
    save_mark(h, &c->save);
    if (c->r.state == cycle_state_ANALYZE && c->r.waiting.n == 0)
        cycle_step(h, c, CYCLE_ADVISED);
}

/* ---- dispatch ---- */

static void note_held(struct helios *h, const struct cycle *c, const struct candidate *one)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    candidate_pack(&p, one);
    note(h, EVENT_optimization_held, one->plan->name.at, c->r.id.at, &data, "%s is held (%s): %s",
         one->plan->name.at, one->held.rule, one->held.text);
    buf_done(&data);
}

static void start(struct helios *h, struct cycle *c, struct candidate *one)
{
    struct buf numbers = {0};
    struct pack p;
    pack_init(&p, &numbers);
    candidate_pack(&p, one);
    struct act act = {
        .plan = one->plan,
        .cycle = c->r.id.at,
        .reason = one->reason,
        .context = one->context,
        .advised = one->advised,
        .numbers = buf_bytes(&numbers),
    };
    if (one->refused) {
        one->held.rule = "analyst";
        snprintf(one->held.text, sizeof(one->held.text), "the analyst advises against it: %.180s",
                 one->reason);
    } else if (permit_act(h, &act, &one->held)) {
        struct optimization *o = optimization_start(h, &act);
        one->held = (struct why){0};
        snprintf(one->started, sizeof(one->started), "%s", o->r.id.at);
        own_names_add(&c->r.optimizations, o->r.id);
    }
    if (one->started[0] == 0)
        note_held(h, c, one);
    buf_done(&numbers);
}

static void note_priorities(struct helios *h, struct cycle *c, const struct candidates *all)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "formula",
                  "100 x (5 - urgency)/4 x business x gap x success x confidence / cost");
    pack_key(&p, "candidates");
    candidates_pack(&p, all);
    pack_end(&p);
    own_set(&c->r.priorities, buf_bytes(&data));
    note(h, EVENT_cycle_priorities, c->r.id.at, NULL, &data,
         "%zu candidates, %zu optimizations started", all->n, c->r.optimizations.n);
    buf_done(&data);
}

/* All swarms are served in this one turn: their tasks leave together. The KPIs are read anew, since
 * the analysts took their time. */
void cycle_dispatch(struct helios *h, struct cycle *c)
{
    struct bottlenecks found = find_bottlenecks(h, c);
    struct candidates all = candidates_find(h, &found, c->r.advice);
    for (size_t i = 0; i < all.n && !only_analyses(c); i++)
        start(h, c, &all.at[i]);
    note_priorities(h, c, &all);
    if (c->r.optimizations.n == 0 && c->r.note.n == 0)
        own_text(&c->r.note, only_analyses(c) ? ""
                             : all.n          ? "every candidate is held"
                                              : "nothing is left to do");
    candidates_done(&all);
    bottlenecks_done(&found);
    own_names(&c->r.waiting, NULL, 0); /* slow analysts are not listened to any more */
    cycle_step(h, c, c->r.optimizations.n ? CYCLE_STARTED : CYCLE_NOTHING);
}

/* ---- verify ---- */

/* Those that wait for a person are not waited for. */
bool cycle_optimizations_live(struct helios *h, const struct cycle *c)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (bytes_eq(o->r.cycle, c->r.id) && !o->r.needs_approval)
            return true;
    return false;
}

void cycle_verify(struct helios *h, struct cycle *c)
{
    if (!cycle_optimizations_live(h, c))
        cycle_step(h, c, CYCLE_SETTLED);
}
