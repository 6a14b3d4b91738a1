/* SPDX-License-Identifier: MPL-2.0 */
/* `helios status`, `helios health`, `helios why`. */
#include <sysexits.h>

#include "common/text.h"
#include "verbs.h"

static void flag(struct buf *out, const json_t *s, const char *key, const char *text)
{
    if (json_is_true(json_object_get(s, key)))
        paint(out, TONE_BAD, "%s ", text);
}

static void health_line(struct buf *out, const char *name, const json_t *health)
{
    double score = json_number_value(json_object_get(health, "score"));
    bool known = json_is_true(json_object_get(health, "known"));
    buf_printf(out, "%-12s ", name);
    paint_bar(out, score, 30);
    paint(out, known ? tone_of_score(score) : TONE_DIM, " %5.1f", score);
    buf_printf(out, "  [%.1f..%.1f]  coverage %.0f %%  age ",
               json_number_value(json_object_get(health, "low")),
               json_number_value(json_object_get(health, "high")),
               json_number_value(json_object_get(health, "coverage")));
    paint_value(out, json_object_get(health, "age"), SHAPE_MS);
    if (!known)
        paint(out, TONE_WARN, "  UNKNOWN: too little fresh data, no automatic action");
    if (json_is_true(json_object_get(health, "bad")))
        paint(out, TONE_BAD, "  BAD");
    buf_text(out, "\n");
}

static const char *text_of(const json_t *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s, key));
    return text ? text : "?";
}

static int status_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *s;
    struct buf out = {0};
    int r = client_query(c, "status", NULL, &s);
    (void)verb;
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(s);
        return 0;
    }
    const json_t *counters = json_object_get(s, "counters");
    buf_printf(&out, "realm %s  epoch %lld  mode %s  up ",
               json_string_value(json_object_get(s, "realm")),
               (long long)json_integer_value(json_object_get(s, "epoch")),
               json_string_value(json_object_get(s, "mode")));
    text_duration(&out, json_integer_value(json_object_get(s, "uptime_ms")) / 1000 * 1000);
    buf_printf(&out, "  helios %s\n", json_string_value(json_object_get(s, "version")));
    buf_printf(&out, "led by %.8s: process %lld on %s\n", text_of(s, "controller"),
               (long long)json_integer_value(json_object_get(s, "pid")), text_of(s, "host"));
    flag(&out, s, "frozen", "FROZEN");
    flag(&out, s, "paused", "PAUSED");
    flag(&out, s, "draining", "DRAINING");
    flag(&out, s, "held", "HELD (Redis)");
    health_line(&out, "health", json_object_get(s, "health"));
    buf_printf(&out, "agents %lld  tasks %lld live, %lld failed and kept\n",
               (long long)json_integer_value(json_object_get(s, "agents_live")),
               (long long)json_integer_value(json_object_get(s, "tasks_live")),
               (long long)json_integer_value(json_object_get(s, "tasks_failed_kept")));
    const char *name;
    json_t *value;
    unsigned column = 0;
    json_object_foreach((json_t *)counters, name, value) if (json_integer_value(value)) buf_printf(
        &out, "%s %lld%s", name, (long long)json_integer_value(value), ++column % 6 ? "  " : "\n");
    buf_text(&out, column % 6 ? "\n" : "");
    print_text(&out);
    json_decref(s);
    return 0;
}

int run_status(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, status_once);
}

static int health_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *answer, *scope;
    const char *name;
    struct buf out = {0};
    int r = client_query(c, "health", NULL, &answer);
    (void)verb;
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    json_object_foreach(json_object_get(answer, "scopes"), name, scope)
        health_line(&out, name, scope);
    print_text(&out);
    json_decref(answer);
    return 0;
}

int run_health(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, health_once);
}

static void entries(struct buf *out, const char *title, const json_t *list, bool numbers)
{
    size_t i;
    const json_t *e;
    if (json_array_size(list) == 0)
        return;
    paint(out, TONE_BOLD, "%s\n", title);
    json_array_foreach(list, i, e)
    {
        buf_text(out, "  ");
        paint_value(out, json_object_get(e, "at"), SHAPE_TIME);
        buf_text(out, "  ");
        paint_value(out, json_object_get(e, "text"), SHAPE_TEXT);
        paint(out, TONE_DIM, "  (%s)\n", json_string_value(json_object_get(e, "topic")));
        if (numbers)
            paint_tree(out, json_object_get(e, "data"), 12);
    }
}

/* X13: the story of one act, from the ledger alone. */
int run_why(const struct cli_verb *verb, const struct args *a)
{
    struct client c;
    struct buf out = {0};
    if (a->n_words != 1) {
        fprintf(stderr, "helios why: say of what: helios why %s\n", verb->words);
        return EX_USAGE;
    }
    int r = client_open(&c, a);
    json_t *args = json_pack("{ss}", "id", a->words[0]), *answer = NULL;
    if (r == 0)
        r = client_query(&c, "why", args, &answer);
    if (r == 0 && args_has(a, "json")) {
        print_json(json_incref(answer));
    } else if (r == 0) {
        entries(&out, "It follows from", json_object_get(answer, "from"), false);
        entries(&out, "What happened, with its numbers", json_object_get(answer, "about"), true);
        entries(&out, "What followed", json_object_get(answer, "followed_by"), false);
        print_text(&out);
    }
    json_decref(answer);
    json_decref(args);
    client_close(&c);
    return r;
}
