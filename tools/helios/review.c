/* SPDX-License-Identifier: MPL-2.0 */
/* `helios review list|show|ask`: what committees are asked and have decided; a person may ask one. */
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "files.h"
#include "stop.h"
#include "verbs.h"

#define LOOK_US 200000 /* with --wait: how often the review is looked at */
#define REJECTED 1     /* exit code of --wait */

const struct option_row review_options[] = {
    {"subject", "JSON", "ask: what it is about, an object: the parameters of the reviewers' action"},
    {"priority", "0..4", "ask: of the reviewers' tasks (2)"},
    {"wait", NULL, "ask: wait for the decision; exits 0 approved, 1 rejected"},
    {"committee", "NAME", "list: only of this one"},
    {"state", "STATE", "list: OPEN, APPROVED or REJECTED"},
    {"limit", "N", "list: at most so many (50)"},
    {0},
};

static const struct column columns[] = {
    {"REVIEW", "id", SHAPE_TEXT, 0},     {"COMMITTEE", "committee", SHAPE_TEXT, 20},
    {"STATE", "state", SHAPE_WORD, 0},   {"VOTED", "voted", SHAPE_INT, 0},
    {"SEATS", "seats", SHAPE_INT, 0},    {"YES", "yes", SHAPE_NUMBER, 0},
    {"NO", "no", SHAPE_NUMBER, 0},       {"SCORE", "score", SHAPE_SCORE, 0},
    {"RULE", "reason", SHAPE_TEXT, 32},  {"BEGAN", "began", SHAPE_TIME, 0},
    {"OF", "owner", SHAPE_TEXT, 32},     {0},
};
static const struct column vote_columns[] = {
    {"SEAT", "seat", SHAPE_TEXT, 24},    {"AGENT", "agent", SHAPE_TEXT, 24}, {"VOTE", "vote", SHAPE_WORD, 0},
    {"SCORE", "score", SHAPE_SCORE, 0},  {"WEIGHT", "weight", SHAPE_NUMBER, 0},
    {"VETO", "veto", SHAPE_BOOL, 0},     {"REASON", "reason", SHAPE_TEXT, 100}, {0},
};

/* ---- list and show ---- */

static int list(struct client *c, const struct args *a)
{
    json_t *answer, *args = json_pack("{si}", "limit", (int)args_int(a, "limit", 50));
    static const char *const texts[] = {"state", "committee"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (args_has(a, texts[i]))
            json_object_set_new(args, texts[i], json_string(args_value(a, texts[i], "")));
    int r = client_query(c, "reviews", args, &answer);
    json_decref(args);
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    struct buf out = {0};
    paint_table(&out, json_object_get(answer, "reviews"), columns);
    print_text(&out);
    json_decref(answer);
    return 0;
}

/* ask_for gives a new reference to one review. */
static int ask_for(struct client *c, const char *id, json_t **ret)
{
    json_t *answer, *args = json_pack("{ss}", "id", id);
    int r = client_query(c, "review", args, &answer);
    json_decref(args);
    if (r)
        return r;
    *ret = json_incref(json_object_get(answer, "review"));
    json_decref(answer);
    return *ret ? 0 : EX_PROTOCOL;
}

static const char *text_of(const json_t *review, const char *key)
{
    const char *text = json_string_value(json_object_get(review, key));
    return text ? text : "";
}

/* paint_line: v-3 APPROVED: agreed; score 84, against it: reviewer-picture */
static void paint_line(struct buf *out, const json_t *review)
{
    const json_t *score = json_object_get(review, "score"), *name;
    size_t i;
    buf_printf(out, "%s ", text_of(review, "id"));
    paint(out, tone_of_word(text_of(review, "state")), "%s", text_of(review, "state"));
    if (*text_of(review, "reason"))
        buf_printf(out, ": %s", text_of(review, "reason"));
    if (json_is_number(score))
        buf_printf(out, "; score %.3g", json_number_value(score));
    json_array_foreach (json_object_get(review, "dissent"), i, name)
        buf_printf(out, "%s%s", i ? ", " : ", against it: ", json_string_value(name));
    buf_text(out, "\n");
}

static void print_review(const struct args *a, json_t *review)
{
    struct buf out = {0};
    if (args_has(a, "json")) {
        print_json(review);
        return;
    }
    paint_line(&out, review);
    paint_table(&out, json_object_get(review, "votes"), vote_columns);
    buf_text(&out, "subject\n");
    paint_tree(&out, json_object_get(review, "subject"), 2);
    buf_text(&out, "rule\n");
    paint_tree(&out, json_object_get(review, "rule"), 2);
    print_text(&out);
    json_decref(review);
}

static int show(struct client *c, const struct args *a)
{
    json_t *review;
    int r = ask_for(c, a->words[1], &review);
    if (r == 0)
        print_review(a, review);
    return r;
}

/* ---- ask ---- */

/* await asks for it again and again: whoever leads then knows it. Ctrl-C leaves it to its committee. */
static int await(struct client *c, const struct args *a, const char *id)
{
    int64_t end = args_has(a, "timeout") ? clock_now() + c->timeout_ms : INT64_MAX;
    json_t *review;
    stop_catch();
    for (;;) {
        int r = ask_for(c, id, &review);
        if (r)
            return r;
        if (strcmp(text_of(review, "state"), "OPEN") != 0)
            break;
        json_decref(review);
        if (stop_asked())
            return complain(EX_TEMPFAIL, "%s goes on: helios review show %s", id, id);
        if (clock_now() >= end)
            return complain(EX_TEMPFAIL, "%s is not decided yet", id);
        usleep(LOOK_US);
    }
    bool approved = strcmp(text_of(review, "state"), "APPROVED") == 0;
    print_review(a, review);
    return approved ? 0 : REJECTED;
}

static int started(struct client *c, const struct args *a, json_t *answer)
{
    _autofree_ char *id = xdup(text_of(answer, "id"));
    if (args_has(a, "wait")) {
        json_decref(answer);
        return await(c, a, id);
    }
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    printf("%s\n", id);
    json_decref(answer);
    return 0;
}

static int ask(struct client *c, const struct args *a)
{
    json_error_t err;
    json_t *answer, *subject = json_loads(args_value(a, "subject", "{}"), 0, &err);
    if (!json_is_object(subject)) {
        json_decref(subject);
        return complain(EX_USAGE, "helios review: --subject is no JSON object%s%s", subject ? "" : ": ", subject ? "" : err.text);
    }
    json_t *args = json_pack("{ss so si}", "committee", a->words[1], "subject", subject, "priority",
                             (int)args_int(a, "priority", 2));
    int r = client_command(c, "review_start", args, &answer);
    json_decref(args);
    return r ? r : started(c, a, answer);
}

/* ---- words ---- */

static const struct word {
    const char *word;
    size_t n; /* words with it */
    int (*run)(struct client *c, const struct args *a);
} words[] = {{"list", 1, list}, {"show", 2, show}, {"ask", 2, ask}};

static int once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(a->words[0], words[i].word) == 0)
            return words[i].run(c, a);
    return EX_USAGE;
}

int run_review(const struct cli_verb *verb, const struct args *a)
{
    for (size_t i = 0; a->n_words && i < ARRAY_SIZE(words); i++)
        if (strcmp(a->words[0], words[i].word) == 0 && a->n_words == words[i].n)
            return repeat(verb, a, once);
    return complain(EX_USAGE, "helios review: helios review %s", verb->words);
}
