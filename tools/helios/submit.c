/* SPDX-License-Identifier: MPL-2.0 */
/* `helios submit` and `helios wait`. */
#include <sysexits.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/json.h"
#include "lists.h"
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
    {"wait", NULL, "wait for the end; the exit code tells"},
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
        print_json(json_pack("{ss% ss si ss so ss%}", "id", e->id.at, e->id.n, "state",
                             enum_text(&enum_task_state, e->state), "attempts", (int)e->attempts,
                             "output", buf_str(&output), "data", data, "error",
                             e->error.n ? e->error.at : "", e->error.n));
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

/* await_done prints each watched task's end; the worst state is the exit code. Ctrl-C leaves the
 * tasks running (T10). */
static int await_done(struct client *c, const struct args *a, size_t n)
{
    int worst = 0;
    while (n) {
        struct arena arena = {0};
        struct msg_done done;
        int which =
            client_receive(c, args_has(a, "timeout") ? clock_now() + c->timeout_ms : INT64_MAX / 2);
        if (which == -ETIMEDOUT || which == -EINTR) {
            fprintf(stderr, "helios: %zu %s not ended; what runs goes on\n", n,
                    n == 1 ? "task has" : "tasks have");
            return EX_TEMPFAIL;
        }
        if (which == MSG_done &&
            message_decode(MSG_done, buf_bytes(&c->in), &done, &arena, NULL) == 0)
            SEQ_EACH(e, struct msg_ended, done.items)
            {
                print_ended(a, e);
                worst = e->state == task_state_COMPLETED ? worst : EX_SOFTWARE;
                n -= n > 0;
            }
        arena_done(&arena);
    }
    return worst;
}

static int report_rejected(const struct msg_rejected *m)
{
    SEQ_EACH(item, struct msg_refusal, m->items)
    {
        fprintf(stderr, "helios: refused (" BYTES_F "): " BYTES_F "\n", BYTES_A(item->code),
                BYTES_A(item->reason));
        return bytes_is(item->code, "bad_request") || bytes_is(item->code, "key_reused")
                   ? EX_USAGE
                   : EX_TEMPFAIL;
    }
    return EX_SOFTWARE;
}

static void print_ticket(const struct args *a, const struct msg_ticket *ticket)
{
    if (args_has(a, "json"))
        print_json(
            json_pack("{ss% sb}", "id", ticket->id.at, ticket->id.n, "known", (int)ticket->known));
    else
        printf(BYTES_F "%s\n", BYTES_A(ticket->id), ticket->known ? " (known already)" : "");
}

static int await_accepted(struct client *c, const struct args *a, bool wait)
{
    int64_t deadline = clock_now() + c->timeout_ms;
    for (;;) {
        struct arena arena = {0};
        struct msg_accepted accepted;
        struct msg_rejected rejected;
        int r = -1, which = client_receive(c, deadline);
        if (which == -ETIMEDOUT || which == -EINTR) {
            fprintf(stderr,
                    "helios: no answer; ask again with the same --key and nothing is done twice\n");
            return EX_UNAVAILABLE;
        }
        if (which == MSG_accepted &&
            message_decode(MSG_accepted, buf_bytes(&c->in), &accepted, &arena, NULL) == 0) {
            if (!wait && accepted.items.n)
                print_ticket(a, accepted.items.at);
            r = 0;
        } else if (which == MSG_rejected &&
                   message_decode(MSG_rejected, buf_bytes(&c->in), &rejected, &arena, NULL) == 0) {
            r = report_rejected(&rejected);
        }
        arena_done(&arena);
        if (r >= 0)
            return r;
    }
}

static int submit_one(const struct args *a, const char *action, struct bytes params, bool wait)
{
    struct client c;
    struct bytes after[64], locks[64];
    _autofree_ char *after_text = xdup(args_value(a, "after", NULL)),
                    *locks_text = xdup(args_value(a, "locks", NULL));
    struct msg_request request;
    for (size_t i = 0; i < schema_parts_n; i++)
        if (strcmp(schema_parts[i]->name, "request") == 0)
            struct_defaults(schema_parts[i], &request);
    fill(a, &request);
    request.action = bytes_of(action);
    request.params = params;
    request.after = (struct seq){after, split(after_text, after, ARRAY_SIZE(after))};
    request.locks = (struct seq){locks, split(locks_text, locks, ARRAY_SIZE(locks))};
    int r = client_open(&c, a);
    if (r == 0) {
        struct msg_submit m = {BYTES("1"), BYTES("cli"), wait, {&request, 1}};
        client_send(&c, MSG_submit, &m);
        r = await_accepted(&c, a, wait);
    }
    if (r == 0 && wait)
        r = await_done(&c, a, 1);
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
    int r = client_open(&c, a);
    if (r == 0) {
        struct msg_watch m = {BYTES("1"), {ids, a->n_words}};
        client_send(&c, MSG_watch, &m);
        r = await_done(&c, a, a->n_words);
    }
    client_close(&c);
    return r;
}
