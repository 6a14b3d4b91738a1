/* SPDX-License-Identifier: MPL-2.0 */
/* `helios schedule set`: a schedule from options, or all those of a YAML file, which is checked as a controller checks it. */
#include <sysexits.h>

#include "proto/json.h"
#include "schedule.h"
#include "settings/packed.h"

#define BATCH 500 /* schedules in one command, which is a message of bounded size */

enum field_kind { TEXT, TIME, INT, LIST, JSON };
static const struct {
    const char *option, *key;
    enum field_kind kind;
} fields[] = {
    {"cron", "cron", TEXT},       {"zone", "zone", TEXT},         {"action", "action", TEXT},     {"pipeline", "pipeline", TEXT},
    {"params", "params", JSON},   {"after", "after", LIST},       {"overlap", "overlap", TEXT},   {"misfire", "misfire", TEXT},
    {"window", "window", TIME},   {"late", "late", TIME},         {"jitter", "jitter", TIME},     {"swarm", "swarm", TEXT},
    {"role", "role", TEXT},       {"priority", "priority", INT},  {"locks", "locks", LIST},       {"attempts", "attempts", INT},
    {"attempt-time", "timeout", TIME}, {"takes", "takes", TIME},
};

static json_t *words_of(const char *text)
{
    json_t *list = json_array();
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ",");
        if (n)
            json_array_append_new(list, json_stringn(at, n));
        at += n + (at[n] == ',');
    }
    return list;
}

static json_t *value_of(const struct args *a, size_t i)
{
    const char *option = fields[i].option, *text = args_value(a, option, "");
    switch (fields[i].kind) {
    case TIME:
        return json_integer(args_ms(a, option, 0));
    case INT:
        return json_integer(args_int(a, option, 0));
    case LIST:
        return words_of(text);
    case JSON:
        return json_loads(text, 0, NULL);
    default:
        return json_string(text);
    }
}

/* from_options gives a list of one; NULL after a sentence on stderr. */
static json_t *from_options(const struct args *a)
{
    if (a->n_words != 1) {
        fprintf(stderr, "helios schedule set: give it one NAME, or --file FILE\n");
        return NULL;
    }
    json_t *one = json_pack("{ss}", "name", a->words[0]);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (!args_has(a, fields[i].option))
            continue;
        json_t *value = value_of(a, i);
        if (value == NULL || (fields[i].kind == JSON && !json_is_object(value))) {
            fprintf(stderr, "helios schedule set: --%s is no JSON object\n", fields[i].option);
            json_decref(value);
            json_decref(one);
            return NULL;
        }
        json_object_set_new(one, fields[i].key, value);
    }
    return json_pack("[o]", one);
}

static json_t *from_file(const char *file)
{
    struct settings *s = NULL;
    _autofree_ char *report = NULL;
    if (settings_load(section_config, file, NULL, 0, &s, &report) < 0) {
        fputs(report, stderr);
        return NULL;
    }
    const struct set_config *config = settings_root(s);
    json_t *list = json_array();
    SEQ_EACH (schedule, const struct set_schedule, config->schedules) {
        struct buf packed = {0};
        struct pack p;
        pack_init(&p, &packed);
        section_pack(&p, &section_of_schedule, schedule);
        json_t *one = json_from_msgpack(buf_bytes(&packed));
        json_object_set_new(one, "name", json_string(schedule->name.at));
        json_array_append_new(list, one);
        buf_done(&packed);
    }
    settings_free(s);
    return list;
}

static int give(struct client *c, const json_t *all, size_t from, size_t n)
{
    json_t *some = json_array(), *answer = NULL;
    for (size_t i = from; i < from + n; i++)
        json_array_append(some, json_array_get(all, i));
    json_t *args = json_pack("{so}", "schedules", some);
    int r = client_command(c, "schedule_set", args, &answer);
    json_decref(args);
    json_decref(answer);
    return r;
}

int schedule_set(const struct args *a)
{
    struct client c;
    json_t *all = args_has(a, "file") ? from_file(args_value(a, "file", "")) : from_options(a);
    if (all == NULL)
        return args_has(a, "file") ? EX_CONFIG : EX_USAGE;
    if (args_has(a, "author"))
        setenv("HELIOS_AUTHOR", args_value(a, "author", ""), 1);
    size_t n = json_array_size(all);
    int r = client_open(&c, a);
    for (size_t i = 0; r == 0 && i < n; i += BATCH)
        r = give(&c, all, i, MIN(n - i, (size_t)BATCH));
    if (r == 0 && args_has(a, "json"))
        print_json(json_pack("{sI}", "given", (json_int_t)n));
    else if (r == 0 && n == 1)
        printf("%s is given\n", json_word(json_array_get(all, 0), "name"));
    else if (r == 0)
        printf("%zu schedules are given\n", n);
    client_close(&c);
    json_decref(all);
    return r;
}
