/* SPDX-License-Identifier: MPL-2.0 */
/* `helios summary`: what happened, for people and for programs. */
#include "summary.h"

#include <math.h>

#include "common/text.h"
#include "verbs.h"

const struct option_row summary_options[] = {{0}};

static const struct column cycle_columns[] = {
    {"CYCLE", "id", SHAPE_TEXT, 0},
    {"STATE", "state", SHAPE_WORD, 0},
    {"BEGAN", "began", SHAPE_TIME, 0},
    {"BEFORE", "health_before", SHAPE_SCORE, 0},
    {"AFTER", "health_after", SHAPE_SCORE, 0},
    {"OPTIMIZATIONS", "optimizations", SHAPE_LIST, 60},
    {"NOTE", "note", SHAPE_TEXT, 60},
    {0},
};
static const struct column optimization_columns[] = {
    {"ID", "id", SHAPE_TEXT, 0},
    {"NAME", "name", SHAPE_TEXT, 24},
    {"SWARM", "swarm", SHAPE_TEXT, 12},
    {"JUDGED BY", "kpi", SHAPE_TEXT, 24},
    {"STATE", "state", SHAPE_WORD, 0},
    {"VERDICT", "verdict", SHAPE_WORD, 0},
    {"N", "n", SHAPE_TEXT, 0},
    {"EFF. N", "ess", SHAPE_TEXT, 0},
    {"BEFORE", "before", SHAPE_NUMBER, 0},
    {"AFTER", "after", SHAPE_NUMBER, 0},
    {"EFFECT", "effect", SHAPE_NUMBER, 0},
    {"%", "effect_percent", SHAPE_NUMBER, 0},
    {"INTERVAL", "interval", SHAPE_TEXT, 0},
    {"P", "p", SHAPE_NUMBER, 0},
    {"SCORE", "scores", SHAPE_TEXT, 0},
    {"RULE", "rule", SHAPE_TEXT, 32},
    {0},
};

static double number_of(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static bool is(const json_t *row, const char *key, const char *word)
{
    const char *value = json_string_value(json_object_get(row, key));
    return value && strcmp(value, word) == 0;
}

/* pair sets `key` to two numbers as one text: "80+90", "-640..-550". */
static void pair(json_t *row, const char *key, double first, const char *between, double second)
{
    struct buf text = {0};
    paint_number(&text, first);
    buf_text(&text, between);
    paint_number(&text, second);
    json_object_set_new(row, key, json_string(buf_str(&text)));
    buf_done(&text);
}

/* judged_by names the KPI and the rule that decided: a guard can overrule the KPI to improve. */
static void judged_by(json_t *row)
{
    const char *guard = json_string_value(json_object_get(row, "guard"));
    if (guard && *guard)
        json_object_set(row, "kpi", json_object_get(row, "guard"));
}

/* with_evidence gives the row a table's cells: pairs as one text, the effect relative too. One that
 * was never tested (its score alone decided, or nothing did) has no numbers to show. */
static json_t *with_evidence(const json_t *optimization)
{
    static const char *const numbers[] = {"before", "after", "effect", "effect_percent", "p"};
    json_t *row = json_copy((json_t *)optimization);
    judged_by(row);
    if (number_of(row, "n_after") > 0) {
        pair(row, "n", number_of(row, "n_before"), "+", number_of(row, "n_after"));
        pair(row, "scores", round(number_of(row, "score_before")), " → ",
             round(number_of(row, "score_after")));
    }
    if (floor(number_of(row, "ess_after")) > 0) {
        pair(row, "ess", floor(number_of(row, "ess_before")), "+",
             floor(number_of(row, "ess_after")));
        pair(row, "interval", number_of(row, "low"), "..", number_of(row, "high"));
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
            json_object_del(row, numbers[i]);
    }
    return row;
}

static void optimizations(struct buf *out, const json_t *list)
{
    json_t *rows = json_array();
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o) json_array_append_new(rows, with_evidence(o));
    paint_table(out, rows, optimization_columns);
    json_decref(rows);
}

static double point_at(const json_t *health, size_t i)
{
    return (double)whole_of(number_of(json_array_get(health, i), "at"));
}

static double point_score(const json_t *health, size_t i)
{
    const json_t *score = json_object_get(json_array_get(health, i), "health");
    return json_is_number(score) ? json_number_value(score) : NAN;
}

#define SPARK_MOST 240

void summary_health(struct buf *out, const json_t *health, unsigned width)
{
    double sums[SPARK_MOST] = {0}, values[SPARK_MOST], before = NAN;
    unsigned known[SPARK_MOST] = {0}, points[SPARK_MOST] = {0};
    size_t n = json_array_size(health);
    width = MAX(1U, MIN(width, (unsigned)MIN(n, (size_t)SPARK_MOST)));
    if (n == 0)
        return;
    double first = point_at(health, 0), span = MAX(1, point_at(health, n - 1) - first);
    for (size_t i = 0; i < n; i++) {
        double way = (point_at(health, i) - first) / span;
        size_t place = (size_t)(MAX(0, MIN(1, way)) * (width - 1));
        points[place]++;
        if (isnan(point_score(health, i)))
            continue;
        sums[place] += point_score(health, i);
        known[place]++;
    }
    for (unsigned i = 0; i < width; i++) /* no point fell in: as it was; only unknown ones: a gap */
        values[i] = before = known[i] ? sums[i] / known[i] : points[i] ? NAN : before;
    paint_spark(out, values, width, 0, 100);
}

static void moment(struct buf *out, const char *name, const json_t *health, size_t i)
{
    buf_printf(out, "  %s ", name);
    paint(out, tone_of_score(point_score(health, i)), "%.1f", point_score(health, i));
    buf_text(out, " at ");
    paint_value(out, json_object_get(json_array_get(health, i), "at"), SHAPE_TIME);
}

/* extreme answers where the health was lowest or highest; n when it was never known. */
static size_t extreme(const json_t *health, bool highest)
{
    size_t n = json_array_size(health), found = n;
    for (size_t i = 0; i < n; i++) {
        double score = point_score(health, i);
        if (!isnan(score) && (found == n || (highest ? score > point_score(health, found)
                                                     : score < point_score(health, found))))
            found = i;
    }
    return found;
}

static void health_over_time(struct buf *out, const json_t *health)
{
    size_t n = json_array_size(health), low = extreme(health, false), high = extreme(health, true);
    if (low == n) {
        paint(out, TONE_DIM, "(never known)\n");
        return;
    }
    summary_health(out, health, MIN(paint_width() - 2, 96));
    buf_text(out, "\n");
    paint_value(out, json_object_get(json_array_get(health, 0), "at"), SHAPE_TIME);
    buf_text(out, " to ");
    paint_value(out, json_object_get(json_array_get(health, n - 1), "at"), SHAPE_TIME);
    moment(out, "lowest", health, low);
    moment(out, "highest", health, high);
    buf_text(out, "\n");
}

/* Reports, notifications and the ends of single tasks are in the ledger and in --json; a person
 * reads what happened. */
static bool is_bookkeeping(const json_t *line)
{
    static const char *const patterns[] = {"report.*", "notify.*", "task.completed"};
    const char *topic = json_string_value(json_object_get(line, "topic"));
    for (size_t i = 0; topic && i < ARRAY_SIZE(patterns); i++)
        if (text_match(patterns[i], bytes_of(topic)))
            return true;
    return false;
}

static void incident(struct buf *out, const json_t *i)
{
    size_t n;
    const json_t *line;
    const char *state = json_string_value(json_object_get(i, "state"));
    paint_value(out, json_object_get(i, "id"), SHAPE_TEXT);
    buf_text(out, " ");
    paint(out, tone_of_word(state ? state : ""), "%s", state ? state : "?");
    buf_text(out, " of ");
    paint_value(out, json_object_get(i, "scope"), SHAPE_TEXT);
    buf_printf(out, ", health %.1f when it opened, %.1f at worst", number_of(i, "health_at_open"),
               number_of(i, "worst"));
    if (number_of(i, "ended") > 0) {
        buf_text(out, ", over after ");
        text_duration(out, whole_of(number_of(i, "ended") - number_of(i, "opened")) / 1000 * 1000);
    }
    buf_text(out, "\n");
    json_array_foreach(json_object_get(i, "timeline"), n, line)
    {
        if (is_bookkeeping(line))
            continue;
        buf_text(out, "  ");
        paint_value(out, json_object_get(line, "at"), SHAPE_TIME);
        buf_text(out, "  ");
        paint_value(out, json_object_get(line, "text"), SHAPE_TEXT);
        buf_text(out, "\n");
    }
}

static size_t count(const json_t *list, const char *key, const char *word)
{
    size_t i, n = 0;
    const json_t *row;
    json_array_foreach(list, i, row) n += is(row, key, word);
    return n;
}

void summary_verdict(struct buf *out, const json_t *s)
{
    const json_t *list = json_object_get(s, "optimizations");
    const json_t *incidents = json_object_get(s, "incidents"),
                 *health = json_object_get(s, "health_history");
    size_t n = json_array_size(list), n_incidents = json_array_size(incidents);
    size_t kept = count(list, "state", "ACCEPTED"), undone = count(list, "state", "ROLLED_BACK");
    size_t stuck = count(list, "state", "STUCK"), last = json_array_size(health);
    buf_printf(out, "%zu cycle%s, %zu optimization%s: %zu kept, %zu undone",
               json_array_size(json_object_get(s, "cycles")),
               json_array_size(json_object_get(s, "cycles")) == 1 ? "" : "s", n, n == 1 ? "" : "s",
               kept, undone);
    if (stuck)
        buf_printf(out, ", %zu stuck", stuck);
    buf_printf(out, "; %zu incident%s, %zu resolved", n_incidents, n_incidents == 1 ? "" : "s",
               count(incidents, "state", "RESOLVED"));
    if (last && !isnan(point_score(health, 0)) && !isnan(point_score(health, last - 1)))
        buf_printf(out, "; health %.1f at first, %.1f at last", point_score(health, 0),
                   point_score(health, last - 1));
    buf_text(out, ".");
}

/* A cycle that still runs has no health after it. */
static json_t *cycles(const json_t *list)
{
    json_t *rows = json_deep_copy(list), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (!is(row, "state", "REPORT"))
            json_object_del(row, "health_after");
    }
    return rows;
}

static void heading(struct buf *out, const char *text)
{
    paint(out, TONE_BOLD, "\n%s\n", text);
}

void summary_paint(struct buf *out, const json_t *s)
{
    size_t i;
    const json_t *one, *incidents = json_object_get(s, "incidents");
    heading(out, "Cycles");
    json_t *rows = cycles(json_object_get(s, "cycles"));
    paint_table(out, rows, cycle_columns);
    json_decref(rows);
    heading(out, "Optimizations");
    optimizations(out, json_object_get(s, "optimizations"));
    heading(out, "Health over time, 0 to 100");
    health_over_time(out, json_object_get(s, "health_history"));
    heading(out, "Incidents");
    json_array_foreach(incidents, i, one) incident(out, one);
    if (json_array_size(incidents) == 0)
        paint(out, TONE_DIM, "(none)\n");
    buf_text(out, "\n");
    summary_verdict(out, s);
    buf_text(out, "\n");
}

static int summary_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *answer;
    struct buf out = {0};
    int r = client_query(c, "summary", NULL, &answer);
    (void)verb;
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    summary_paint(&out, answer);
    print_text(&out);
    json_decref(answer);
    return 0;
}

int run_summary(const struct cli_verb *verb, const struct args *a)
{
    return repeat(verb, a, summary_once);
}
