/* SPDX-License-Identifier: MPL-2.0 */
/* What one task, one sample and one event cost the controller, in instructions: drives the real
 * core on virtual time and does nothing else inside the functions named core_*. bench/cost/run
 * counts those under callgrind; times would be noise, instructions are not.
 *
 *   helios-cost tasks N      N no-op tasks: submit, dispatch, result, done, each commit's words made
 *   helios-cost samples N    N samples of 1,000 KPIs, in batches of 100
 *   helios-cost events N     N events with data */
#include <stdio.h>
#include <string.h>

#include "orchestrator/core/helios.h"
#include "orchestrator/shell/store_inside.h"
#include "proto/codec.h"
#include "settings/settings.h"

enum { BATCH = 256, KPIS = 1000, SAMPLES = 100, START = 1790000000 };

struct cost {
    struct settings *settings;
    struct set_config config;
    struct set_kpi kpis[KPIS];
    char names[KPIS][16];
    struct helios *h;
    int64_t now;
    struct msg_result *results; /* of attempts that were dispatched, to be sent */
    size_t n_results;
    size_t n_done;
    struct arena arena;
};

static const struct routing agent = {5, {1}}, client = {5, {2}};

/* ---- what is counted ---- */

#define COUNTED __attribute__((noinline))

COUNTED static void core_message(struct cost *c, enum endpoint e, const struct routing *from,
                                 struct bytes body)
{
    helios_message(c->h, e, from, body, c->now);
}

COUNTED static struct batch *core_turn(struct cost *c)
{
    helios_tick(c->h, c->now);
    return helios_cut(c->h);
}

COUNTED static void core_commit(struct batch *b)
{
    static struct store store = {.realm = (char *)"cost", .epoch = 1, .history = 100000};
    struct commit commit = {.batch = b, .n = b->n_ops, .seq = 1};
    struct args args = {0};
    commit_args(&store, &commit, &args);
    args_done(&args);
}

COUNTED static void core_note(struct cost *c, struct buf *data)
{
    struct pack p;
    pack_init(&p, data);
    pack_map(&p);
    pack_put_int(&p, "score", 72);
    pack_put_text(&p, "side", "good");
    pack_end(&p);
    note(c->h, EVENT_health_bad, "realm", NULL, data, "health is %d of 100", 72);
}

COUNTED static void core_forget(struct batch *b)
{
    batch_free(b);
}

/* ---- the peers ---- */

static void send(struct cost *c, const struct routing *from, enum msg which, const void *message)
{
    struct buf body = {0};
    message_encode(&body, which, message);
    core_message(c, schema_messages[which].endpoint, from, buf_bytes(&body));
    buf_done(&body);
}

static void take_tasks(struct cost *c, struct bytes body)
{
    struct msg_tasks tasks;
    if (message_decode(MSG_tasks, body, &tasks, &c->arena, NULL) < 0)
        return;
    SEQ_EACH (t, struct msg_task, tasks.items) {
        char *id = bytes_dup(t->id);
        c->results[c->n_results++] = (struct msg_result){.task = bytes_of(id),
                                                         .attempt = t->attempt,
                                                         .outcome = outcome_COMPLETED,
                                                         .output = BYTES("0123456789abcdef"
                                                                         "0123456789abcdef"
                                                                         "0123456789abcdef"
                                                                         "0123456789abcde")};
    }
}

static void hear(struct cost *c, const struct said *s)
{
    int which = s->endpoint == ENDPOINT_events ? -1 : message_which(s->body);
    if (which == MSG_tasks)
        take_tasks(c, s->body);
    if (which == MSG_done)
        c->n_done += BATCH;
}

static void turn(struct cost *c)
{
    struct batch *b = core_turn(c);
    if (b == NULL)
        return;
    if (b->n_ops)
        core_commit(b);
    for (size_t i = 0; i < b->n_says; i++)
        hear(c, &b->says[i]);
    core_forget(b);
}

static void send_results(struct cost *c)
{
    struct msg_results m = {{c->results, c->n_results}};
    send(c, &agent, MSG_results, &m);
    for (size_t i = 0; i < c->n_results; i++)
        free((char *)c->results[i].task.at);
    c->n_results = 0;
    arena_done(&c->arena);
}

/* ---- the three costs ---- */

static void greet(struct cost *c)
{
    struct msg_param param = {.name = BYTES("p"), .kind = BYTES("string")};
    struct msg_action noop = {.name = BYTES("noop"), .params = {&param, 1}};
    struct msg_hello hello = {.agent = BYTES("a1"),
                              .instance = BYTES("i1"),
                              .swarm = BYTES("s"),
                              .slots = BATCH,
                              .actions = {&noop, 1}};
    send(c, &agent, MSG_hello, &hello);
    turn(c);
}

static void tasks(struct cost *c, long n)
{
    struct buf params = {0};
    struct msg_request items[BATCH];
    struct pack p;
    pack_init(&p, &params);
    pack_map(&p);
    pack_put_text(&p, "p", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde");
    pack_end(&p);
    for (size_t i = 0; i < BATCH; i++)
        items[i] = (struct msg_request){
            .action = BYTES("noop"), .params = buf_bytes(&params), .priority = 2};
    greet(c);
    for (long i = 0; i < n; i += BATCH, c->now++) {
        struct msg_submit m = {
            .ref = BYTES("1"), .client = BYTES("load"), .watch = true, .items = {items, BATCH}};
        send(c, &client, MSG_submit, &m);
        turn(c);
        send_results(c);
        turn(c);
    }
    buf_done(&params);
}

static void samples(struct cost *c, long n)
{
    struct msg_sample items[SAMPLES];
    struct msg_samples m = {
        .source = BYTES("s1"), .instance = BYTES("i1"), .first = 1, .items = {items, SAMPLES}};
    for (long i = 0; i < n; i += SAMPLES, m.first += SAMPLES) {
        for (long k = 0; k < SAMPLES; k++)
            items[k] =
                (struct msg_sample){bytes_of(c->names[(i + k) % KPIS]), (double)(i % 97), c->now};
        send(c, &client, MSG_samples, &m);
        if (i % KPIS == 0) {
            c->now += 100;
            turn(c);
        }
    }
}

static void events(struct cost *c, long n)
{
    struct buf data = {0};
    for (long i = 0; i < n; i++) {
        core_note(c, &data);
        if (i % BATCH == 0)
            turn(c);
    }
    turn(c);
    buf_done(&data);
}

static void add_kpis(struct cost *c)
{
    for (int i = 0; i < KPIS; i++) {
        snprintf(c->names[i], sizeof(c->names[i]), "kpi_%d", i);
        c->kpis[i] = (struct set_kpi){.name = bytes_of(c->names[i]),
                                      .unit = BYTES("ms"),
                                      .title = BYTES(""),
                                      .swarm = BYTES(""),
                                      .category = BYTES(""),
                                      .target = 50,
                                      .critical = 200,
                                      .weight = 1,
                                      .stale_ms = 30000,
                                      .lowest = -1e12,
                                      .highest = 1e12};
    }
    c->config.kpis = (struct seq){c->kpis, KPIS};
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct cost *c, long n);
    } rows[] = {{"tasks", tasks}, {"samples", samples}, {"events", events}};
    static struct cost c = {.now = START * 1000LL};
    long n = argc == 3 ? atol(argv[2]) : 0;
    c.settings = settings_defaults(section_config);
    c.config = *(const struct set_config *)settings_root(c.settings);
    c.config.cycle.enabled = false;
    c.results = xalloc(BATCH * sizeof(*c.results));
    add_kpis(&c);
    static const struct audience nobody; /* listens */
    c.h = helios_new(&c.config, 7);
    c.h->audience = &nobody;
    helios_lead(c.h, 1, c.now);
    turn(&c);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (argc == 3 && strcmp(argv[1], rows[i].name) == 0)
            rows[i].run(&c, n);
    printf("%llu tasks completed, %llu samples stored, %llu events\n",
           (unsigned long long)c.h->counters.completed,
           (unsigned long long)c.h->counters.samples_stored,
           (unsigned long long)c.h->counters.events);
    helios_free(c.h);
    settings_free(c.settings);
    free(c.results);
    return 0;
}
