/* SPDX-License-Identifier: MPL-2.0 */
/* `helios pipeline list | show | run | status | retry | cancel | history`. */
#include "pipeline.h"

#include <sysexits.h>
#include <unistd.h>

#include "proto/json.h"
#include "stop.h"

const struct option_row pipeline_options[] = {
    {"params", "JSON", "run: the pipeline's parameters, as a JSON object"},
    {"key", "KEY", "run: idempotency key: the same again answers the first run"},
    {"dry-run", NULL, "run: submit nothing, say what each step would do"},
    {"wait", NULL, "run, retry: wait for the end; the exit code tells"},
    {"dot", NULL, "show: for Graphviz"},
    {"reason", "TEXT", "cancel: why"},
    {"state", "STATE", "status: only steps in this state; history: only such runs"},
    {"limit", "N", "history: at most so many runs (20); status: so many steps (60)"},
    {0},
};

#define WAIT_LOOK_MS 250

static json_t *add_option(json_t *args, const struct args *a, const char *name)
{
    if (args_has(a, name))
        json_object_set_new(args, name, json_string(args_value(a, name, "")));
    return args;
}

/* show prints the answer as it is, or drawn; drops it. */
static int show(const struct args *a, json_t *answer, void (*draw)(struct buf *out, const json_t *answer))
{
    struct buf out = {0};
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    draw(&out, answer);
    print_text(&out);
    json_decref(answer);
    return 0;
}

/* ---- lists ---- */

static void draw_list(struct buf *out, const json_t *answer)
{
    static const struct column columns[] = {{"pipeline", "name", SHAPE_TEXT, 32},      {"steps", "steps", SHAPE_INT, 0},
                                            {"running", "running", SHAPE_INT, 0},      {"queued", "queued", SHAPE_INT, 0},
                                            {"kept", "ended", SHAPE_INT, 0},           {"last", "last.id", SHAPE_TEXT, 0},
                                            {"it", "last.state", SHAPE_WORD, 0},       {"took", "last.took_ms", SHAPE_MS, 0},
                                            {"ended", "last.ended", SHAPE_TIME, 0},    {0}};
    paint_table(out, json_object_get(answer, "pipelines"), columns);
}

static int list(struct client *c, const struct args *a)
{
    json_t *answer;
    int r = client_query(c, "pipelines", NULL, &answer);
    return r ? r : show(a, answer, draw_list);
}

static void draw_history(struct buf *out, const json_t *answer)
{
    static const struct column columns[] = {
        {"run", "id", SHAPE_TEXT, 0},        {"pipeline", "pipeline", SHAPE_TEXT, 32}, {"state", "state", SHAPE_WORD, 0},
        {"done", "done", SHAPE_INT, 0},      {"steps", "steps", SHAPE_INT, 0},         {"began", "began", SHAPE_TIME, 0},
        {"took", "took_ms", SHAPE_MS, 0},    {"tries", "tries", SHAPE_INT, 0},         {"by", "author", SHAPE_TEXT, 16},
        {"of", "owner_id", SHAPE_TEXT, 24},  {"why", "error", SHAPE_TEXT, 60},         {0}};
    paint_table(out, json_object_get(answer, "runs"), columns);
}

static int history(struct client *c, const struct args *a)
{
    json_t *args = json_pack("{sI}", "limit", (json_int_t)args_int(a, "limit", 20)), *answer;
    if (a->n_words > 1)
        json_object_set_new(args, "pipeline", json_string(a->words[1]));
    int r = client_query(c, "runs", add_option(args, a, "state"), &answer);
    json_decref(args);
    return r ? r : show(a, answer, draw_history);
}

/* ---- one pipeline ---- */

/* Large graphs come in pages. */
static int ask_pipeline(struct client *c, const char *name, json_t **ret)
{
    json_t *whole = NULL;
    for (;;) {
        json_t *page, *rows = whole ? json_object_get(whole, "rows") : NULL;
        json_t *args = json_pack("{sssI}", "name", name, "first", (json_int_t)json_array_size(rows));
        int r = client_query(c, "pipeline", args, &page);
        json_decref(args);
        if (r) {
            json_decref(whole);
            return r;
        }
        json_t *more = json_object_get(page, "rows");
        bool last = json_array_size(rows) + json_array_size(more) >= (size_t)json_integer_value(json_object_get(page, "steps")) ||
                    json_array_size(more) == 0;
        if (whole) {
            json_array_extend(rows, more);
            json_decref(page);
        } else {
            whole = page;
        }
        if (last)
            break;
    }
    *ret = whole;
    return 0;
}

static int show_pipeline(struct client *c, const struct args *a)
{
    json_t *answer;
    int r = ask_pipeline(c, a->words[1], &answer);
    return r ? r : show(a, answer, args_has(a, "dot") ? pipeline_dot : pipeline_draw);
}

/* ---- runs ---- */

static int ask_run(struct client *c, const struct args *a, const char *id, json_t **ret)
{
    json_int_t most = args_int(a, "limit", args_has(a, "json") ? 1000 : 60);
    json_t *args = json_pack("{sssI}", "id", id, "limit", most);
    int r = client_query(c, "run", add_option(args, a, "state"), ret);
    json_decref(args);
    return r;
}

static int status(struct client *c, const struct args *a)
{
    json_t *answer;
    int r = ask_run(c, a, a->words[1], &answer);
    return r ? r : show(a, answer, run_draw);
}

static bool has_ended(const json_t *run)
{
    const char *state = json_string_value(json_object_get(run, "state"));
    return state && strcmp(state, "QUEUED") != 0 && strcmp(state, "RUNNING") != 0;
}

/* wait_for_run draws the run over and over on a terminal, else once at its end. Exit code 1: it did not complete. */
static int wait_for_run(struct client *c, const struct args *a, const char *id)
{
    bool live = isatty(STDOUT_FILENO) && !args_has(a, "json");
    stop_catch();
    while (!stop_asked()) {
        json_t *run;
        int r = ask_run(c, a, id, &run);
        if (r)
            return r;
        bool ended = has_ended(run);
        bool good = strcmp(json_string_value(json_object_get(run, "state")), "COMPLETED") == 0;
        if (live)
            printf("\033[H\033[2J");
        if (live || ended)
            show(a, run, run_draw);
        else
            json_decref(run);
        if (ended)
            return good ? 0 : 1;
        usleep(WAIT_LOOK_MS * 1000);
    }
    return EX_TEMPFAIL;
}

/* begun says which run it is, and waits for it when asked to. */
static int begun(struct client *c, const struct args *a, json_t *answer)
{
    char id[64];
    snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(answer, "id")));
    if (!args_has(a, "wait") && args_has(a, "json"))
        print_json(json_incref(answer));
    else if (!args_has(a, "wait"))
        printf("%s %s\n", id, json_string_value(json_object_get(answer, "state")));
    json_decref(answer);
    return args_has(a, "wait") ? wait_for_run(c, a, id) : 0;
}

static int run_pipeline(struct client *c, const struct args *a)
{
    json_error_t wrong;
    json_t *answer, *params = json_loads(args_value(a, "params", "{}"), 0, &wrong);
    if (!json_is_object(params)) {
        fprintf(stderr, "helios pipeline run: --params is no JSON object: %s\n", params ? "another value" : wrong.text);
        json_decref(params);
        return EX_USAGE;
    }
    json_t *args = json_pack("{sssosb}", "name", a->words[1], "params", params, "dry_run", args_has(a, "dry-run"));
    int r = client_command(c, "pipeline_run", add_option(args, a, "key"), &answer);
    json_decref(args);
    return r ? r : begun(c, a, answer);
}

static int retry(struct client *c, const struct args *a)
{
    json_t *args = json_pack("{ss}", "id", a->words[1]), *answer;
    int r = client_command(c, "run_retry", args, &answer);
    json_decref(args);
    return r ? r : begun(c, a, answer);
}

static int cancel(struct client *c, const struct args *a)
{
    json_t *args = json_pack("{ss}", "id", a->words[1]), *answer;
    int r = client_command(c, "run_cancel", add_option(args, a, "reason"), &answer);
    json_decref(args);
    if (r)
        return r;
    if (!args_has(a, "json"))
        printf("%s is being cancelled\n", a->words[1]);
    else
        print_json(json_incref(answer));
    json_decref(answer);
    return 0;
}

/* ---- which ---- */

static const struct {
    const char *word, *of;
    int (*run)(struct client *c, const struct args *a);
    bool watched;
} words[] = {{"list", NULL, list, true},         {"show", "NAME", show_pipeline, false}, {"run", "NAME", run_pipeline, false},
             {"status", "RUN", status, true},    {"retry", "RUN", retry, false},         {"cancel", "RUN", cancel, false},
             {"history", NULL, history, true}};

static int once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (a->n_words == 0 || strcmp(words[i].word, a->words[0]) == 0)
            return words[i].run(c, a);
    return EX_USAGE;
}

int run_pipeline_verb(const struct cli_verb *verb, const struct args *a)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(words) && a->n_words && strcmp(words[i].word, a->words[0]) != 0)
        i++;
    if (i == ARRAY_SIZE(words) || (words[i].of && a->n_words != 2)) {
        if (i < ARRAY_SIZE(words))
            fprintf(stderr, "helios pipeline %s: say which: helios pipeline %s %s\n", words[i].word, words[i].word, words[i].of);
        else
            fprintf(stderr, "helios pipeline: say what: helios pipeline %s\n", verb->words);
        return EX_USAGE;
    }
    if (words[i].watched)
        return repeat(verb, a, once);
    struct client c;
    int r = client_open(&c, a);
    if (r == 0)
        r = words[i].run(&c, a);
    client_close(&c);
    return r;
}
