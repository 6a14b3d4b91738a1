/* SPDX-License-Identifier: MPL-2.0 */
/* `helios bench`: what this installation does, measured from where you are. Owns what is asked and printed. */
#include <sysexits.h>

#include "bencher.h"
#include "common/clock.h"
#include "proto/json.h"
#include "proto/socket.h"
#include "verbs.h"

const struct option_row bench_options[] = {
    {"action", "ACTION", "an action that does nothing (noop)"},
    {"params", "JSON", "its parameters, as a JSON object"},
    {"swarm", "SWARM", "only agents of this swarm"},
    {"priority", "0..4", "0 is the most urgent (2)"},
    {"tasks", "N", "of the flow; 0 = none (100000)"},
    {"batch", "N", "of them in one message, 1 to 1000 (256)"},
    {"window", "N", "of them on their way at once (16384)"},
    {"rate", "N", "of them a second; 0 = as fast as they go (0)"},
    {"trips", "N", "round trips, one after the other; 0 = none (1000)"},
    {"every", "TIME", "between two round trips (0)"},
    {"within", "TIME", "all is over after this long (60s)"},
    {"keys", NULL, "each task has an idempotency key"},
    {"submit-only", NULL, "the flow is over when all tasks are accepted; they stay queued"},
    {"force", NULL, "measure although other tasks are live"},
    {0},
};

struct plan {
    struct bench_flow flow;
    int64_t trips, every_ms;
};

static int64_t bounded(const struct args *a, const char *name, int64_t otherwise, int64_t least, int64_t most)
{
    int64_t n = args_int(a, name, otherwise);
    if (n < least || n > most) {
        fprintf(stderr, "helios bench: --%s is %lld to %lld\n", name, (long long)least, (long long)most);
        exit(EX_USAGE);
    }
    return n;
}

static struct plan plan_of(const struct args *a)
{
    struct plan p = {
        .flow = {.tasks = (uint64_t)bounded(a, "tasks", 100000, 0, 1000000000000),
                 .batch = (size_t)bounded(a, "batch", 256, 1, BENCH_BATCH_MOST),
                 .window = (uint64_t)bounded(a, "window", 16384, 1, 10000000),
                 .rate = (uint64_t)bounded(a, "rate", 0, 0, 100000000),
                 .submit_only = args_has(a, "submit-only")},
        .trips = bounded(a, "trips", args_has(a, "submit-only") ? 0 : 1000, 0, 10000000),
        .every_ms = args_ms(a, "every", 0),
    };
    p.flow.batch = MIN(p.flow.batch, (size_t)p.flow.window);
    return p;
}

/* leader_of finds who leads; the exit code, after a sentence, when nobody does. */
static int leader_of(struct client *c, size_t *ret)
{
    json_t *answers[CLIENT_CONTROLLERS];
    int code = client_ask_all(c, false, "controller", NULL, answers, ret);
    for (size_t i = 0; code == 0 && i < c->talk.places.n; i++)
        json_decref(answers[i]);
    if (code == 0 && *ret == c->talk.places.n) {
        fprintf(stderr, "helios bench: none of these controllers leads now\n");
        code = EX_TEMPFAIL;
    }
    return code;
}

/* Others' work would be measured with ours, and would wait behind it. */
static int is_free(struct client *c, const struct args *a)
{
    json_t *status = NULL;
    int code = client_query(c, "status", NULL, &status);
    json_int_t live = json_integer_value(json_object_get(status, "tasks_live"));
    json_decref(status);
    if (code || live == 0 || args_has(a, "force"))
        return code;
    fprintf(stderr, "helios bench: %lld tasks are live, which would be measured as well; --force does it all the same\n",
            (long long)live);
    return EX_TEMPFAIL;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static int run_trips(struct bencher *b, const struct plan *p, json_t *out)
{
    if (p->trips == 0)
        return 0;
    int64_t *us = xalloc((size_t)p->trips * sizeof(*us));
    int r = bench_trips(b, (uint64_t)p->trips, p->every_ms, us);
    size_t n = r == 0 ? (size_t)p->trips : 0;
    qsort(us, n, sizeof(*us), by_size);
    if (n)
        json_object_set_new(out, "round_trip",
                            json_pack("{sI sI sI sI}", "n", (json_int_t)n, "p50_us", (json_int_t)share_of(us, n, 0.5),
                                      "p99_us", (json_int_t)share_of(us, n, 0.99), "max_us", (json_int_t)us[n - 1]));
    free(us);
    return r;
}

static int run_flow(struct bencher *b, const struct plan *p, json_t *out)
{
    if (p->flow.tasks == 0)
        return 0;
    int64_t us = bench_flow(b, &p->flow);
    if (us < 0)
        return (int)us;
    double seconds = (double)us / 1e6;
    json_object_set_new(out, "flow",
                        json_pack("{sI sf sf sI sI sb}", "tasks", (json_int_t)p->flow.tasks, "seconds", seconds, "tasks_per_s",
                                  (double)p->flow.tasks / seconds, "batch", (json_int_t)p->flow.batch, "window",
                                  (json_int_t)p->flow.window, "submit_only", (int)p->flow.submit_only));
    return 0;
}

static void print_report(const struct args *a, json_t *report)
{
    if (args_has(a, "json")) {
        print_json(report);
        return;
    }
    struct buf out = {0};
    const json_t *trip = json_object_get(report, "round_trip"), *flow = json_object_get(report, "flow");
    if (trip)
        buf_printf(&out, "round trip   p50 %lld µs, p99 %lld µs, longest %lld µs, of %lld\n",
                   (long long)json_integer_value(json_object_get(trip, "p50_us")),
                   (long long)json_integer_value(json_object_get(trip, "p99_us")),
                   (long long)json_integer_value(json_object_get(trip, "max_us")),
                   (long long)json_integer_value(json_object_get(trip, "n")));
    if (flow)
        buf_printf(&out, "%-12s %.0f tasks/s: %lld in %.2f s, %lld a message\n",
                   json_is_true(json_object_get(flow, "submit_only")) ? "accepted" : "flow",
                   json_number_value(json_object_get(flow, "tasks_per_s")),
                   (long long)json_integer_value(json_object_get(flow, "tasks")),
                   json_number_value(json_object_get(flow, "seconds")),
                   (long long)json_integer_value(json_object_get(flow, "batch")));
    print_text(&out);
    json_decref(report);
}

static int complain(const struct bencher *b, const char *action)
{
    if (b->why[0])
        fprintf(stderr, "helios bench: %s%s%s\n", b->why, b->done ? "" : "; does an agent offer ", b->done ? "" : action);
    if (b->failed)
        fprintf(stderr, "helios bench: %llu tasks did not complete: `helios failed`\n", (unsigned long long)b->failed);
    if (b->why[0])
        fprintf(stderr, "helios bench: what is left can be stopped: helios cancel --all --action %s\n", action);
    return b->why[0] ? EX_TEMPFAIL : b->failed ? EX_SOFTWARE : 0;
}

static int measure(struct client *c, size_t leader, struct bencher *b, const struct args *a, const char *action)
{
    enum { HWM = 100000 };
    struct plan plan = plan_of(a);
    int r = socket_new(c->talk.context, SOCKET_DEALER, HWM, &b->socket);
    if (r < 0 || client_connect(c, leader, b->socket, ENDPOINT_control) < 0)
        return EX_UNAVAILABLE;
    b->until = clock_now() + args_ms(a, "within", 60000);
    char keys[24]; /* of this run alone */
    snprintf(keys, sizeof(keys), "%lld", (long long)clock_wall());
    b->keys = args_has(a, "keys") ? keys : NULL;
    json_t *report = json_object();
    if (run_trips(b, &plan, report) == 0)
        run_flow(b, &plan, report);
    print_report(a, report);
    return complain(b, action);
}

static int with_params(const struct args *a, struct bytes params)
{
    struct client c;
    size_t leader = 0;
    const char *action = args_value(a, "action", "noop");
    struct bencher b = {.client = "bench"};
    struct_defaults(part_schema("request"), &b.request);
    b.request.action = bytes_of(action);
    b.request.params = params;
    b.request.swarm = bytes_of(args_value(a, "swarm", ""));
    b.request.priority = (uint64_t)bounded(a, "priority", 2, 0, 4);
    int code = client_open(&c, a);
    if (code == 0)
        code = leader_of(&c, &leader);
    if (code == 0)
        code = is_free(&c, a);
    if (code == 0)
        code = measure(&c, leader, &b, a, action);
    socket_close(b.socket);
    bencher_done(&b);
    client_close(&c);
    return code;
}

int run_bench(const struct cli_verb *verb, const struct args *a)
{
    struct buf params = {0};
    char err[200];
    (void)verb;
    const char *json = args_value(a, "params", NULL);
    if (json && json_text_to_msgpack(&params, bytes_of(json), err, sizeof(err)) < 0) {
        fprintf(stderr, "helios bench: --params is no JSON: %s\n", err);
        return EX_USAGE;
    }
    int code = with_params(a, json ? buf_bytes(&params) : (struct bytes){0});
    buf_done(&params);
    return code;
}
