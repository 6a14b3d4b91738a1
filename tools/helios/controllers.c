/* SPDX-License-Identifier: MPL-2.0 */
/* What goes to every controller, standby or not: `helios controllers`, `freeze` and `unfreeze`. */
#include <sysexits.h>

#include "lists.h"
#include "verbs.h"

static const struct column columns[] = {
    {"CONTROLLER", "where", SHAPE_TEXT, 40},
    {"STATE", "state", SHAPE_WORD, 0},
    {"EPOCH", "epoch", SHAPE_INT, 0},
    {"SINCE", "since", SHAPE_TIME, 0},
    {"LEASE", "lease.text", SHAPE_TEXT, 0},
    {"STORE", "store", SHAPE_TEXT, 40},
    {"FROZEN", "frozen", SHAPE_BOOL, 0},
    {"HOST", "host", SHAPE_TEXT, 24},
    {"PID", "pid", SHAPE_INT, 0},
    {"VERSION", "version", SHAPE_TEXT, 0},
    {"ID", "id", SHAPE_TEXT, 8},
    {0},
};

/* The lease as this controller sees it: whose it is, and how old that is. */
static void say_lease(json_t *row)
{
    json_t *lease = json_object_get(row, "lease");
    const char *holder = json_string_value(json_object_get(lease, "holder"));
    struct buf text = {0};
    if (lease == NULL)
        return;
    buf_printf(&text, "%.8s %lld, %lld ms", holder && *holder ? holder : "nobody's",
               (long long)json_integer_value(json_object_get(lease, "epoch")),
               (long long)json_integer_value(json_object_get(lease, "unchanged_ms")));
    json_object_set_new(lease, "text", json_string(buf_str(&text)));
    buf_done(&text);
}

static json_t *rows_of(struct client *c, json_t **answers)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < c->talk.places.n; i++) {
        json_t *row = answers[i] ? answers[i] : json_pack("{ss}", "state", "unreachable");
        json_object_set_new(row, "where", json_string(c->talk.places.at[i].where));
        json_object_set_new(row, "reachable", json_boolean(answers[i] != NULL));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* The exit code says whether one of them leads. */
static int controllers_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *answers[CLIENT_CONTROLLERS];
    size_t leads, i;
    json_t *row;
    (void)verb;
    client_ask_all(c, false, "controller", NULL, answers, &leads);
    json_t *rows = rows_of(c, answers);
    if (args_has(a, "json")) {
        print_json(json_pack("{so}", "controllers", rows));
    } else {
        struct buf out = {0};
        json_array_foreach (rows, i, row)
            say_lease(row);
        paint_table(&out, rows, columns);
        print_text(&out);
        json_decref(rows);
    }
    if (leads == c->talk.places.n)
        fprintf(stderr, "helios: none of these controllers leads now\n");
    return leads == c->talk.places.n ? EX_TEMPFAIL : 0;
}

int run_controllers(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, controllers_once);
}

/* X10: one that leads now, or will, must know; the leader also writes it down for who is away. */
static int tell_all(struct client *c, const struct order_row *row, const struct args *a)
{
    json_t *answers[CLIENT_CONTROLLERS], *args = json_object(), *done = json_array();
    size_t leads;
    if (args_has(a, "reason"))
        json_object_set_new(args, "reason", json_string(args_value(a, "reason", "")));
    int refused = client_ask_all(c, true, row->command, args, answers, &leads);
    json_decref(args);
    for (size_t i = 0; i < c->talk.places.n; i++) {
        if (answers[i])
            json_array_append_new(done, json_string(c->talk.places.at[i].where));
        else if (!refused)
            fprintf(stderr, "helios: %s did not answer\n", c->talk.places.at[i].where);
        json_decref(answers[i]);
    }
    size_t n = json_array_size(done);
    if (leads == c->talk.places.n && !refused)
        fprintf(stderr, n ? "helios: no leader has answered%s: what leads now may not know\n"
                          : "helios: no answer; is the controller running%s?\n",
                n ? "" : client_doubt(c));
    if (args_has(a, "json"))
        print_json(json_pack("{sssb sO}", "done", row->command, "leader", leads < c->talk.places.n,
                             "controllers", done));
    else if (n)
        printf("%s\n", row->done);
    json_decref(done);
    return refused ? refused : leads < c->talk.places.n ? 0 : n ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

int run_everywhere(const struct cli_verb *verb, const struct args *a)
{
    struct client c;
    if (args_has(a, "author"))
        setenv("HELIOS_AUTHOR", args_value(a, "author", ""), 1);
    int r = client_open(&c, a);
    if (r == 0)
        r = tell_all(&c, verb->data, a);
    client_close(&c);
    return r;
}
