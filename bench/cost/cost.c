/* SPDX-License-Identifier: MPL-2.0 */
/* What one task, one sample and one event cost the controller, in instructions: drives the real
 * core on virtual time and does nothing else inside the functions named core_*. bench/cost/run
 * counts those under callgrind; times would be noise, instructions are not.
 *
 *   helios-cost tasks N [agents|queued|timers|limited SIZE]
 *                            N no-op tasks: submit, dispatch, result, done, each commit's words made; among SIZE agents that
 *                            offer the same, in front of SIZE tasks that wait for their turn, beside SIZE that wait for their
 *                            time, or of an action whose limits count SIZE attempts at once and each of the day (Q1). Prints what
 *                            a task costs: task_cpu_ns
 *   helios-cost samples N [KPIS]
 *                            N samples in batches of 100, 10 a second of each of 1,000 (or so many) KPIs; says how many a
 *                            second of CPU takes in: samples_per_cpu_s
 *   helios-cost events N     N events with data */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "orchestrator/core/helios.h"
#include "orchestrator/shell/store_inside.h"
#include "proto/codec.h"
#include "settings/settings.h"

enum { BATCH = 256, FEW = 10, SLOTS = 16, ROUNDS_A_MS = 4, KPIS = 1000, SAMPLES = 100, START = 1790000000 };
enum {
    MESSAGES = 10, /* of samples a turn */
    EACH_MS = 100, /* from one sample of a KPI to its next */
    ROUNDS = 110,  /* before the clock runs */
};

struct cost {
    struct settings *settings;
    struct set_config config;
    struct set_kpi *kpis; /* owned */
    char (*names)[24];    /* owned */
    long n_kpis;
    struct helios *h;
    int64_t now, counted_ns;
    struct peer {
        struct msg_result *results; /* of attempts that were dispatched to it, to be sent; owned */
        size_t n;
    } *agents; /* owned */
    long n_agents, turns;
    struct arena arena;
};

static const struct routing client = {5, {0, 'c'}};

static struct routing route_of(long agent)
{
    struct routing r = {.n = 5, .at = {1}};
    for (int i = 1; i < 5; i++, agent >>= 8)
        r.at[i] = (char)(agent & 0xff);
    return r;
}

static long agent_of(const struct routing *r)
{
    long agent = 0;
    for (int i = 4; i > 0; i--)
        agent = agent << 8 | (unsigned char)r->at[i];
    return agent;
}

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

/* ---- the peers; what they hand in is timed as well, around what is counted ---- */

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void send(struct cost *c, const struct routing *from, enum msg which, const void *message)
{
    struct buf body = {0};
    message_encode(&body, which, message);
    int64_t began = cpu_ns();
    core_message(c, schema_messages[which].endpoint, from, buf_bytes(&body));
    c->counted_ns += cpu_ns() - began;
    buf_done(&body);
}

static void take_tasks(struct cost *c, struct peer *a, struct bytes body)
{
    struct msg_tasks tasks;
    if (message_decode(MSG_tasks, body, &tasks, &c->arena, NULL) < 0)
        return;
    a->results = xrealloc(a->results, (a->n + tasks.items.n) * sizeof(*a->results));
    SEQ_EACH (t, struct msg_task, tasks.items) {
        char *id = bytes_dup(t->id);
        a->results[a->n++] = (struct msg_result){.task = bytes_of(id),
                                                 .attempt = t->attempt,
                                                 .outcome = outcome_COMPLETED,
                                                 .output = BYTES("0123456789abcdef"
                                                                 "0123456789abcdef"
                                                                 "0123456789abcdef"
                                                                 "0123456789abcde")};
    }
}

static void turn(struct cost *c)
{
    int64_t began = cpu_ns();
    struct batch *b = core_turn(c);
    if (b && b->n_ops)
        core_commit(b);
    c->counted_ns += cpu_ns() - began;
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n_says; i++)
        if (b->says[i].endpoint == ENDPOINT_agents && message_which(b->says[i].body) == MSG_tasks)
            take_tasks(c, &c->agents[agent_of(&b->says[i].to)], b->says[i].body);
    core_forget(b);
}

static void send_results_of(struct cost *c, long agent)
{
    struct peer *a = &c->agents[agent];
    struct routing from = route_of(agent);
    struct msg_results m = {{a->results, a->n}};
    if (a->n)
        send(c, &from, MSG_results, &m);
    for (size_t k = 0; k < a->n; k++)
        free((char *)a->results[k].task.at);
    a->n = 0;
}

/* send_results: of a few agents, the next ones each time. */
static void send_results(struct cost *c)
{
    long some = MIN(c->n_agents, (long)FEW);
    for (long i = 0; i < some; i++)
        send_results_of(c, c->turns++ % c->n_agents);
    arena_done(&c->arena);
}

/* ---- the three costs ---- */

static void greet(struct cost *c, long agent, uint64_t slots)
{
    char id[24];
    snprintf(id, sizeof(id), "a%ld", agent);
    struct msg_param param = {.name = BYTES("p"), .kind = BYTES("string")};
    struct msg_action noop = {.name = BYTES("noop"), .params = {&param, 1}};
    struct msg_hello hello = {.agent = bytes_of(id),
                              .instance = BYTES("i1"),
                              .swarm = BYTES("s"),
                              .slots = slots,
                              .actions = {&noop, 1}};
    struct routing from = route_of(agent);
    send(c, &from, MSG_hello, &hello);
    if (agent % BATCH == 0)
        turn(c);
}

static void submit(struct cost *c, struct msg_request request, long n)
{
    struct msg_request items[BATCH];
    for (long i = 0; i < BATCH; i++)
        items[i] = request;
    for (long left = n; left > 0; left -= BATCH) {
        struct msg_submit m = {.ref = BYTES("1"),
                               .client = BYTES("load"),
                               .watch = true,
                               .items = {items, (size_t)MIN(left, (long)BATCH)}};
        send(c, &client, MSG_submit, &m);
    }
}

/* beside lets tasks wait: for their time, or for their turn behind as many as keep all agents busy. */
static void beside(struct cost *c, struct msg_request request, const char *what, long size)
{
    if (strcmp(what, "limited") == 0)
        return;
    if (strcmp(what, "timers") == 0)
        request.not_before = c->now + 1000000000;
    if (strcmp(what, "agents") == 0)
        size = size * SLOTS + BATCH;
    for (long i = 0; i < size; i += BATCH) {
        submit(c, request, MIN(size - i, (long)BATCH));
        turn(c);
    }
}

/* Rounds of a batch of tasks that come and as many that end: each of many agents has 16 slots, all of them busy; one alone has those of
 * a batch. */
static void tasks(struct cost *c, long n, const char *what, long size)
{
    struct buf params = {0};
    struct pack p;
    pack_init(&p, &params);
    pack_map(&p);
    pack_put_text(&p, "p", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde");
    pack_end(&p);
    struct msg_request request = {
        .action = BYTES("noop"), .params = buf_bytes(&params), .priority = 2};
    bool many = strcmp(what, "agents") == 0;
    long batch = many ? FEW * SLOTS : BATCH; /* as many come as end, among few agents too */
    c->n_agents = many ? size : 1;
    c->agents = xalloc((size_t)c->n_agents * sizeof(*c->agents));
    beside(c, request, what, size);
    for (long i = 0; i < c->n_agents; i++)
        greet(c, i, c->n_agents == 1 ? BATCH : SLOTS);
    turn(c);
    long warm = many ? 2 * c->n_agents * SLOTS : 0; /* until what was given out at the start is worked off */
    for (long i = -warm; i < n; i += batch) {
        if (i <= 0)
            c->counted_ns = 0;
        c->now += i / batch % ROUNDS_A_MS == 0; /* agents that do not beat are lost after three seconds */
        submit(c, request, batch);
        turn(c);
        send_results(c);
        turn(c);
    }
    printf("task_cpu_ns %.0f\n", (double)c->counted_ns / (double)n);
    buf_done(&params);
}

static void send_samples(struct cost *c, uint64_t first)
{
    struct msg_sample items[SAMPLES];
    struct msg_samples m = {
        .source = BYTES("s1"), .instance = BYTES("i1"), .first = first, .items = {items, SAMPLES}};
    for (uint64_t k = 0; k < SAMPLES; k++) {
        uint64_t number = first - 1 + k, kpis = (uint64_t)c->n_kpis;
        items[k] = (struct msg_sample){bytes_of(c->names[number % kpis]),
                                       (double)((number / kpis * 31 + number) % 97), c->now};
    }
    send(c, &client, MSG_samples, &m);
}

/* The first window, in which each KPI takes its memory, is not in the time. */
static void samples(struct cost *c, long n)
{
    long a_turn = (c->n_kpis < KPIS ? 1 : MESSAGES) * SAMPLES, warm = ROUNDS * c->n_kpis;
    for (long i = 0; i < warm + n; i += SAMPLES) {
        if (i <= warm)
            c->counted_ns = 0;
        send_samples(c, (uint64_t)i + 1);
        if ((i + SAMPLES) % a_turn == 0)
            turn(c);
        c->now = START * 1000LL + i * EACH_MS / c->n_kpis;
    }
    printf("samples_per_cpu_s %.0f\n", (double)n * 1e9 / (double)c->counted_ns);
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
    c->kpis = xalloc((size_t)c->n_kpis * sizeof(*c->kpis));
    c->names = xalloc((size_t)c->n_kpis * sizeof(*c->names));
    for (long i = 0; i < c->n_kpis; i++) {
        snprintf(c->names[i], sizeof(c->names[i]), "kpi_%ld", i);
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
    c->config.kpis = (struct seq){c->kpis, (size_t)c->n_kpis};
}

/* limit lets the day have more than is measured: what counts is the counting. */
static void limit(struct cost *c, long at_once)
{
    static struct set_limit of_noop = {.action = BYTES("noop"), .per_day = 1000000000, .zone = BYTES("UTC"), .rate = BYTES("")};
    of_noop.max_concurrent = at_once;
    c->config.limits = (struct seq){&of_noop, 1};
}

int main(int argc, char **argv)
{
    static struct cost c = {.now = START * 1000LL};
    static const struct audience nobody; /* listens */
    const char *what = argc > 2 ? argv[1] : "";
    long n = argc > 2 ? atol(argv[2]) : 0;
    c.settings = settings_defaults(section_config);
    c.config = *(const struct set_config *)settings_root(c.settings);
    c.config.cycle.enabled = false;
    c.config.agents.max = 100000;
    c.config.tasks.max_queued = 10000000;
    if (argc > 4 && strcmp(argv[3], "limited") == 0)
        limit(&c, atol(argv[4]));
    c.n_kpis = argc > 3 && strcmp(what, "samples") == 0 ? MAX(atol(argv[3]), 1) : KPIS;
    add_kpis(&c);
    c.h = helios_new(&c.config, 7);
    c.h->audience = &nobody;
    helios_lead(c.h, 1, c.now);
    turn(&c);
    if (strcmp(what, "tasks") == 0)
        tasks(&c, n, argc > 4 ? argv[3] : "", argc > 4 ? atol(argv[4]) : 0);
    else if (strcmp(what, "samples") == 0)
        samples(&c, n);
    else if (strcmp(what, "events") == 0)
        events(&c, n);
    printf("%llu tasks completed, %llu samples stored, %llu events\n",
           (unsigned long long)c.h->counters.completed,
           (unsigned long long)c.h->counters.samples_stored,
           (unsigned long long)c.h->counters.events);
    helios_free(c.h);
    settings_free(c.settings);
    for (long i = 0; i < c.n_agents; i++)
        free(c.agents[i].results);
    free(c.agents);
    free(c.kpis);
    free(c.names);
    return 0;
}
