/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the core of a history and all who speak to it. Judges nothing: all that goes in and out is shown to the oracle. */
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "proto/codec.h"

#define SOURCE 40 /* peers; agents are 1… */
#define CLIENT 50
#define ROUNDS 4 /* turns at one time: an order, its task, its result */

struct row_of_redis {
    UT_hash_handle hh;
    char key[96]; /* KIND/ID */
    enum rec kind;
    char *value; /* owned */
    size_t n;
};

static const struct set_config *defaults(void)
{
    static struct settings *settings;
    if (settings == NULL)
        settings = settings_defaults(section_config);
    return settings_root(settings);
}

/* ---- the config ---- */

static void set_times(struct set_config *c)
{
    c->health.window_ms = WINDOW_MS;
    c->health.stale_ms = STALE_MS;
    c->health.enter_windows = c->health.leave_windows = 2;
    c->health.enter_ms = ENTER_MS;
    c->health.leave_ms = LEAVE_MS;
    c->health.every_ms = STEP_MS;
    c->cycle.first_ms = 4000;
    c->cycle.every_ms = 6000;
    c->cycle.cooldown_ms = COOLDOWN_MS;
    c->cycle.analyze_ms = ANALYZE_MS;
    c->cycle.max_concurrent = CONCURRENT;
    c->verify.baseline_ms = BASELINE_MS;
    c->verify.settle_ms = STEP_MS;
    c->verify.window_ms = 6000;
    c->verify.looks = 2;
    c->verify.min_n = 4;
    c->verify.return_ms = 2000;
    c->verify.breaker_ms = BREAKER_MS;
    c->emergency.settle_ms = STEP_MS;
    c->emergency.verify_ms = 2000;
    c->reports.enabled = false;
}

static void set_kpis(struct world *w)
{
    static const char *const names[KPIS] = {"kpi0", "kpi1", "kpi2", "kpi3", "kpi4", "kpi5"};
    for (int k = 0; k < KPIS; k++)
        w->kpis[k] = (struct set_kpi){.name = bytes_of(names[k]),
                                      .unit = BYTES("ms"),
                                      .better = better_lower,
                                      .target = TARGET,
                                      .critical = CRITICAL,
                                      .weight = kpi_weight(k),
                                      .measure = measure_mean,
                                      .stale_ms = STALE_MS,
                                      .lowest = LOWEST,
                                      .highest = HIGHEST,
                                      .tolerance = 20,
                                      .impact = 1};
    w->config.kpis = (struct seq){w->kpis, KPIS};
}

static void set_plans(struct world *w)
{
    static const char *const names[PLANS] = {"tune0", "tune1", "tune2", "tune3", "tune4", "tune5",
                                             "fix0",  "fix1",  "fix2",  "fix3",  "fix4",  "fix5"};
    static struct bytes targets[KPIS / 2] = {{"web0", 4}, {"web1", 4}, {"web2", 4}};
    static struct bytes resources[KPIS] = {{"res0", 4}, {"res1", 4}, {"res2", 4}, {"res3", 4}, {"res4", 4}, {"res5", 4}};
    for (int p = 0; p < PLANS; p++)
        w->plans[p] = (struct set_optimization){
            .name = bytes_of(names[p]),
            .title = bytes_of(names[p]),
            .swarm = BYTES("s"),
            .improves = w->kpis[plan_kpi(p)].name,
            .touches = {&resources[plan_kpi(p)], 1},
            .targets = {plan_urgent(p) ? &targets[plan_target(p)] : NULL, plan_urgent(p)},
            .diagnose = {.action = plan_urgent(p) ? (struct bytes){0} : BYTES("look")},
            .apply = {.action = BYTES("change")},
            .rollback = {.action = BYTES("unchange")},
            .emergency = plan_urgent(p),
            .enabled = true,
            .impact = 0.5,
            .complexity = 1,
            .resources = 1,
            .effect = 5};
    w->config.optimizations = (struct seq){w->plans, PLANS};
}

/* ---- what comes out ---- */

static struct routing route(int peer)
{
    struct routing r = {.n = 5};
    memcpy(r.at + 1, &peer, sizeof(peer));
    return r;
}

static void send(struct world *w, int peer, enum msg which, const void *message)
{
    struct buf body = {0};
    struct routing from = route(peer);
    message_encode(&body, which, message);
    helios_message(w->h, schema_messages[which].endpoint, &from, buf_bytes(&body), w->now);
    buf_done(&body);
}

static void keep(struct world *w, const struct op *op)
{
    char key[96];
    struct row_of_redis *k;
    if (op->kind == REC_entry)
        return; /* nobody asks for rows of the past here */
    snprintf(key, sizeof(key), "%d/%.*s", (int)op->kind, (int)op->id.n, op->id.at);
    HASH_FIND_STR(w->kept, key, k);
    if (k) {
        HASH_DEL(w->kept, k);
        free(k->value);
        free(k);
    }
    if (op->drop)
        return;
    k = NEW(struct row_of_redis);
    memcpy(k->key, key, sizeof(key));
    k->kind = op->kind;
    k->value = bytes_dup(op->value);
    k->n = op->value.n;
    HASH_ADD_STR(w->kept, key, k);
}

/* run does what an agent's action would do; true = it changed what the task asked for. */
static void run(struct world *w, const struct msg_task *t, struct pack *p)
{
    int plan = -1;
    struct bytes name = map_str(t->params, "optimization", "");
    for (int i = 0; i < PLANS; i++)
        plan = bytes_eq(w->plans[i].name, name) ? i : plan;
    if (bytes_is(t->action, "apply") && plan >= 0) {
        oracle_apply(&w->oracle, t->key, plan);
        w->in[plan] = true;
        pack_key(p, "undo");
        pack_map(p);
        pack_end(p);
    } else if (bytes_is(t->action, "rollback") && plan >= 0) {
        w->in[plan] = false;
    }
}

static void advise(struct world *w, const struct msg_task *t, struct pack *p)
{
    struct value list = map_get(t->params, "candidates"), item;
    struct walk walk = walk_of(list.whole);
    pack_key(p, "recommendations");
    pack_list(p);
    while (list.type == VALUE_LIST && walk_item(&walk, &item)) {
        pack_map(p);
        pack_put_str(p, "optimization", map_str(item.whole, "optimization", ""));
        pack_put_bool(p, "recommend", !w->mute);
        pack_put_num(p, "confidence", 0.9);
        pack_end(p);
    }
    pack_end(p);
}

static void answer(struct world *w, int peer, const struct msg_task *t)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    if (bytes_is(t->action, "analyze"))
        advise(w, t, &p);
    else
        run(w, t, &p);
    pack_end(&p);
    struct msg_result r = {.task = t->id, .attempt = t->attempt, .outcome = outcome_COMPLETED, .data = buf_bytes(&data)};
    struct msg_results m = {.items = {&r, 1}};
    if (!w->gone[peer - 1])
        send(w, peer, MSG_results, &m);
    buf_done(&data);
}

static void on_tasks(struct world *w, const struct said *s)
{
    struct arena arena = {0};
    struct msg_tasks m;
    int peer;
    memcpy(&peer, s->to.at + 1, sizeof(peer));
    if (message_decode(MSG_tasks, s->body, &m, &arena, NULL) == 0)
        SEQ_EACH (t, const struct msg_task, m.items)
            answer(w, peer, t);
    arena_done(&arena);
}

/* turn answers whether anything was said to an agent: then there is more to do now. */
static bool turn(struct world *w)
{
    bool more = false;
    helios_tick(w->h, w->now);
    struct batch *b = helios_cut(w->h);
    for (size_t i = 0; b && i < b->n_ops; i++)
        if (b->ops[i].kind == REC_entry)
            oracle_entry(&w->oracle, b->ops[i].value);
        else
            keep(w, &b->ops[i]);
    for (size_t i = 0; b && i < b->n_says; i++)
        if (b->says[i].endpoint == ENDPOINT_agents && message_which(b->says[i].body) == MSG_tasks) {
            on_tasks(w, &b->says[i]);
            more = true;
        }
    if (b)
        batch_free(b);
    return more;
}

static void turns(struct world *w)
{
    for (int i = 0; i < ROUNDS && turn(w); i++)
        ;
}

/* ---- what goes in ---- */

static void hello(struct world *w, unsigned agent)
{
    static const struct {
        enum role role;
        const char *actions[2];
    } kinds[] = {{role_implementer, {"apply", "rollback"}}, {role_analyst, {"analyze"}}, {role_verifier, {"inspect"}}};
    char id[16];
    struct msg_action actions[2] = {0};
    snprintf(id, sizeof(id), "a%u", agent);
    struct msg_hello m = {.agent = bytes_of(id), .instance = BYTES("1"), .swarm = BYTES("s"), .slots = 8};
    if (agent < ARRAY_SIZE(kinds)) {
        m.role = kinds[agent].role;
        for (size_t i = 0; i < 2 && kinds[agent].actions[i]; i++)
            actions[m.actions.n++].name = bytes_of(kinds[agent].actions[i]);
    } else {
        actions[m.actions.n++].name = BYTES("echo");
    }
    m.actions.at = actions;
    send(w, (int)agent + 1, MSG_hello, &m);
    oracle_beat(&w->oracle, (int)agent, w->now);
}

static void beat_all(struct world *w)
{
    struct msg_beat beat = {.free = 8};
    for (unsigned i = 0; i < w->agents; i++)
        if (!w->gone[i]) {
            if (!w->oracle.agents[i].there || w->oracle.agents[i].lost)
                hello(w, i);
            send(w, (int)i + 1, MSG_beat, &beat);
            oracle_beat(&w->oracle, (int)i, w->now);
        }
}

static double level(const struct world *w, int kpi)
{
    double v = w->level[kpi];
    for (int p = 0; p < PLANS; p++)
        v *= w->in[p] && plan_kpi(p) == kpi ? w->factor[p] : 1;
    return v;
}

/* Our own encoder writes no NaN: its bytes are put in the place of this number's. */
#define NO_NUMBER 4.25e101

static void encode_samples(const struct world *w, struct buf *out, const struct msg_samples *m)
{
    double mark = NO_NUMBER, bad = w->draw[3] == INFINITE ? INFINITY : NAN;
    uint64_t from, to;
    message_encode(out, MSG_samples, m);
    memcpy(&from, &mark, sizeof(from));
    memcpy(&to, &bad, sizeof(to));
    from = __builtin_bswap64(from);
    to = __builtin_bswap64(to);
    for (char *at = out->at; (at = memmem(at, (size_t)(out->at + out->n - at), &from, sizeof(from)));)
        memcpy(at, &to, sizeof(to));
}

static void spoil(struct msg_sample *s, enum garbage how)
{
    static const double values[GARBAGE_COUNT] = {
        [NOT_A_NUMBER] = NO_NUMBER, [INFINITE] = NO_NUMBER, [NEGATIVE] = -1, [HUGE_ONE] = 1e308, [OUT_OF_BOUNDS] = HIGHEST + 1,
        [FAR_FUTURE] = 190};
    if (how == SOUND)
        return;
    s->value = values[how];
    s->at += how == FAR_FUTURE ? HOUR_MS : 0;
}

static struct msg_sample sample(struct world *w, int k, int i)
{
    double noise = 1 + w->noise * (2 * rand_unit(&w->rand) - 1);
    struct msg_sample s = {w->kpis[k].name, level(w, k) * noise, w->now + w->skew - i * STEP_MS / SAMPLES_A_STEP};
    if (w->stuck_at) {
        s.value = w->stuck[k];
        s.at = w->stuck_at;
    }
    spoil(&s, w->garbage[k]);
    return s;
}

static void deliver(struct world *w, const struct msg_samples *m)
{
    struct routing from = route(SOURCE);
    struct buf body = {0};
    encode_samples(w, &body, m);
    SEQ_EACH (s, const struct msg_sample, m->items)
        oracle_sample(&w->oracle, s->kpi.at[3] - '0', s->value, s->at, w->now);
    for (int times = w->again ? 2 : 1; times > 0; times--) /* the same numbers again are nothing new */
        helios_message(w->h, ENDPOINT_kpi, &from, buf_bytes(&body), w->now);
    buf_done(&body);
    if (w->waiting.n) { /* what was late comes now; its numbers are gone */
        helios_message(w->h, ENDPOINT_kpi, &from, buf_bytes(&w->waiting), w->now);
        buf_clear(&w->waiting);
    }
}

static void send_samples(struct world *w)
{
    struct msg_sample items[KPIS * SAMPLES_A_STEP];
    char instance[24];
    size_t n = 0;
    snprintf(instance, sizeof(instance), "%llu", (unsigned long long)w->instance);
    for (int k = 0; k < KPIS; k++)
        for (int i = SAMPLES_A_STEP - 1; i >= 0 && !w->quiet[k]; i--)
            items[n++] = sample(w, k, i);
    struct msg_samples m = {BYTES("probe"), bytes_of(instance), w->seq + 1, {items, n}};
    w->seq += n;
    if (w->late && n && w->waiting.n == 0)
        encode_samples(w, &w->waiting, &m);
    else if (n && !w->lost)
        deliver(w, &m);
    w->late = w->lost = w->again = false;
}

/* ---- time ---- */

void world_step(struct world *w)
{
    w->now += STEP_MS;
    w->step++;
    if (w->step % (BEAT_MS / STEP_MS) == 0)
        beat_all(w);
    send_samples(w);
    oracle_step(&w->oracle, w->now);
    turns(w);
}

void world_pause(struct world *w, int64_t ms)
{
    w->now += ms;
    oracle_paused(&w->oracle, w->now);
    turn(w); /* it wakes before anybody is heard */
}

/* ---- orders ---- */

static void tell_oracle(struct world *w)
{
    static const enum allowance stances[mode_COUNT] = {[mode_observe] = OBSERVE, [mode_advise] = ADVISE, [mode_act] = ACT};
    oracle_order(&w->oracle, stances[w->config.mode], w->oracle.frozen);
}

void world_mode(struct world *w, enum mode mode)
{
    w->config.mode = mode;
    helios_reload(w->h, &w->config, "mode");
    tell_oracle(w);
}

void world_freeze(struct world *w, bool frozen)
{
    helios_freeze(w->h, frozen, BYTES("ada"), BYTES("test"));
    w->oracle.frozen_seen = frozen;
    oracle_order(&w->oracle, w->oracle.mode, frozen);
}

void world_order_nothing(struct world *w, const char *verb)
{
    unsigned long long live = w->h->work.n_tasks;
    struct msg_command order = {.ref = BYTES("1"), .verb = bytes_of(verb), .author = BYTES("ada")};
    send(w, CLIENT, MSG_command, &order);
    helios_tick(w->h, w->now);
    struct batch *b = helios_cut(w->h);
    for (size_t i = 0; b && i < b->n_ops; i++)
        if (b->ops[i].kind == REC_entry)
            oracle_entry(&w->oracle, b->ops[i].value);
        else
            keep(w, &b->ops[i]);
    for (size_t i = 0; b && i < b->n_says + b->n_urgent; i++) {
        const struct said *s = i < b->n_says ? &b->says[i] : &b->urgent[i - b->n_says];
        if (s->endpoint == ENDPOINT_agents && message_which(s->body) == MSG_tasks)
            on_tasks(w, s);
        if (s->endpoint == ENDPOINT_control && map_bool(s->body, "ok", false))
            oracle_selected(&w->oracle, verb);
    }
    if (b)
        batch_free(b);
    if (w->h->work.n_tasks < live && live)
        oracle_selected(&w->oracle, verb);
}

unsigned world_draw(struct world *w, unsigned from, unsigned to)
{
    return from + (unsigned)(rand_next(&w->rand) % (to - from + 1));
}

/* ---- life ---- */

static void lead(struct world *w)
{
    struct row_of_redis *k, *next;
    w->h = helios_new(&w->config, 7);
    w->h->frozen = w->oracle.frozen && w->epoch % 2; /* the file; else the realm's record alone says so */
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        HASH_ITER (hh, w->kept, k, next)
            if (k->kind == kind && helios_load(w->h, kind, (struct bytes){k->value, k->n}) < 0)
                abort();
    oracle_lead(&w->oracle, w->now);
    helios_lead(w->h, ++w->epoch, w->now);
    tell_oracle(w);
    for (unsigned i = 0; i < w->agents; i++)
        if (!w->gone[i])
            hello(w, i);
    turns(w);
}

void world_take_over(struct world *w)
{
    helios_free(w->h);
    lead(w);
}

void world_begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.config = *defaults(), .now = START_MS, .rand = {.state = seed}, .instance = 1, .agents = 4,
                        .noise = 0.02};
    set_times(&w->config);
    set_kpis(w);
    set_plans(w);
    for (int k = 0; k < KPIS; k++)
        w->level[k] = 90;
    for (int p = 0; p < PLANS; p++)
        w->factor[p] = 0.4;
}

void world_lead(struct world *w)
{
    lead(w);
}

void world_end(struct world *w)
{
    struct row_of_redis *k, *next;
    helios_free(w->h);
    HASH_ITER (hh, w->kept, k, next) {
        HASH_DEL(w->kept, k);
        free(k->value);
        free(k);
    }
    buf_done(&w->waiting);
}
