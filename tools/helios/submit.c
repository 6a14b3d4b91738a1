/* SPDX-License-Identifier: MPL-2.0 */
/* `helios submit` and `helios wait`. */
#include <sysexits.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/json.h"
#include "lists.h"
#include "signer.h"
#include "verbs.h"

const struct option_row submit_options[] = {
    {"params", "JSON", "the task's parameters, as a JSON object"},
    {"key", "KEY", "idempotency key: the same again answers the first task"},
    {"swarm", "SWARM", "only agents of this swarm"},
    {"role", "ROLE", "only agents of this role"},
    {"agent", "ID", "only this agent"},
    {"target", "NAME", "what it acts on"},
    {"priority", "0..4", "0 is the most urgent (2)"},
    {"after", "ID,…", "tasks that must have completed before"},
    {"locks", "NAME,…", "resources that it needs alone"},
    {"attempts", "N", "at most so many"},
    {"attempt-time", "TIME", "longest attempt"},
    {"total-time", "TIME", "longest time from submit to end"},
    {"in", "TIME", "start not before"},
    {"at-most-once", NULL, "never dispatch twice; lost = UNKNOWN"},
    {"note", "TEXT", "for people"},
    {"sign", "NAME.signer", "sign it, for agents that ask for that"},
    {"expires", "TIME", "of the signature (10m)"},
    {"realm", "NAME", "of the signature: security.realm of the agents"},
    {"wait", NULL, "wait for the end; the exit code tells"},
    {"dry-run", NULL, "only say what would happen: who could run it, what it would wait for, its retries"},
    {0},
};

const struct option_row wait_options[] = {{0}};

/* split fills words with the comma-separated parts of text (which it cuts). */
static size_t split(char *text, struct bytes *words, size_t most)
{
    size_t n = 0;
    for (char *part = text ? strtok(text, ",") : NULL; part && n < most; part = strtok(NULL, ","))
        words[n++] = bytes_of(part);
    return n;
}

static struct bytes option(const struct args *a, const char *name)
{
    return bytes_of(args_value(a, name, ""));
}

static void fill(const struct args *a, struct msg_request *m)
{
    m->key = option(a, "key");
    m->swarm = option(a, "swarm");
    m->role = option(a, "role");
    m->agent = option(a, "agent");
    m->target = option(a, "target");
    m->note = option(a, "note");
    m->priority = (uint64_t)args_int(a, "priority", 2);
    m->max_attempts = (uint64_t)args_int(a, "attempts", 0);
    m->attempt_ms = (uint64_t)args_ms(a, "attempt-time", 0);
    m->total_ms = (uint64_t)args_ms(a, "total-time", 0);
    m->not_before = args_has(a, "in") ? clock_wall() + args_ms(a, "in", 0) : 0;
    m->at_most_once = args_has(a, "at-most-once");
}

static void print_ended(const struct args *a, const struct msg_ended *e)
{
    struct buf out = {0};
    if (args_has(a, "json")) {
        json_t *data = e->data.n ? json_from_msgpack(e->data) : json_object();
        struct buf output = {0};
        text_safe(&output, e->output);
        print_json(json_pack("{ss% ss si ss so ss% sb}", "id", e->id.at, e->id.n, "state",
                             enum_text(&enum_task_state, e->state), "attempts", (int)e->attempts,
                             "output", buf_str(&output), "data", data, "error",
                             e->error.n ? e->error.at : "", e->error.n, "forgotten", (int)e->forgotten));
        buf_done(&output);
        return;
    }
    const char *state = enum_text(&enum_task_state, e->state);
    text_safe(&out, e->id);
    buf_text(&out, " ");
    paint(&out, tone_of_word(state), "%s", state);
    if (e->error.n) {
        buf_text(&out, ": ");
        text_safe(&out, e->error);
    }
    buf_text(&out, "\n");
    if (e->output.n) {
        for (struct bytes rest = e->output; rest.n;) {
            const char *end = memchr(rest.at, '\n', rest.n);
            size_t n = end ? (size_t)(end - rest.at) : rest.n;
            text_safe(&out, (struct bytes){rest.at, n});
            buf_text(&out, "\n");
            n += end != NULL;
            rest = (struct bytes){rest.at + n, rest.n - n};
        }
    } else if (e->data.n) {
        json_t *data = json_from_msgpack(e->data);
        paint_tree(&out, data, 2);
        json_decref(data);
    }
    print_text(&out);
}

/* One submit or wait: what is still to come, and the exit code so far. */
struct waiting {
    const struct args *a;
    bool wait;      /* for the end: then the ticket is not printed */
    size_t n_ended; /* of n_tasks */
    size_t n_tasks;
    int code;
};

static void print_ticket(const struct args *a, const struct client_event *e)
{
    if (args_has(a, "json"))
        print_json(json_pack("{ss% sb}", "id", e->id.at, e->id.n, "known", (int)e->known));
    else
        printf(BYTES_F "%s\n", BYTES_A(e->id), e->known ? " (known already)" : "");
}

static void on_refused(struct waiting *w, const struct client_event *e)
{
    w->code = client_exit(e->code);
    fprintf(stderr, "helios: refused (" BYTES_F "): " BYTES_F "\n", BYTES_A(e->code),
            BYTES_A(e->text));
}

static void on_expired(struct waiting *w, const struct client_event *e)
{
    if (e->code.n) {
        on_refused(w, e);
        return;
    }
    w->code = client_exit(e->code);
    fprintf(stderr, "helios: no answer%s\n",
            args_has(w->a, "key") ? "; ask again with the same --key and nothing is done twice"
                                  : "; it may have been taken all the same: `helios tasks`");
}

static void on_event(void *whom, const struct client_event *e)
{
    struct waiting *w = whom;
    if (e->what == CLIENT_ACCEPTED && !w->wait)
        print_ticket(w->a, e);
    else if (e->what == CLIENT_REFUSED)
        on_refused(w, e);
    else if (e->what == CLIENT_EXPIRED)
        on_expired(w, e);
    else if (e->what == CLIENT_ENDED) {
        print_ended(w->a, e->ended);
        w->n_ended++;
        if (e->ended->state != task_state_COMPLETED && w->code == 0)
            w->code = EX_SOFTWARE;
    }
}

/* Ctrl-C leaves the tasks running (T10). --timeout bounds the wait for the end, too. */
static int await_all(struct client *c, struct waiting *w)
{
    int64_t deadline =
        w->wait && args_has(w->a, "timeout") ? clock_now() + c->timeout_ms : INT64_MAX;
    c->on_event = on_event;
    c->whom = w;
    while (!client_idle(&c->talk.core)) {
        int64_t left = deadline - clock_now();
        if (left > 0 && client_turn(c, left, NULL) == 0)
            continue;
        size_t n = w->n_tasks - w->n_ended;
        fprintf(stderr, "helios: %zu %s not ended; what runs goes on\n", n,
                n == 1 ? "task has" : "tasks have");
        return EX_TEMPFAIL;
    }
    return w->code;
}

/* dry_run asks what would become of the request; a refusal has its exit code. */
static int dry_run(const struct args *a, const struct msg_request *request)
{
    struct client c;
    struct buf packed = {0}, out = {0};
    struct msg_request asked = *request;
    json_t *answer = NULL;
    asked.signature = (struct bytes){0};
    struct_encode(&packed, part_schema("request"), &asked);
    json_t *args = json_from_msgpack(buf_bytes(&packed));
    json_object_set_new(args, "signed", json_boolean(request->signature.n > 0));
    int r = client_open(&c, a);
    if (r == 0) {
        json_object_set_new(args, "client", json_string(c.talk.core.name));
        r = client_query(&c, "would", args, &answer);
    }
    if (r == 0 && args_has(a, "json"))
        print_json(json_incref(answer));
    else if (r == 0) {
        paint_tree(&out, answer, 0);
        print_text(&out);
    }
    if (r == 0 && !json_is_true(json_object_get(answer, "accepted")))
        r = EX_TEMPFAIL;
    json_decref(answer);
    json_decref(args);
    buf_done(&packed);
    buf_done(&out);
    client_close(&c);
    return r;
}

static int submit_one(const struct args *a, const char *action, struct bytes params, bool wait)
{
    struct client c;
    struct bytes after[64], locks[64];
    _autofree_ char *after_text = xdup(args_value(a, "after", NULL)),
                    *locks_text = xdup(args_value(a, "locks", NULL));
    struct waiting w = {.a = a, .wait = wait, .n_tasks = 1};
    struct msg_request request;
    struct_defaults(part_schema("request"), &request);
    fill(a, &request);
    request.action = bytes_of(action);
    request.params = params;
    request.after = (struct seq){after, split(after_text, after, ARRAY_SIZE(after))};
    request.locks = (struct seq){locks, split(locks_text, locks, ARRAY_SIZE(locks))};
    _cleanup_(buf_done) struct buf signature = {0};
    int r = signer_sign(a, &request, &signature);
    if (r)
        return r;
    request.signature = buf_bytes(&signature);
    if (args_has(a, "dry-run"))
        return dry_run(a, &request);
    r = client_open(&c, a);
    if (r == 0) {
        client_submit(&c.talk.core, &request, 1, wait, c.timeout_ms, clock_now());
        r = await_all(&c, &w);
    }
    client_close(&c);
    return r;
}

int run_submit(const struct cli_verb *verb, const struct args *a)
{
    struct buf params = {0};
    char err[200];
    if (a->n_words != 1) {
        fprintf(stderr, "helios submit: say which action: helios submit %s\n", verb->words);
        return EX_USAGE;
    }
    const char *json = args_value(a, "params", NULL);
    if (json && json_text_to_msgpack(&params, bytes_of(json), err, sizeof(err)) < 0) {
        fprintf(stderr, "helios submit: --params is no JSON: %s\n", err);
        return EX_USAGE;
    }
    int r = submit_one(a, a->words[0], json ? buf_bytes(&params) : (struct bytes){0},
                       args_has(a, "wait"));
    buf_done(&params);
    return r;
}

const struct option_row report_options[] = {
    {"depth", "DEPTH", "analyze: quick, or comprehensive with the analysts' view (the default)"},
    {"horizon", "TIME", "plan: how far ahead, as 7d (7d)"},
    {0},
};

/* The words fill one parameter, the option another one. */
const struct report_row report_analysis = {"analysis", "focus_areas", "depth"};
const struct report_row report_plan = {"strategic_planning", "scenarios", "horizon"};

/* run_report asks the controller for a report and waits for it. */
int run_report(const struct cli_verb *verb, const struct args *a)
{
    const struct report_row *row = verb->data;
    struct buf params = {0};
    struct pack p;
    pack_init(&p, &params);
    pack_map(&p);
    if (args_has(a, row->option))
        pack_put_text(&p, row->option, args_value(a, row->option, ""));
    if (a->n_words) {
        pack_key(&p, row->words);
        pack_list(&p);
        for (size_t i = 0; i < a->n_words; i++)
            pack_text(&p, a->words[i]);
        pack_end(&p);
    }
    pack_end(&p);
    int r = submit_one(a, row->action, buf_bytes(&params), true);
    buf_done(&params);
    return r;
}

int run_wait(const struct cli_verb *verb, const struct args *a)
{
    struct client c;
    struct bytes ids[ARGS_MAX];
    if (a->n_words == 0) {
        fprintf(stderr, "helios wait: say for which tasks: helios wait %s\n", verb->words);
        return EX_USAGE;
    }
    for (size_t i = 0; i < a->n_words; i++)
        ids[i] = bytes_of(a->words[i]);
    struct waiting w = {.a = a, .wait = true, .n_tasks = a->n_words};
    int r = client_open(&c, a);
    if (r == 0) {
        client_watch(&c.talk.core, ids, a->n_words, clock_now());
        r = await_all(&c, &w);
    }
    client_close(&c);
    return r;
}
