/* SPDX-License-Identifier: MPL-2.0 */
/* A small shop for the deciders' tests: five KPIs with levels and noise, two swarms of scripted
 * agents, changes that move a level by a factor. The real core runs on virtual time; what was
 * committed survives a restart.
 *
 *   struct shop *s = shop_open();         s->c->config and s->plans may still be changed
 *   shop_lead(s);
 *   shop_run(s, 60000);                   samples, beats, tasks and results, as real agents would
 *   shop_state(s, "compress")             the newest optimization of that name */
#ifndef HELIOS_TESTS_SHOP_HARNESS_H
#define HELIOS_TESTS_SHOP_HARNESS_H

#include "realm_harness.h"

#include "orchestrator/core/verb.h"
#include "orchestrator/decide/breaker.h"
#include "orchestrator/decide/budget.h"
#include "orchestrator/decide/cycle.h"
#include "orchestrator/decide/incident.h"
#include "orchestrator/decide/optimization.h"

enum { PAGE, LAG, API, CACHE, ERRORS, SHOP_KPIS };
enum { COMPRESS, INLINE, TUNE, GROW, FIX_API, FIX_PAGE, SHOP_PLANS };
enum {
    A_FRONT = 1,
    H_FRONT,
    V_FRONT,
    A_BACK,
    H_BACK,
    V_BACK,
    SHOP_AGENTS,
    SHOP_SOURCE = 40,
    SHOP_CLIENT = 50
};

#define SAMPLE_MS 200

/* How an apply, a rollback or an inspection ends. */
enum shop_way { WELL, FAILS, SILENT };

struct shop {
    struct core *c;
    struct set_kpi kpis[SHOP_KPIS];
    struct set_optimization plans[SHOP_PLANS];
    double base[SHOP_KPIS];               /* before any change */
    double factor[SHOP_PLANS][SHOP_KPIS]; /* what each change does to a level; 0 = nothing */
    unsigned in[SHOP_PLANS];              /* legs applied and not undone */
    enum shop_way apply_way, undo_way, inspect_way;
    bool inspect_pass, diagnose_yes, undo_helps;
    bool quiet[SHOP_KPIS];  /* gives no samples */
    bool gone[SHOP_AGENTS]; /* says nothing any more */
    bool signed_only; /* implementers demand signatures (Z7) */
    double noise;           /* share of the level */
    struct rand rand;
    uint64_t seq, instance;
    int64_t next_sample, next_beat;
    unsigned applies, undos, inspects, analyses;
    unsigned events[EVENT_COUNT];
    char last[EVENT_COUNT][600]; /* the newest text of each event */
    struct bytes last_undo;      /* of a rollback; owned */
    char last_undo_of[80], last_target[40];
};

static inline struct bytes *shop_word(const char *text)
{
    struct bytes *word = NEW(struct bytes);
    *word = bytes_of(text);
    return word;
}

static inline struct seq shop_words(const char *text)
{
    return (struct seq){shop_word(text), 1};
}

static inline struct set_kpi shop_kpi(const char *name, const char *swarm, enum better better,
                                      double target, double critical, double weight)
{
    return (struct set_kpi){.name = bytes_of(name),
                            .unit = BYTES("ms"),
                            .title = BYTES(""),
                            .swarm = bytes_of(swarm),
                            .category = bytes_of(swarm),
                            .better = better,
                            .target = target,
                            .critical = critical,
                            .weight = weight,
                            .measure = measure_mean,
                            .stale_ms = 5000,
                            .lowest = -1e12,
                            .highest = 1e12,
                            .tolerance = 20,
                            .impact = 1};
}

static inline struct set_optimization shop_plan(const char *name, const char *swarm,
                                                const char *improves, const char *touches)
{
    return (struct set_optimization){.name = bytes_of(name),
                                     .title = bytes_of(name),
                                     .swarm = bytes_of(swarm),
                                     .improves = bytes_of(improves),
                                     .touches = shop_words(touches),
                                     .apply = {.action = BYTES("change")},
                                     .rollback = {.action = BYTES("unchange")},
                                     .enabled = true,
                                     .impact = 0.5,
                                     .complexity = 1,
                                     .resources = 1,
                                     .effect = 5};
}

static inline void shop_times(struct set_config *config)
{
    config->cycle.first_ms = 8000;
    config->cycle.every_ms = 40000;
    config->cycle.cooldown_ms = 10000;
    config->cycle.analyze_ms = 5000;
    config->health.window_ms = 2000;
    config->health.stale_ms = 5000;
    config->health.enter_windows = config->health.leave_windows = 2;
    config->health.enter_ms = config->health.leave_ms = 3000;
    config->verify.baseline_ms = 10000;
    config->verify.settle_ms = 1000;
    config->verify.window_ms = 16000;
    config->verify.return_ms = 8000;
    config->emergency.settle_ms = 1000;
    config->emergency.verify_ms = 12000;
}

static inline struct shop *shop_open(void)
{
    struct shop *s = NEW(struct shop);
    s->c = core_new();
    s->c->config.cycle.enabled = true;
    shop_times(&s->c->config);
    s->kpis[PAGE] = shop_kpi("page_time", "frontend", better_lower, 200, 1000, 3);
    s->kpis[LAG] = shop_kpi("ui_lag", "frontend", better_lower, 50, 500, 1);
    s->kpis[API] = shop_kpi("api_time", "backend", better_lower, 50, 250, 3);
    s->kpis[CACHE] = shop_kpi("cache_hit", "backend", better_higher, 90, 20, 2);
    s->kpis[ERRORS] = shop_kpi("errors", "", better_lower, 1, 10, 2);
    s->plans[COMPRESS] = shop_plan("compress", "frontend", "page_time", "static");
    s->plans[INLINE] = shop_plan("inline", "frontend", "page_time", "static");
    s->plans[TUNE] = shop_plan("tune", "backend", "api_time", "api");
    s->plans[GROW] = shop_plan("grow", "backend", "cache_hit", "cache");
    s->plans[FIX_API] = shop_plan("fix_api", "backend", "api_time", "api");
    s->plans[FIX_PAGE] = shop_plan("fix_page", "frontend", "page_time", "static");
    s->plans[FIX_API].emergency = s->plans[FIX_PAGE].emergency = true;
    s->plans[INLINE].enabled = false; /* tests that want the harmful one say so */
    s->plans[COMPRESS].guards = shop_words("errors");
    s->plans[TUNE].guards = shop_words("errors");
    const double base[SHOP_KPIS] = {800, 60, 210, 85, 1};
    memcpy(s->base, base, sizeof(base));
    s->factor[COMPRESS][PAGE] = s->factor[FIX_PAGE][PAGE] = 0.3;
    s->factor[TUNE][API] = s->factor[FIX_API][API] = 0.3;
    s->factor[INLINE][PAGE] = 1.6;
    s->c->config.kpis = (struct seq){s->kpis, SHOP_KPIS};
    s->c->config.optimizations = (struct seq){s->plans, SHOP_PLANS};
    s->noise = 0.1;
    s->rand.state = 42;
    s->inspect_pass = s->diagnose_yes = s->undo_helps = true;
    return s;
}

/* ---- agents ---- */

static inline void shop_hello(struct shop *s, int peer, const char *id, const char *swarm,
                              enum role role, const char *actions)
{
    struct msg_action offered[2] = {0};
    _autofree_ char *copy = xdup(actions);
    size_t n = 0;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        offered[n++] = (struct msg_action){
            .name = bytes_of(word), .needs_signature = s->signed_only && role == role_implementer};
    struct msg_hello hello = {.agent = bytes_of(id),
                              .instance = BYTES("1"),
                              .swarm = bytes_of(swarm),
                              .role = role,
                              .slots = 4,
                              .actions = {offered, n}};
    if (!s->gone[peer])
        core_send(s->c, peer, MSG_hello, &hello);
}

static inline void shop_join(struct shop *s)
{
    shop_hello(s, A_FRONT, "prometheus-f", "frontend", role_analyst, "analyze");
    shop_hello(s, H_FRONT, "hephaestus-f", "frontend", role_implementer, "apply rollback");
    shop_hello(s, V_FRONT, "athena-f", "frontend", role_verifier, "inspect");
    shop_hello(s, A_BACK, "prometheus-b", "backend", role_analyst, "analyze");
    shop_hello(s, H_BACK, "hephaestus-b", "backend", role_implementer, "apply rollback");
    shop_hello(s, V_BACK, "athena-b", "backend", role_verifier, "inspect");
    core_turn(s->c);
}

static inline int shop_plan_of(struct shop *s, struct bytes name)
{
    for (int i = 0; i < SHOP_PLANS; i++)
        if (bytes_eq(s->plans[i].name, name))
            return i;
    return -1;
}

static inline void shop_answer_analyze(struct shop *s, const struct msg_task *t, struct pack *p)
{
    struct value list = map_get(t->params, "candidates"), item;
    struct walk walk = walk_of(list.whole);
    s->analyses++;
    pack_key(p, "recommendations");
    pack_list(p);
    while (walk_item(&walk, &item)) {
        pack_map(p);
        pack_put_str(p, "optimization", map_str(item.whole, "optimization", ""));
        pack_put_bool(p, "recommend", s->diagnose_yes);
        pack_put_num(p, "confidence", 0.9);
        pack_put_text(p, "reason", "it looks worth it");
        pack_end(p);
    }
    pack_end(p);
}

static inline void shop_answer_apply(struct shop *s, const struct msg_task *t, struct pack *p)
{
    int plan = shop_plan_of(s, map_str(t->params, "optimization", ""));
    struct bytes target = map_str(t->params, "target", "");
    s->applies++;
    s->in[plan] += s->apply_way == WELL;
    snprintf(s->last_target, sizeof(s->last_target), BYTES_F, BYTES_A(target));
    pack_key(p, "undo");
    pack_map(p);
    pack_put_text(p, "was", "off");
    pack_end(p);
}

static inline void shop_answer_rollback(struct shop *s, const struct msg_task *t)
{
    int plan = shop_plan_of(s, map_str(t->params, "optimization", ""));
    s->undos++;
    own_set(&s->last_undo, map_get(t->params, "undo").whole);
    snprintf(s->last_undo_of, sizeof(s->last_undo_of), BYTES_F,
             BYTES_A(map_str(t->params, "undo_of", "")));
    if (s->undo_way == WELL && s->undo_helps && s->in[plan])
        s->in[plan]--;
}

static inline void shop_answer(struct shop *s, int peer, const struct msg_task *t)
{
    struct buf data = {0};
    struct pack p;
    enum shop_way way = WELL;
    pack_init(&p, &data);
    pack_map(&p);
    if (bytes_is(t->action, "analyze")) {
        shop_answer_analyze(s, t, &p);
    } else if (bytes_is(t->action, "apply")) {
        way = s->apply_way;
        shop_answer_apply(s, t, &p);
    } else if (bytes_is(t->action, "rollback")) {
        way = s->undo_way;
        shop_answer_rollback(s, t);
    } else if (bytes_is(t->action, "inspect")) {
        way = s->inspect_way;
        s->inspects++;
        pack_put_bool(&p, "pass", s->inspect_pass);
    }
    pack_end(&p);
    struct msg_result r = {.task = t->id,
                           .attempt = t->attempt,
                           .outcome = way == WELL ? outcome_COMPLETED : outcome_FAILED,
                           .exit_code = way == WELL ? 0 : 1,
                           .data = buf_bytes(&data),
                           .error = bytes_of(way == WELL ? "" : "no luck"),
                           .elapsed_ms = 5};
    struct msg_results m = {.items = {&r, 1}};
    if (way != SILENT && !s->gone[peer])
        core_send(s->c, peer, MSG_results, &m);
    buf_done(&data);
}

/* ---- time ---- */

static inline void shop_see_event(struct shop *s, struct bytes body)
{
    for (int e = 0; e < EVENT_COUNT; e++)
        if (bytes_is(map_str(body, "topic", ""), event_kinds[e].topic)) {
            struct bytes text = map_str(body, "text", "");
            s->events[e]++;
            snprintf(s->last[e], sizeof(s->last[e]), BYTES_F, BYTES_A(text));
        }
}

/* shop_hear takes everything that was said: events are counted, tasks are answered. */
static inline void shop_hear(struct shop *s)
{
    struct list said;
    list_init(&said);
    list_each (one, &s->c->said, struct core_said, link) {
        list_out(&one->link);
        list_push(&said, &one->link);
    }
    list_each (one, &said, struct core_said, link) {
        struct arena arena = {0};
        struct msg_tasks tasks;
        struct bytes body = {one->body, one->n};
        if (one->which == MSG_event)
            shop_see_event(s, body);
        if (one->which == MSG_tasks && one->peer < SHOP_AGENTS &&
            message_decode(MSG_tasks, body, &tasks, &arena, NULL) == 0)
            SEQ_EACH (t, const struct msg_task, tasks.items)
                shop_answer(s, one->peer, t);
        arena_done(&arena);
        list_out(&one->link);
        free(one->body);
        free(one);
    }
    core_turn(s->c);
}

static inline double shop_level(struct shop *s, int kpi)
{
    double level = s->base[kpi];
    for (int i = 0; i < SHOP_PLANS; i++)
        for (unsigned leg = 0; leg < s->in[i]; leg++)
            level *= s->factor[i][kpi] > 0 ? s->factor[i][kpi] : 1;
    return level;
}

static inline void shop_sample(struct shop *s)
{
    struct msg_sample items[SHOP_KPIS];
    char instance[24];
    size_t n = 0;
    snprintf(instance, sizeof(instance), "%llu", (unsigned long long)s->instance);
    for (int k = 0; k < SHOP_KPIS; k++)
        if (!s->quiet[k])
            items[n++] = (struct msg_sample){
                s->kpis[k].name, shop_level(s, k) * (1 + s->noise * (2 * rand_unit(&s->rand) - 1)),
                s->c->now};
    struct msg_samples m = {.source = BYTES("probe"),
                            .instance = bytes_of(instance),
                            .first = s->seq + 1,
                            .items = {items, n}};
    s->seq += n;
    if (n)
        core_send(s->c, SHOP_SOURCE, MSG_samples, &m);
}

static inline void shop_beat(struct shop *s)
{
    struct msg_beat beat = {.free = 4};
    for (int peer = A_FRONT; peer < SHOP_AGENTS; peer++)
        if (!s->gone[peer])
            core_send(s->c, peer, MSG_beat, &beat);
}

static inline void shop_step(struct shop *s)
{
    if (s->c->now >= s->next_sample) {
        shop_sample(s);
        s->next_sample = s->c->now + SAMPLE_MS;
    }
    if (s->c->now >= s->next_beat) {
        shop_beat(s);
        s->next_beat = s->c->now + 500;
    }
    core_pass(s->c, 100);
    shop_hear(s);
}

static inline void shop_run(struct shop *s, int64_t ms)
{
    for (int64_t end = s->c->now + ms; s->c->now < end;)
        shop_step(s);
}

static inline void shop_lead(struct shop *s)
{
    core_lead(s->c);
    shop_join(s);
    shop_hear(s);
}

static inline void shop_restart(struct shop *s)
{
    core_restart(s->c);
    s->instance++;
    s->seq = 0;
    shop_join(s);
    shop_hear(s);
}

static inline void shop_close(struct shop *s)
{
    for (int i = 0; i < SHOP_PLANS; i++) {
        free(s->plans[i].touches.at);
        if (s->plans[i].guards.n == 1)
            free(s->plans[i].guards.at);
        if (s->plans[i].helps.n == 1)
            free(s->plans[i].helps.at);
    }
    own_set(&s->last_undo, (struct bytes){0});
    core_free(s->c);
    free(s);
}

/* ---- what is there ---- */

static inline struct optimization *shop_newest(struct shop *s, const char *name)
{
    struct list *lists[] = {&optimizations_of(s->c->h)->ended, &optimizations_of(s->c->h)->live};
    struct optimization *found = NULL;
    for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
        list_each (o, lists[l], struct optimization, link)
            if (bytes_is(o->r.name, name) && (found == NULL || o->r.began >= found->r.began))
                found = o;
    return found;
}

static inline const char *shop_state(struct shop *s, const char *name)
{
    struct optimization *o = shop_newest(s, name);
    return o ? enum_text(&enum_opt_state, o->r.state) : "";
}

static inline const char *shop_rule(struct shop *s, const char *name)
{
    struct optimization *o = shop_newest(s, name);
    return o && o->r.rule.n ? o->r.rule.at : "";
}

/* shop_until runs until the newest optimization of that name is in the state; it fails after ms. */
static inline void shop_until(struct shop *s, const char *name, const char *state, int64_t ms)
{
    for (int64_t end = s->c->now + ms; strcmp(shop_state(s, name), state) != 0; shop_step(s))
        if (s->c->now >= end)
            fail_msg("%s is `%s` (%s), not %s", name, shop_state(s, name), shop_rule(s, name),
                     state);
}

#define assert_opt(s, name, state, rule)                                                           \
    do {                                                                                           \
        assert_string_equal(shop_state(s, name), state);                                           \
        assert_string_equal(shop_rule(s, name), rule);                                             \
    } while (0)

/* A query or a command; the arguments are pairs of texts, as of core_args. */
#define shop_ask(s, command, what, ...)                                                            \
    ({                                                                                             \
        struct buf args_ = {0};                                                                    \
        struct msg_reply *reply_ =                                                                 \
            core_ask((s)->c, SHOP_CLIENT, command, what, core_args(&args_, __VA_ARGS__, NULL));    \
        buf_done(&args_);                                                                          \
        reply_;                                                                                    \
    })

#endif
