/* SPDX-License-Identifier: MPL-2.0 */
/* A run as a picture: how far it is, what the longest way to its end is, what each step has come to. */
#include "common/text.h"
#include "pipeline.h"

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static void draw_head(struct buf *out, const json_t *run)
{
    const char *state = text_of(run, "state");
    double steps = (double)number_of(run, "steps"), done = (double)number_of(run, "done");
    double share = steps > 0 ? 100 * done / steps : 100;
    paint(out, TONE_BOLD, "%s", text_of(run, "id"));
    buf_printf(out, " of %s  ", text_of(run, "pipeline"));
    paint(out, tone_of_word(state), "%s", state);
    if (json_is_true(json_object_get(run, "dry_run")))
        paint(out, TONE_INFO, "  dry run");
    if (number_of(run, "tries"))
        buf_printf(out, "  retry %lld", (long long)number_of(run, "tries"));
    buf_text(out, "\n");
    paint_bar(out, share, 40);
    buf_printf(out, " %3.0f %%  %.0f of %.0f steps  ", share, done, steps);
    paint_value(out, json_object_get(run, "took_ms"), SHAPE_AGE);
    if (json_object_get(run, "left_ms")) {
        buf_text(out, json_is_true(json_object_get(run, "left_known")) ? ", about " : ", at least ");
        paint_value(out, json_object_get(run, "left_ms"), SHAPE_AGE);
        buf_text(out, " left");
    }
    buf_text(out, "\n");
    if (*text_of(run, "error")) {
        struct buf safe = {0};
        text_safe(&safe, bytes_of(text_of(run, "error")));
        paint(out, TONE_BAD, "%s\n", buf_str(&safe));
        buf_done(&safe);
    }
}

static void draw_path(struct buf *out, const json_t *run)
{
    const json_t *path = json_object_get(run, "critical_path"), *name;
    size_t i;
    if (json_array_size(path) == 0)
        return;
    paint(out, TONE_DIM, "critical path: ");
    json_array_foreach (path, i, name)
        buf_printf(out, "%s%s", i ? " ─▶ " : "", json_string_value(name));
    buf_text(out, "\n");
}

/* What is left out is counted by state. */
static void draw_counts(struct buf *out, const json_t *run)
{
    const char *state;
    json_t *n;
    if ((size_t)number_of(run, "steps") <= json_array_size(json_object_get(run, "rows")))
        return;
    json_object_foreach (json_object_get(run, "counts"), state, n)
        if (json_integer_value(n)) {
            paint(out, tone_of_word(state), "%s", state);
            buf_printf(out, " %lld  ", (long long)json_integer_value(n));
        }
    buf_text(out, "\n");
}

/* A fan-out's state says how many of its parts are through. */
static void add_parts(json_t *row)
{
    char text[64];
    if (json_object_get(row, "parts") == NULL)
        return;
    snprintf(text, sizeof(text), "%lld/%lld%s", (long long)number_of(row, "parts_completed"), (long long)number_of(row, "parts"),
             number_of(row, "parts_failed") ? " !" : "");
    json_object_set_new(row, "parts", json_string(text));
}

static void draw_steps(struct buf *out, const json_t *run)
{
    static const struct column columns[] = {
        {"step", "step", SHAPE_TEXT, 32},      {"state", "state", SHAPE_WORD, 0},     {"what", "what", SHAPE_TEXT, 24},
        {"agent", "agent", SHAPE_TEXT, 20},    {"took", "took_ms", SHAPE_MS, 0},      {"usual", "usual_ms", SHAPE_MS, 0},
        {"tries", "attempt", SHAPE_INT, 0},    {"parts", "parts", SHAPE_TEXT, 0},     {"task", "task", SHAPE_TEXT, 0},
        {"why", "error", SHAPE_TEXT, 60},      {0}};
    size_t i;
    json_t *row;
    json_array_foreach (json_object_get(run, "rows"), i, row)
        add_parts(row);
    paint_table(out, json_object_get(run, "rows"), columns);
}

/* A dry run's steps say what they would do. */
static void draw_would(struct buf *out, const json_t *run)
{
    const json_t *row;
    size_t i;
    if (!json_is_true(json_object_get(run, "dry_run")))
        return;
    buf_text(out, "\n");
    json_array_foreach (json_object_get(run, "rows"), i, row) {
        if (!*text_of(row, "output"))
            continue;
        paint(out, TONE_BOLD, "%s", text_of(row, "step"));
        buf_text(out, "  ");
        text_safe(out, bytes_of(text_of(row, "output")));
        buf_text(out, "\n");
    }
}

static void draw_artifacts(struct buf *out, const json_t *run)
{
    static const struct column columns[] = {{"artifact", "name", SHAPE_TEXT, 32}, {"of", "step", SHAPE_TEXT, 32}, {"path", "path", SHAPE_TEXT, 0}, {0}};
    const json_t *rows = json_object_get(run, "artifacts");
    if (json_array_size(rows) == 0)
        return;
    buf_text(out, "\n");
    paint_table(out, rows, columns);
}

void run_draw(struct buf *out, const json_t *run)
{
    draw_head(out, run);
    draw_path(out, run);
    draw_counts(out, run);
    draw_steps(out, run);
    draw_would(out, run);
    draw_artifacts(out, run);
}
