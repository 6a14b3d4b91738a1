/* SPDX-License-Identifier: MPL-2.0 */
/* The picture of `helios top`: its parts from top to bottom. Each takes the lines it may use and
 * answers nothing: what does not fit is left out, the worst first in. */
#include <math.h>

#include "common/text.h"
#include "summary.h"
#include "view.h"

static const char *text_of(const json_t *row, const char *key)
{
    const char *s = json_string_value(json_object_get(row, key));
    return s ? s : "";
}

static double number_of(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

/* column appends what paint_value makes of it, cut and filled to a width. */
static void column(struct buf *out, const json_t *value, enum shape shape, unsigned width)
{
    struct buf text = {0};
    paint_value(&text, value, shape);
    unsigned columns = text_columns(buf_str(&text));
    while (columns > width && text.n) {
        columns -= (text.at[--text.n] & 0xc0) != 0x80;
        text.at[text.n] = '\0';
    }
    enum tone tone = shape == SHAPE_WORD ? tone_of_word(buf_str(&text)) : TONE_PLAIN;
    paint(out, tone, "%s", buf_str(&text));
    buf_printf(out, "%*s ", (int)(width - columns), "");
    buf_done(&text);
}

static void flags(struct buf *out, const json_t *s)
{
    static const struct {
        const char *key, *text;
    } rows[] = {{"held", "HELD: Redis"},
                {"frozen", "FROZEN"},
                {"paused", "PAUSED"},
                {"draining", "DRAINING"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (json_is_true(json_object_get(s, rows[i].key)))
            paint(out, TONE_BAD, "  %s", rows[i].text);
}

static void header(struct buf *out, const struct view *v, int64_t now)
{
    const json_t *s = v->snapshot;
    paint(out, TONE_BOLD, "HELIOS");
    buf_text(out, "  realm ");
    column(out, json_object_get(s, "realm"), SHAPE_TEXT, 16);
    buf_printf(out, "epoch %.0f ", number_of(s, "epoch"));
    if (*text_of(s, "host")) {
        buf_text(out, "led on ");
        column(out, json_object_get(s, "host"), SHAPE_TEXT, 12);
    }
    buf_text(out, " mode ");
    column(out, json_object_get(s, "mode"), SHAPE_TEXT, 8);
    buf_text(out, "up ");
    text_duration(out, whole_of(number_of(s, "uptime_ms")) / 1000 * 1000);
    buf_printf(out, "  agents %.0f  tasks %.0f  ", number_of(s, "agents_live"),
               number_of(s, "tasks_live"));
    paint_value(out, json_object_get(s, "now"), SHAPE_TIME);
    flags(out, s);
    if (now - v->answered > 3500) {
        paint(out, TONE_BAD, "  NO ANSWER for ");
        text_duration(out, (now - v->answered) / 1000 * 1000);
    }
    buf_text(out, "\n");
}

static void health_row(struct buf *out, const char *name, const json_t *health, unsigned width)
{
    double score = number_of(health, "score");
    bool known = json_is_true(json_object_get(health, "known"));
    json_t *shown = json_string(name);
    column(out, shown, SHAPE_TEXT, 12);
    json_decref(shown);
    paint_bar(out, score, width);
    paint(out, known ? tone_of_score(score) : TONE_DIM, " %5.1f", score);
    paint(out, TONE_DIM, "  %.0f..%.0f  known %.0f %%", number_of(health, "low"),
          number_of(health, "high"), number_of(health, "coverage"));
    if (!known)
        paint(out, TONE_WARN, "  UNKNOWN");
    if (json_is_true(json_object_get(health, "bad")))
        paint(out, TONE_BAD, "  BAD");
    buf_text(out, "\n");
}

static void health(struct buf *out, const struct view *v, unsigned rows)
{
    const char *name;
    json_t *scope;
    health_row(out, "health", json_object_get(v->snapshot, "health"), 40);
    if (json_array_size(v->past) > 1) {
        buf_text(out, "             ");
        summary_health(out, v->past, MIN(paint_width() - 14, 72));
        buf_text(out, "\n");
    }
    json_object_foreach(v->scopes, name, scope) if (strcmp(name, "realm") != 0 && rows-- > 0)
        health_row(out, name, scope, 40);
}

/* deficit: how much the realm's health misses by this KPI; one without data comes last. */
static double deficit(const json_t *kpi)
{
    if (!json_is_true(json_object_get(kpi, "known")))
        return -1;
    return (100 - number_of(kpi, "score")) * number_of(kpi, "weight");
}

static int by_deficit(const void *a, const void *b)
{
    double x = deficit(*(json_t *const *)a), y = deficit(*(json_t *const *)b);
    return x > y ? -1 : x < y;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(text_of(*(json_t *const *)a, "name"), text_of(*(json_t *const *)b, "name"));
}

static int by_began(const void *a, const void *b)
{
    double x = number_of(*(json_t *const *)a, "began"), y = number_of(*(json_t *const *)b, "began");
    return x > y ? -1 : x < y;
}

/* sorted gives the list's items in an order, borrowed; the array is the caller's. */
static json_t **sorted(const json_t *list, int (*order)(const void *, const void *), size_t *ret_n)
{
    size_t n = json_array_size(list), i;
    json_t *item, **items = xalloc(MAX(n, (size_t)1) * sizeof(*items));
    json_array_foreach(list, i, item) items[i] = item;
    qsort(items, n, sizeof(*items), order);
    *ret_n = n;
    return items;
}

static void kpis(struct buf *out, const json_t *list, unsigned rows)
{
    size_t n;
    _autofree_ json_t **items = sorted(list, by_deficit, &n);
    n = MIN(n, rows);
    qsort(items, n, sizeof(*items), by_name);
    paint(out, TONE_DIM, "%-28s %9s %-6s %9s  %s\n", "KPI", "VALUE", "", "TARGET", "SCORE");
    for (size_t i = 0; i < n; i++) {
        struct buf value = {0}, target = {0};
        bool known = json_is_true(json_object_get(items[i], "known"));
        column(out, json_object_get(items[i], "name"), SHAPE_TEXT, 28);
        paint_value(&value, known ? json_object_get(items[i], "value") : NULL, SHAPE_NUMBER);
        paint_value(&target, json_object_get(items[i], "target"), SHAPE_NUMBER);
        buf_printf(out, "%9s ", buf_str(&value));
        column(out, json_object_get(items[i], "unit"), SHAPE_TEXT, 6);
        buf_printf(out, "%9s  ", buf_str(&target));
        if (known)
            paint_bar(out, number_of(items[i], "score"), 20);
        buf_printf(out, known ? " %5.1f\n" : "no data\n", number_of(items[i], "score"));
        buf_done(&value);
        buf_done(&target);
    }
}

static void optimization(struct buf *out, const json_t *o)
{
    column(out, json_object_get(o, "id"), SHAPE_TEXT, 6);
    column(out, json_object_get(o, "name"), SHAPE_TEXT, 22);
    column(out, json_object_get(o, "swarm"), SHAPE_TEXT, 10);
    column(out, json_object_get(o, "state"), SHAPE_WORD, 12);
    column(out, json_object_get(o, "verdict"), SHAPE_WORD, 12);
    column(out, json_object_get(o, "kpi"), SHAPE_TEXT, 20);
    if (number_of(o, "n_after") > 0) {
        paint_value(out, json_object_get(o, "before"), SHAPE_NUMBER);
        buf_text(out, " → ");
        paint_value(out, json_object_get(o, "after"), SHAPE_NUMBER);
        buf_text(out, "  p ");
        paint_value(out, json_object_get(o, "p"), SHAPE_NUMBER);
        buf_text(out, "  ");
        paint_value(out, json_object_get(o, "rule"), SHAPE_TEXT);
    }
    buf_text(out, "\n");
}

static void optimizations(struct buf *out, const json_t *list, unsigned rows)
{
    size_t n;
    _autofree_ json_t **items = sorted(list, by_began, &n);
    if (n == 0)
        return;
    paint(out, TONE_DIM, "%-6s %-22s %-10s %-12s %-12s %-20s %s\n", "ID", "OPTIMIZATION", "SWARM",
          "STATE", "VERDICT", "KPI", "EVIDENCE");
    for (size_t i = 0; i < MIN(n, rows); i++)
        optimization(out, items[i]);
}

static void incident(struct buf *out, const json_t *list, int64_t now)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        if (strcmp(text_of(one, "state"), "RESOLVED") == 0)
            continue;
        paint(out, TONE_BAD, "INCIDENT ");
        column(out, json_object_get(one, "id"), SHAPE_TEXT, 5);
        column(out, json_object_get(one, "state"), SHAPE_WORD, 11);
        buf_printf(out, "health %.1f when it opened, worst %.1f, for ",
                   number_of(one, "health_at_open"), number_of(one, "worst"));
        text_duration(out, MAX((int64_t)0, now - whole_of(number_of(one, "opened"))) / 1000 * 1000);
        buf_text(out, "  acts ");
        paint_value(out, json_object_get(one, "optimizations"), SHAPE_LIST);
        buf_text(out, "\n");
    }
}

static void agents(struct buf *out, const json_t *list)
{
    size_t i;
    const json_t *a;
    paint(out, TONE_DIM, "agents ");
    json_array_foreach(list, i, a)
    {
        bool titled = *text_of(a, "title") != '\0';
        struct buf name = {0};
        paint_value(&name, json_object_get(a, titled ? "title" : "id"), SHAPE_TEXT);
        paint(out, tone_of_word(text_of(a, "state")), "● ");
        buf_printf(out, "%s", buf_str(&name));
        if (number_of(a, "held") > 0)
            paint(out, TONE_INFO, " %.0f/%.0f", number_of(a, "held"), number_of(a, "slots"));
        buf_text(out, "  ");
        buf_done(&name);
    }
    buf_text(out, "\n");
}

static void lines(struct buf *out, const struct view *v, unsigned rows)
{
    size_t first = v->n_lines > rows ? v->n_lines - rows : 0;
    for (size_t i = first; i < v->n_lines; i++) {
        event_line(out, v->lines[i]);
        buf_text(out, "\n");
    }
}

void view_paint(struct buf *out, const struct view *v, unsigned rows, int64_t now)
{
    const json_t *s = v->snapshot;
    unsigned of_events = MAX(3U, MIN(8U, rows / 5)), of_optimizations = MAX(2U, MIN(10U, rows / 5));
    unsigned swarms = MIN(4U, (unsigned)json_object_size(v->scopes));
    unsigned used = 7 + swarms + of_events + of_optimizations;
    if (s == NULL) {
        paint(out, TONE_BOLD, "HELIOS");
        buf_text(out, "  waiting for a controller\n\n");
        lines(out, v, MIN(rows - 2, VIEW_LINES));
        return;
    }
    header(out, v, now);
    health(out, v, swarms);
    kpis(out, json_object_get(s, "kpis"), rows > used ? rows - used : 1);
    optimizations(out, json_object_get(s, "optimizations"), of_optimizations);
    incident(out, json_object_get(s, "incidents"), whole_of(number_of(s, "now")));
    agents(out, json_object_get(s, "agents"));
    lines(out, v, of_events);
}

static size_t under_way(const json_t *list)
{
    static const char *const over[] = {"ACCEPTED", "ROLLED_BACK", "ABANDONED", "STUCK"};
    size_t i, n = 0;
    const json_t *o;
    json_array_foreach(list, i, o)
    {
        bool ended = false;
        for (size_t k = 0; k < ARRAY_SIZE(over); k++)
            ended |= strcmp(text_of(o, "state"), over[k]) == 0;
        n += !ended;
    }
    return n;
}

void view_line(struct buf *out, const struct view *v, int64_t now)
{
    const json_t *s = v->snapshot, *h = json_object_get(s, "health");
    if (s == NULL || now - v->answered > 3500) {
        buf_text(out, "no answer from the controller\n");
        return;
    }
    paint_value(out, json_object_get(s, "now"), SHAPE_TIME);
    buf_printf(out, "  health %.1f%s  agents %.0f  tasks %.0f  optimizations %zu",
               number_of(h, "score"), json_is_true(json_object_get(h, "known")) ? "" : " (unknown)",
               number_of(s, "agents_live"), number_of(s, "tasks_live"),
               under_way(json_object_get(s, "optimizations")));
    flags(out, s);
    buf_text(out, "\n");
}
