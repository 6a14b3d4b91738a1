/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the builtin actions. Refuses to start a program. */
#include "agents/builtin.h"

#include "agents/agent.h"
#include "agents/run.h"
#include "proto/json.h"

enum { ANSWER_KEPT = 4096 };

/* ---- noop, echo ---- */

static void start_noop(struct run *r)
{
    run_end(r);
}

static void start_echo(struct run *r)
{
    struct value text = map_get(buf_bytes(&r->params), "text");
    if (text.type == VALUE_STR)
        buf_add(&r->ended.output, text.text.at, text.text.n);
    run_end(r);
}

/* ---- sleep: for trying timeouts, drains and cancels ---- */

static void start_sleep(struct run *r)
{
    int64_t ms = map_int(buf_bytes(&r->params), "ms", 0);
    loop_timer(&r->agent->loop, &r->clock, MIN(r->agent->loop.now + ms, r->deadline));
}

static void due_sleep(struct run *r)
{
    if (r->agent->loop.now >= r->deadline)
        run_stop(r, STOP_TIMEOUT);
    else
        run_end(r);
}

/* ---- webhook: POST of all its parameters but the url, as one JSON object ---- */

static char *message_of(struct bytes params)
{
    _cleanup_(buf_done) struct buf map = {0};
    struct buf text = {0};
    struct pack p;
    struct value key, item;
    pack_init(&p, &map);
    pack_map(&p);
    for (struct walk w = walk_of(params); walk_pair(&w, &key, &item);) {
        if (bytes_is(key.text, "url"))
            continue;
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    pack_end(&p);
    json_print(&text, buf_bytes(&map), false);
    return buf_take(&text);
}

static void on_answer(struct fetch *f, CURLcode code)
{
    struct run *r = f->owner;
    long status = fetch_status(f);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        ended_say(&r->ended, outcome_TIMEOUT, "no answer within its time");
    } else if (code) {
        ended_say(&r->ended, outcome_FAILED, "the webhook cannot be reached: %s",
                  *f->why ? f->why : curl_easy_strerror(code));
    } else if (status < 200 || status > 299) {
        r->ended.exit_code = 1;
        ended_say(&r->ended, outcome_FAILED, "the webhook answered %ld", status);
    }
    buf_add(&r->ended.output, f->body.at, f->body.n);
    r->ended.cut = f->cut;
    run_end(r);
}

static void start_webhook(struct run *r)
{
    static char type[] = "Content-Type: application/json";
    static struct curl_slist json = {.data = type};
    _autofree_ char *message = message_of(buf_bytes(&r->params));
    _autofree_ char *url = bytes_dup(map_str(buf_bytes(&r->params), "url", ""));
    fetch_init(&r->fetch, &r->agent->web, ANSWER_KEPT);
    r->fetch.owner = r;
    r->fetch.on_end = on_answer;
    curl_easy_setopt(r->fetch.easy, CURLOPT_HTTPHEADER, &json);
    curl_easy_setopt(r->fetch.easy, CURLOPT_COPYPOSTFIELDS, message);
    if (fetch_start(&r->fetch, url, MAX(1, r->deadline - r->agent->loop.now))) {
        ended_say(&r->ended, outcome_FAILED, "the webhook's address is wrong");
        run_end(r);
    }
}

static const struct param_rule echo_params[] = {
    {.name = "text", .kind = param_kind_string, .length = 60 * 1024}};
static const struct param_rule sleep_params[] = {{.name = "ms",
                                                  .kind = param_kind_int,
                                                  .required = true,
                                                  .limited = true,
                                                  .min = 0,
                                                  .max = 7 * 86400e3}};
static const struct param_rule webhook_params[] = {
    {.name = "url", .kind = param_kind_string, .required = true},
    {.name = "title", .kind = param_kind_string},
    {.name = "text", .kind = param_kind_string, .length = 60 * 1024},
    {.name = "level", .kind = param_kind_string},
    {.name = "topic", .kind = param_kind_string},
    {.name = "id", .kind = param_kind_string},
};

static const struct builtin builtins[] = {
    {"echo", echo_params, ARRAY_SIZE(echo_params), .start = start_echo},
    {"noop", NULL, 0, .start = start_noop},
    {"sleep", sleep_params, ARRAY_SIZE(sleep_params), .start = start_sleep, .due = due_sleep},
    {"webhook", webhook_params, ARRAY_SIZE(webhook_params), .start = start_webhook},
};

const struct builtin *builtin_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    return NULL;
}
