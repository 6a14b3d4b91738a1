/* SPDX-License-Identifier: MPL-2.0 */
/* Verbs that order something: rows of a table. */
#include <sysexits.h>

#include "lists.h"
#include "verbs.h"

const struct option_row order_options[] = {
    {"reason", "TEXT", "why, for the ledger"},
    {"author", "NAME", "who (default: the user's name)"},
    {"for", "TIME", "silence: how long"},
    {"kind", "KIND", "silence: silence or maintenance"},
    {"within", "TIME", "drain: what still runs then is cancelled"},
    {"mode", "MODE", "run-cycle: optimization or analysis"},
    {"threshold", "SCORE", "emergency: health is under this many points (50)"},
    {"max-issues", "N", "emergency: act on so many KPIs"},
    {"state", "STATE", "with --all: only these"},
    {"action", "ACTION", "with --all: only this action"},
    {"swarm", "SWARM", "with --all: only of this swarm"},
    {"all", NULL,
     "retry, purge, cancel: all of them; without it an empty selection selects nothing"},
    {0},
};

const struct order_row order_cancel = {"cancel", "id", true, NULL, "cancelled %s"};
const struct order_row order_retry = {"retry", "id", true, NULL, "will be tried again: %s"};
const struct order_row order_purge = {"purge", "id", true, NULL, "purged %s"};
const struct order_row order_pause = {"pause", "scope", false, "realm", "paused %s"};
const struct order_row order_resume = {"resume", "scope", false, "realm", "resumed %s"};
const struct order_row order_drain = {"drain", "scope", false, "realm", "draining %s"};
const struct order_row order_freeze = {"freeze", NULL, false, NULL, "automation is frozen"};
const struct order_row order_unfreeze = {"unfreeze", NULL, false, NULL, "automation goes on"};
const struct order_row order_silence = {"silence", "pattern", false, NULL, "silenced %s"};
const struct order_row order_unsilence = {"unsilence", "id", true, NULL, "no longer silenced: %s"};
const struct order_row order_ack = {"ack", "id", true, NULL, "acknowledged %s"};
const struct order_row order_approve = {"approve", "id", true, NULL, "approved %s"};
const struct order_row order_reset = {"reset", "name", true, NULL, "breaker closed: %s"};
const struct order_row order_rollback = {"rollback", "id", true, NULL, "will be rolled back: %s"};
const struct order_row order_cycle_run = {"cycle_run", NULL, false, NULL, "a cycle was begun"};
const struct order_row order_handover = {"handover", NULL, false, NULL, "the lead is handed over"};
const struct order_row order_emergency = {"emergency", NULL, false, NULL,
                                          "an emergency was declared"};

/* A scope is the realm, or a task or an agent by its id; only tasks are called t-N. */
static void add_scope(json_t *args, const char *word)
{
    size_t digits = strncmp(word, "t-", 2) == 0 ? strspn(word + 2, "0123456789") : 0;
    bool realm = strcmp(word, "realm") == 0, task = digits && word[2 + digits] == '\0';
    json_object_set_new(args, "scope", json_string(realm ? "realm" : task ? "task" : "agent"));
    if (!realm)
        json_object_set_new(args, "id", json_string(word));
}

enum argument_kind { ARGUMENT_TEXT, ARGUMENT_TIME, ARGUMENT_INT };

static json_t *order_args(const struct order_row *row, const struct args *a, const char *word)
{
    static const struct {
        const char *option, *argument;
        enum argument_kind kind;
    } rows[] = {{"reason", "reason", ARGUMENT_TEXT},       {"author", "author", ARGUMENT_TEXT},
                {"kind", "kind", ARGUMENT_TEXT},           {"mode", "mode", ARGUMENT_TEXT},
                {"state", "state", ARGUMENT_TEXT},         {"action", "action", ARGUMENT_TEXT},
                {"swarm", "swarm", ARGUMENT_TEXT},         {"for", "for_ms", ARGUMENT_TIME},
                {"within", "within_ms", ARGUMENT_TIME},    {"threshold", "threshold", ARGUMENT_INT},
                {"max-issues", "max_issues", ARGUMENT_INT}};
    json_t *args = json_object();
    if (row->scope && word)
        add_scope(args, word);
    else if (row->word && word)
        json_object_set_new(args, row->word, json_string(word));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *option = rows[i].option;
        if (args_has(a, option))
            json_object_set_new(
                args, rows[i].argument,
                rows[i].kind == ARGUMENT_TEXT   ? json_string(args_value(a, option, ""))
                : rows[i].kind == ARGUMENT_TIME ? json_integer(args_ms(a, option, 0))
                                                : json_integer(args_int(a, option, 0)));
    }
    if (args_has(a, "all"))
        json_object_set_new(args, "all", json_true());
    return args;
}

static int order_one(struct client *c, const struct order_row *row, const struct args *a,
                     const char *word)
{
    json_t *args = order_args(row, a, word), *answer;
    int r = client_command(c, row->command, args, &answer);
    json_decref(args);
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    struct buf out = {0};
    const char *mark = strstr(row->done, "%s");
    buf_printf(&out, "%.*s%s%s\n", mark ? (int)(mark - row->done) : (int)strlen(row->done),
               row->done, mark ? (word ? word : "all") : "", mark ? mark + 2 : "");
    paint_tree(&out, answer, 2);
    print_text(&out);
    json_decref(answer);
    return 0;
}

int run_order(const struct cli_verb *verb, const struct args *a)
{
    const struct order_row *row = verb->data;
    struct client c;
    const char *first = a->n_words ? a->words[0] : row->scope;
    if (row->word && first == NULL && !args_has(a, "all")) {
        fprintf(stderr, "helios %s: say which: %s\n", verb->name, verb->words);
        return EX_USAGE;
    }
    if (args_has(a, "author"))
        setenv("HELIOS_AUTHOR", args_value(a, "author", ""), 1);
    int r = client_open(&c, a);
    if (r == 0)
        r = order_one(&c, row, a, first);
    for (size_t i = 1; r == 0 && row->many && i < a->n_words; i++)
        r = order_one(&c, row, a, a->words[i]);
    client_close(&c);
    return r;
}
