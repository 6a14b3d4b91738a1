/* SPDX-License-Identifier: MPL-2.0 */
/* The long view: the task `strategic_planning` (horizon, scenarios) and the summary by the clock
 * (reports.strategic). Projects KPIs along their significant slopes, and what the known
 * optimizations could win back.
 *
 *   value at the horizon = value now + slope × horizon; its score by H2
 *   with optimizations   = score + (100 − score) × (1 − Π (1 − impact × success)) over the plans
 *                          that improve or help the KPI
 *   health               = weighted mean of the scores */
#include <math.h>

#include "common/text.h"
#include "cycle.h"
#include "incident.h"
#include "orchestrator/sense/kpi.h"
#include "priority.h"
#include "report.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

struct strategy {
    struct timer timer;
};

/* ---- scenarios: how much of what was learned is counted on ---- */

static double as_is(const struct odds *o)
{
    (void)o;
    return 0;
}
static double careful(const struct odds *o)
{
    return o->lower;
}
static double expected(const struct odds *o)
{
    return o->mean;
}
static double optimistic(const struct odds *o)
{
    return o->upper;
}

static const struct scenario {
    const char *name, *doc;
    double (*success)(const struct odds *o);
} scenarios[] = {
    {"as_is", "nothing is changed; trends go on", as_is},
    {"careful", "every fitting optimization, with the lower bound of its learned success", careful},
    {"expected", "every fitting optimization, with its mean learned success", expected},
    {"optimistic", "every fitting optimization, with the upper bound of its learned success",
     optimistic},
};

struct projection {
    struct helios *h;
    const struct scenario *scenario;
    int64_t horizon;
    struct pack *p; /* NULL: only the sums */
    double weight, sum;
};

static double won_back(struct helios *h, const struct set_kpi *kpi, const struct scenario *scenario)
{
    double left = 1;
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations) {
        if (!plan->enabled || plan->emergency || plan_fits(plan, kpi) < 2)
            continue;
        char context[128];
        snprintf(context, sizeof(context), "%s:high", kpi->name.at);
        struct odds odds = learned_odds(h, plan->name, bytes_of(context));
        left *= 1 - plan->impact * scenario->success(&odds);
    }
    return 1 - left;
}

static void project(struct helios *h, struct kpi *k, void *context)
{
    struct projection *to = context;
    const struct set_kpi *c = kpi_config(k);
    if (c->weight <= 0 || !kpi_known(h, k))
        return;
    double value = kpi_value(h, k) + k->slope * (double)to->horizon / 1000;
    double score = kpi_score_of(c, fmax(c->lowest, fmin(c->highest, value)));
    double after = score + (100 - score) * won_back(h, c, to->scenario);
    to->weight += c->weight;
    to->sum += c->weight * after;
    if (to->p == NULL)
        return;
    pack_map(to->p);
    pack_put_str(to->p, "kpi", c->name);
    pack_put_num(to->p, "now", kpi_value(h, k));
    pack_put_num(to->p, "target", c->target);
    pack_put_num(to->p, "slope_a_day", k->slope * (double)DAY_MS / 1000);
    pack_put_num(to->p, "at_horizon", value);
    pack_put_num(to->p, "score_now", kpi_score(h, k));
    pack_put_num(to->p, "score_at_horizon", score);
    pack_put_num(to->p, "score_with_optimizations", after);
    pack_end(to->p);
}

static void pack_scenario(struct helios *h, struct pack *p, const struct scenario *s,
                          struct bytes name, int64_t horizon)
{
    struct projection to = {.h = h, .scenario = s, .horizon = horizon};
    kpi_each(h, project, &to);
    pack_map(p);
    pack_put_str(p, "scenario", name);
    pack_put_text(p, "means", s->doc);
    pack_put_num(p, "health_at_horizon", to.weight > 0 ? to.sum / to.weight : 0);
    pack_put_num(p, "target", h->config->health.target);
    pack_put_bool(p, "reaches_target",
                  to.weight > 0 && to.sum / to.weight >= h->config->health.target);
    pack_end(p);
}

/* A name that is none of ours is planned as expected: the seed lets people invent scenarios. */
static const struct scenario *scenario_of(struct bytes name)
{
    for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
        if (bytes_is(name, scenarios[i].name))
            return &scenarios[i];
    return &scenarios[2];
}

static void pack_scenarios(struct helios *h, struct pack *p, struct bytes args, int64_t horizon)
{
    struct value asked = map_get(args, "scenarios"), item;
    struct walk walk = walk_of(asked.whole);
    bool any = false;
    pack_list(p);
    while (asked.type == VALUE_LIST && walk_item(&walk, &item))
        if (item.type == VALUE_STR) {
            pack_scenario(h, p, scenario_of(item.text), item.text, horizon);
            any = true;
        }
    for (size_t i = 0; !any && i < ARRAY_SIZE(scenarios); i++)
        pack_scenario(h, p, &scenarios[i], bytes_of(scenarios[i].name), horizon);
    pack_end(p);
}

/* ---- the roadmap ---- */

static const char *phase_of(const struct candidate *c)
{
    if (c->for_.urgency <= 2 && c->plan->complexity <= 2)
        return "now";
    return c->for_.urgency <= 2 || c->plan->complexity <= 2 ? "next" : "later";
}

static void pack_roadmap(struct helios *h, struct pack *p)
{
    struct bottlenecks b = bottlenecks_find(h, 0, (struct seq){0}, true);
    struct candidates all = candidates_find(h, &b, (struct bytes){0});
    pack_list(p);
    for (size_t i = 0; i < all.n; i++) {
        const struct candidate *c = &all.at[i];
        pack_map(p);
        pack_put_int(p, "place", (int64_t)i + 1);
        pack_put_text(p, "phase", phase_of(c));
        pack_put_str(p, "optimization", c->plan->name);
        pack_put_str(p, "swarm", c->plan->swarm);
        pack_put_str(p, "kpi", c->for_.config->name);
        pack_put_text(p, "class", c->for_.class);
        pack_put_num(p, "score", c->score);
        pack_put_num(p, "success", c->odds.mean);
        pack_put_num(p, "complexity", c->plan->complexity);
        pack_put_num(p, "resources", c->plan->resources);
        pack_end(p);
    }
    pack_end(p);
    candidates_done(&all);
    bottlenecks_done(&b);
}

/* ---- what was ---- */

static void pack_past(struct helios *h, struct pack *p, int64_t since)
{
    int64_t verdicts[verdict_COUNT] = {0}, cycles = 0, incidents = 0, stuck = 0;
    list_each (o, &optimizations_of(h)->ended, struct optimization, link)
        if (o->r.ended >= since) {
            verdicts[o->r.verdict]++;
            stuck += o->r.state == opt_state_STUCK;
        }
    list_each (c, &cycles_of(h)->ended, struct cycle, link)
        cycles += c->r.began >= since;
    list_each (i, &incidents_of(h)->ended, struct incident, link)
        incidents += i->r.ended >= since;
    pack_map(p);
    pack_put_int(p, "since", since);
    pack_put_int(p, "cycles", cycles);
    pack_put_int(p, "incidents", incidents);
    for (int v = verdict_NONE + 1; v < verdict_COUNT; v++)
        pack_put_int(p, enum_text(&enum_verdict, v), verdicts[v]);
    pack_put_int(p, "stuck", stuck);
    pack_end(p);
}

static void pack_plan(struct helios *h, struct buf *out, struct bytes args, int64_t horizon,
                      int64_t since)
{
    struct pack p;
    struct projection to = {.h = h, .scenario = &scenarios[2], .horizon = horizon, .p = &p};
    pack_init(&p, out);
    pack_map(&p);
    pack_put_int(&p, "horizon_ms", horizon);
    pack_put_num(&p, "horizon_days", (double)horizon / DAY_MS);
    pack_put_num(&p, "health", health_of(h, "realm").score);
    pack_put_num(&p, "health_target", h->config->health.target);
    pack_key(&p, "scenarios");
    pack_scenarios(h, &p, args, horizon);
    pack_key(&p, "roadmap");
    pack_roadmap(h, &p);
    pack_key(&p, "projections");
    pack_list(&p);
    kpi_each(h, project, &to);
    pack_end(&p);
    pack_key(&p, "past");
    pack_past(h, &p, since);
    pack_end(&p);
}

/* "7_days", "24_hours", "7d", "12h", or a number of days. */
static int64_t horizon_of(struct bytes args)
{
    struct value given = map_get(args, "horizon");
    _autofree_ char *text = bytes_dup(given.type == VALUE_STR ? given.text : BYTES("7_days"));
    int64_t ms;
    char unit[8] = "";
    double n = given.type == VALUE_INT   ? (double)given.integer
               : given.type == VALUE_NUM ? given.number
                                         : 0;
    if (n > 0)
        return (int64_t)(fmin(n, 3650) * DAY_MS);
    if (text_parse_duration(bytes_of(text), &ms) == 0 && ms > 0)
        return MIN(ms, 3650 * DAY_MS);
    if (sscanf(text, "%lf_%7[a-z]", &n, unit) == 2 && n > 0)
        return (int64_t)(fmin(n, 3650) * (double)(unit[0] == 'h'   ? DAY_MS / 24
                                                  : unit[0] == 'w' ? 7 * DAY_MS
                                                  : unit[0] == 'm' ? 30 * DAY_MS
                                                                   : DAY_MS));
    return 7 * DAY_MS;
}

static void on_request(struct helios *h, struct task *t)
{
    struct buf out = {0};
    char name[64], title[96];
    int64_t horizon = horizon_of(t->r.params);
    pack_plan(h, &out, t->r.params, horizon, h->now - horizon);
    snprintf(name, sizeof(name), "strategy-%s", t->r.id.at);
    snprintf(title, sizeof(title), "Strategic plan for %.1f days", (double)horizon / DAY_MS);
    report_write(h, name, title,
                 "What trends and known optimizations lead to, and in which order to go.",
                 t->r.id.at, buf_bytes(&out));
    task_end_internal(h, t, task_state_COMPLETED, buf_bytes(&out), "");
    buf_done(&out);
}

/* ---- the summary by the clock ---- */

static void arm(struct helios *h)
{
    struct strategy *s = h->decide.state[DECIDE_strategy];
    timer_set(h, &s->timer,
              MAX(h->control.last_strategy + h->config->reports.strategic_ms, h->now + 1));
}

static void on_timer(struct helios *h, struct timer *t)
{
    struct buf out = {0}, day = {0};
    char name[64];
    (void)t;
    pack_plan(h, &out, (struct bytes){0}, h->config->reports.strategic_ms,
              h->control.last_strategy);
    text_time(&day, h->now);
    snprintf(name, sizeof(name), "strategy-%.10s", buf_str(&day));
    report_write(h, name, "Strategic summary", "What the last period brought, and what comes next.",
                 "strategy", buf_bytes(&out));
    h->control.last_strategy = h->now;
    save_mark(h, &h->control_save);
    buf_done(&out);
    buf_done(&day);
    arm(h);
}

static void init(struct helios *h)
{
    struct strategy *s = h->decide.state[DECIDE_strategy] = NEW(struct strategy);
    s->timer.run = on_timer;
}

static void done(struct helios *h)
{
    struct strategy *s = h->decide.state[DECIDE_strategy];
    timer_stop(h, &s->timer);
    free(s);
}

/* A realm that is new has no past to sum up: its first period begins now. */
static void lead(struct helios *h)
{
    if (h->control.last_strategy == 0) {
        h->control.last_strategy = h->now;
        save_mark(h, &h->control_save);
    }
    arm(h);
}

static const char *const actions[] = {"strategic_planning", NULL};

const struct decider decider_strategy = {.kind = "strategy",
                                         .init = init,
                                         .done = done,
                                         .lead = lead,
                                         .reload = arm,
                                         .actions = actions,
                                         .on_request = on_request};
