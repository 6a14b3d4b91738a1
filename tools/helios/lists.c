/* SPDX-License-Identifier: MPL-2.0 */
/* Verbs that show a list: rows of a table. */
#include "lists.h"

#include "verbs.h"

const struct option_row list_options[] = {
    {"state", "STATE", "only these"},
    {"swarm", "SWARM", "only of this swarm"},
    {"action", "ACTION", "only this action"},
    {"limit", "N", "at most so many (100)"},
    {0},
};

static const struct column task_columns[] = {
    {"TASK", "id", SHAPE_TEXT, 0},     {"ACTION", "action", SHAPE_TEXT, 24},
    {"STATE", "state", SHAPE_WORD, 0}, {"PRI", "priority", SHAPE_INT, 0},
    {"TRY", "attempt", SHAPE_INT, 0},  {"AGENT", "agent", SHAPE_TEXT, 28},
    {"AGE", "age_ms", SHAPE_AGE, 0},   {"%", "percent", SHAPE_INT, 0},
    {"WHY", "why", SHAPE_TEXT, 80},    {0},
};
static const struct column agent_columns[] = {
    {"AGENT", "id", SHAPE_TEXT, 32},
    {"TITLE", "title", SHAPE_TEXT, 24},
    {"SWARM", "swarm", SHAPE_TEXT, 16},
    {"ROLE", "role", SHAPE_TEXT, 0},
    {"STATE", "state", SHAPE_WORD, 0},
    {"HELD", "held", SHAPE_INT, 0},
    {"SLOTS", "slots", SHAPE_INT, 0},
    {"DONE", "done", SHAPE_INT, 0},
    {"SEEN", "seen_ms", SHAPE_AGE, 0},
    {"HOST", "host", SHAPE_TEXT, 20},
    {0},
};
static const struct column kpi_columns[] = {
    {"KPI", "name", SHAPE_TEXT, 36},
    {"SCORE", "score", SHAPE_SCORE, 0},
    {"VALUE", "value", SHAPE_NUMBER, 0},
    {"UNIT", "unit", SHAPE_TEXT, 8},
    {"TARGET", "target", SHAPE_NUMBER, 0},
    {"CRITICAL", "critical", SHAPE_NUMBER, 0},
    {"P50", "p50", SHAPE_NUMBER, 0},
    {"P95", "p95", SHAPE_NUMBER, 0},
    {"P99", "p99", SHAPE_NUMBER, 0},
    {"N", "count", SHAPE_INT, 0},
    {"AGE", "age", SHAPE_AGE, 0},
    {"SWARM", "swarm", SHAPE_TEXT, 12},
    {0},
};
static const struct column cycle_columns[] = {
    {"CYCLE", "id", SHAPE_TEXT, 0},
    {"STATE", "state", SHAPE_WORD, 0},
    {"MODE", "mode", SHAPE_TEXT, 0},
    {"BEGAN", "began", SHAPE_TIME, 0},
    {"BEFORE", "health_before", SHAPE_SCORE, 0},
    {"AFTER", "health_after", SHAPE_SCORE, 0},
    {"OPTIMIZATIONS", "optimizations", SHAPE_LIST, 60},
    {0},
};
static const struct column optimization_columns[] = {
    {"ID", "id", SHAPE_TEXT, 0},
    {"NAME", "name", SHAPE_TEXT, 24},
    {"SWARM", "swarm", SHAPE_TEXT, 12},
    {"STATE", "state", SHAPE_WORD, 0},
    {"VERDICT", "verdict", SHAPE_WORD, 0},
    {"KPI", "kpi", SHAPE_TEXT, 24},
    {"BEFORE", "before", SHAPE_NUMBER, 0},
    {"AFTER", "after", SHAPE_NUMBER, 0},
    {"EFFECT", "effect", SHAPE_NUMBER, 0},
    {"LOW", "low", SHAPE_NUMBER, 0},
    {"HIGH", "high", SHAPE_NUMBER, 0},
    {"P", "p", SHAPE_NUMBER, 0},
    {"N", "n_after", SHAPE_INT, 0},
    {"RULE", "rule", SHAPE_TEXT, 24},
    {0},
};
static const struct column incident_columns[] = {
    {"INCIDENT", "id", SHAPE_TEXT, 0},        {"STATE", "state", SHAPE_WORD, 0},
    {"SCOPE", "scope", SHAPE_TEXT, 12},       {"OPENED", "opened", SHAPE_TIME, 0},
    {"ENDED", "ended", SHAPE_TIME, 0},        {"AT OPEN", "health_at_open", SHAPE_SCORE, 0},
    {"WORST", "worst", SHAPE_SCORE, 0},       {"ACTS", "optimizations", SHAPE_LIST, 40},
    {"ACKED BY", "acked_by", SHAPE_TEXT, 16}, {0},
};
static const struct column silence_columns[] = {
    {"ID", "id", SHAPE_TEXT, 0},
    {"KIND", "kind", SHAPE_TEXT, 0},
    {"PATTERN", "pattern", SHAPE_TEXT, 40},
    {"AUTHOR", "author", SHAPE_TEXT, 16},
    {"LEFT", "left_ms", SHAPE_AGE, 0},
    {"REASON", "reason", SHAPE_TEXT, 60},
    {0},
};
static const struct column limit_columns[] = {
    {"ACTION", "action", SHAPE_TEXT, 24},
    {"RUNS", "running", SHAPE_INT, 0},
    {"AT ONCE", "max_concurrent", SHAPE_INT, 0},
    {"TODAY", "today", SHAPE_INT, 0},
    {"A DAY", "per_day", SHAPE_INT, 0},
    {"RESETS", "resets_at", SHAPE_TIME, 0},
    {"IN TIME", "in_time", SHAPE_INT, 0},
    {"RATE", "rate", SHAPE_TEXT, 12},
    {"WAIT", "waiting", SHAPE_INT, 0},
    {"NEXT", "next_at", SHAPE_TIME, 0},
    {0},
};
static const struct column failed_columns[] = {
    {"TASK", "id", SHAPE_TEXT, 0},      {"ACTION", "action", SHAPE_TEXT, 24},
    {"ENDED", "ended", SHAPE_TIME, 0},  {"TRIES", "attempt", SHAPE_INT, 0},
    {"ERROR", "error", SHAPE_TEXT, 80}, {0},
};
static const struct column history_columns[] = {
    {"TASK", "id", SHAPE_TEXT, 0},      {"ACTION", "action", SHAPE_TEXT, 24},
    {"STATE", "state", SHAPE_WORD, 0},  {"ENDED", "ended", SHAPE_TIME, 0},
    {"TRIES", "attempt", SHAPE_INT, 0}, {"TOOK", "elapsed_ms", SHAPE_AGE, 0},
    {"AGENT", "agent", SHAPE_TEXT, 20}, {"WHAT", "text", SHAPE_TEXT, 80},
    {0},
};
static const struct column catalogue_columns[] = {
    {"OPTIMIZATION", "name", SHAPE_TEXT, 28},
    {"SWARM", "swarm", SHAPE_TEXT, 12},
    {"IMPROVES", "improves", SHAPE_TEXT, 28},
    {"EMERGENCY", "emergency", SHAPE_BOOL, 0},
    {"GATE", "gate", SHAPE_TEXT, 0},
    {"IN FORCE", "in_force", SHAPE_BOOL, 0},
    {"BREAKER UNTIL", "open_until", SHAPE_TIME, 0},
    {"COOLDOWN UNTIL", "cooldown_until", SHAPE_TIME, 0},
    {"BUDGET", "budget_left", SHAPE_INT, 0},
    {"TITLE", "title", SHAPE_TEXT, 60},
    {0},
};
static const struct column bottleneck_columns[] = {
    {"AREA", "area", SHAPE_TEXT, 12},
    {"KPI", "kpi", SHAPE_TEXT, 36},
    {"VALUE", "value", SHAPE_NUMBER, 0},
    {"UNIT", "unit", SHAPE_TEXT, 8},
    {"TARGET", "target", SHAPE_NUMBER, 0},
    {"SCORE", "score", SHAPE_SCORE, 0},
    {"SEVERITY", "severity", SHAPE_NUMBER, 0},
    {"CLASS", "class", SHAPE_WORD, 0},
    {"URGENCY", "urgency", SHAPE_INT, 0},
    {"WEIGHT", "weight", SHAPE_NUMBER, 0},
    {0},
};
static const struct column priority_columns[] = {
    {"OPTIMIZATION", "optimization", SHAPE_TEXT, 28},
    {"SWARM", "swarm", SHAPE_TEXT, 12},
    {"KPI", "kpi", SHAPE_TEXT, 28},
    {"RANK", "score", SHAPE_NUMBER, 0},
    {"URGENCY", "urgency", SHAPE_INT, 0},
    {"BUSINESS", "business", SHAPE_NUMBER, 0},
    {"COST", "cost", SHAPE_NUMBER, 0},
    {"SUCCESS", "success", SHAPE_NUMBER, 0},
    {"HELD", "held", SHAPE_TEXT, 80},
    {0},
};
static const struct column source_columns[] = {
    {"SOURCE", "source", SHAPE_TEXT, 32}, {"SENT", "sent", SHAPE_INT, 0},
    {"STORED", "stored", SHAPE_INT, 0},   {"REFUSED", "refused", SHAPE_INT, 0},
    {"LOST", "lost", SHAPE_INT, 0},       {"AGAIN", "again", SHAPE_INT, 0},
    {"AGE", "age", SHAPE_AGE, 0},         {0},
};
static const struct column ledger_columns[] = {
    {"N", "n", SHAPE_INT, 0},
    {"AT", "at", SHAPE_TIME, 0},
    {"TOPIC", "topic", SHAPE_TEXT, 28},
    {"ID", "id", SHAPE_TEXT, 16},
    {"CAUSE", "cause", SHAPE_TEXT, 12},
    {"TEXT", "text", SHAPE_TEXT, 110},
    {0},
};
static const struct column verb_columns[] = {
    {"NAME", "name", SHAPE_TEXT, 0},
    {"KIND", "kind", SHAPE_TEXT, 0},
    {"ARGUMENTS", "args", SHAPE_TEXT, 40},
    {"WHAT", "doc", SHAPE_TEXT, 0},
    {0},
};

/* A KPI without data has neither value nor score: zeros would lie. */
static json_t *known_only(const json_t *part)
{
    json_t *rows = json_deep_copy(part), *row;
    size_t i;
    json_array_foreach(rows, i, row) if (json_is_false(json_object_get(row, "known")))
    {
        json_object_del(row, "value");
        json_object_del(row, "score");
    }
    return rows;
}

/* by_area makes one list of lists by their names. */
static json_t *by_area(const json_t *part)
{
    json_t *rows = json_array(), *list, *item;
    const char *area;
    size_t i;
    json_object_foreach((json_t *)part, area, list) json_array_foreach(list, i, item)
    {
        json_t *row = json_copy(item);
        json_object_set_new(row, "area", json_string(area));
        json_array_append_new(rows, row);
    }
    return rows;
}

const struct list_row list_tasks = {"tasks", "tasks", task_columns, NULL};
const struct list_row list_agents = {"agents", "agents", agent_columns, NULL};
const struct list_row list_kpis = {"kpis", "kpis", kpi_columns, known_only};
const struct list_row list_cycles = {"cycles", "cycles", cycle_columns, NULL};
const struct list_row list_optimizations = {"optimizations", "optimizations", optimization_columns,
                                            NULL};
const struct list_row list_incidents = {"incidents", "incidents", incident_columns, NULL};
const struct list_row list_limits = {"limits", "limits", limit_columns, NULL};
const struct list_row list_silences = {"silences", "silences", silence_columns, NULL};
const struct list_row list_failed = {"failed", "failed", failed_columns, NULL};
const struct list_row list_history = {"history", "tasks", history_columns, NULL};
const struct list_row list_catalogue = {"catalogue", "optimizations", catalogue_columns, NULL};
const struct list_row list_bottlenecks = {"bottlenecks", "bottlenecks", bottleneck_columns,
                                          by_area};
const struct list_row list_priorities = {"priorities", "priorities", priority_columns, NULL};
const struct list_row list_sources = {"sources", "sources", source_columns, NULL};
const struct list_row list_ledger = {"ledger", "entries", ledger_columns, NULL};
const struct list_row list_verbs = {"verbs", "verbs", verb_columns, NULL};

static json_t *list_args(const struct args *a)
{
    json_t *args = json_object();
    static const char *const texts[] = {"state", "swarm", "action"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (args_has(a, texts[i]))
            json_object_set_new(args, texts[i], json_string(args_value(a, texts[i], "")));
    json_object_set_new(args, "limit", json_integer(args_int(a, "limit", 100)));
    return args;
}

static int list_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    const struct list_row *row = verb->data;
    json_t *args = list_args(a), *answer;
    int r = client_query(c, row->query, args, &answer);
    json_decref(args);
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    struct buf out = {0};
    json_t *part = json_object_get(answer, row->part);
    part = row->rows ? row->rows(part) : json_incref(part);
    paint_table(&out, part, row->columns);
    print_text(&out);
    json_decref(part);
    json_decref(answer);
    return 0;
}

int run_list(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, list_once);
}

const struct show_row show_task = {"task", "id", &list_tasks};
const struct show_row show_agent = {"agent", "id", &list_agents};
const struct show_row show_kpi = {"kpi", "name", &list_kpis};
const struct show_row show_cycle = {"cycle", "id", &list_cycles};
const struct show_row show_optimization = {"optimization", "id", &list_optimizations};
const struct show_row show_incident = {"incident", "id", &list_incidents};
const struct show_row show_metrics = {"metrics", NULL, NULL};
const struct show_row show_health_report = {"health_report", NULL, NULL};

static int show_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    const struct show_row *row = verb->data;
    if (a->n_words == 0 && row->all) {
        struct cli_verb all = *verb;
        all.data = row->all;
        return list_once(c, &all, a);
    }
    json_t *args = row->argument ? json_pack("{ss}", row->argument, a->words[0]) : NULL, *answer;
    int r = client_query(c, row->query, args, &answer);
    json_decref(args);
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    struct buf out = {0};
    paint_tree(&out, answer, 0);
    print_text(&out);
    json_decref(answer);
    return 0;
}

int run_show(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, show_once);
}
