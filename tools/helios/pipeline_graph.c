/* SPDX-License-Identifier: MPL-2.0 */
/* A pipeline as a picture: levels with arrows for a terminal, DOT for Graphviz. */
#include "common/text.h"
#include "pipeline.h"

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

/* ---- levels: a step's is one more than its parents' ---- */

struct leveled {
    json_t *by_name; /* owned: name → place in rows */
    size_t *level;   /* owned; of each row, from 1 */
    size_t n, most;
};

static bool raise_level(struct leveled *l, const json_t *row, size_t place)
{
    size_t i, level = 1;
    const json_t *parent;
    json_array_foreach (json_object_get(row, "after"), i, parent) {
        const json_t *at = json_object_get(l->by_name, json_string_value(parent));
        if (at && l->level[json_integer_value(at)] >= level)
            level = l->level[json_integer_value(at)] + 1;
    }
    bool raised = level > l->level[place] && level <= l->n;
    if (raised)
        l->level[place] = level;
    l->most = MAX(l->most, l->level[place]);
    return raised;
}

/* In the file's order mostly one walk is enough. */
static struct leveled levels_of(const json_t *rows)
{
    struct leveled l = {.by_name = json_object(), .n = json_array_size(rows)};
    const json_t *row;
    size_t i;
    l.level = xalloc((l.n + 1) * sizeof(*l.level));
    json_array_foreach (rows, i, row)
        json_object_set_new(l.by_name, text_of(row, "step"), json_integer((json_int_t)i));
    for (bool again = true; again;) {
        again = false;
        json_array_foreach (rows, i, row)
            again |= raise_level(&l, row, i);
    }
    return l;
}

/* ---- for a terminal ---- */

static unsigned widest(const json_t *rows, const char *key)
{
    unsigned width = 0;
    const json_t *row;
    size_t i;
    json_array_foreach (rows, i, row)
        width = MAX(width, text_columns(text_of(row, key)));
    return MIN(width, 40);
}

static void draw_step(struct buf *out, const json_t *row, unsigned names, unsigned whats)
{
    const char *rule = text_of(row, "rule"), *kind = text_of(row, "kind");
    size_t i;
    const json_t *parent;
    paint(out, TONE_BOLD, "%-*s", (int)names, text_of(row, "step"));
    buf_printf(out, "  %-*s", (int)whats, text_of(row, "what"));
    if (strcmp(kind, "action") != 0)
        paint(out, TONE_INFO, "  %s", kind);
    json_array_foreach (json_object_get(row, "after"), i, parent)
        buf_printf(out, "%s%s", i ? ", " : strcmp(rule, "all") == 0 ? "  ◀─ " : strcmp(rule, "any") == 0 ? "  ◀─ any of " : "  ◀─ the end of ",
                   json_string_value(parent));
    if (*text_of(row, "each")) {
        buf_text(out, "  each ");
        text_safe(out, bytes_of(text_of(row, "each")));
    }
    if (*text_of(row, "when")) {
        paint(out, TONE_WARN, "  when ");
        text_safe(out, bytes_of(text_of(row, "when")));
    }
    if (json_object_get(row, "usual_ms")) {
        buf_text(out, "  ~");
        paint_value(out, json_object_get(row, "usual_ms"), SHAPE_MS);
    }
    buf_text(out, "\n");
}

void pipeline_draw(struct buf *out, const json_t *pipeline)
{
    const json_t *rows = json_object_get(pipeline, "rows"), *row;
    struct leveled l = levels_of(rows);
    unsigned names = widest(rows, "step"), whats = widest(rows, "what");
    size_t i;
    paint(out, TONE_BOLD, "%s", text_of(pipeline, "name"));
    buf_printf(out, ": %zu steps on %zu levels\n", l.n, l.most);
    for (size_t level = 1; level <= l.most; level++) {
        bool first = true;
        if (level > 1)
            paint(out, TONE_DIM, "     │\n     ▼\n");
        json_array_foreach (rows, i, row) {
            if (l.level[i] != level)
                continue;
            if (first)
                paint(out, TONE_DIM, "%4zu ", level);
            else
                buf_text(out, "     ");
            draw_step(out, row, names, whats);
            first = false;
        }
    }
    json_decref(l.by_name);
    free(l.level);
}

/* ---- for Graphviz ---- */

void pipeline_dot(struct buf *out, const json_t *pipeline)
{
    static const struct {
        const char *kind, *shape;
    } shapes[] = {{"action", "box"}, {"committee", "diamond"}, {"pipeline", "folder"}};
    const json_t *row, *parent;
    size_t i, k;
    buf_text(out, "digraph ");
    text_json_string(out, bytes_of(text_of(pipeline, "name")));
    buf_text(out, " {\n  node [fontname=\"sans-serif\"];\n");
    json_array_foreach (json_object_get(pipeline, "rows"), i, row) {
        const char *shape = "box";
        for (k = 0; k < ARRAY_SIZE(shapes); k++)
            if (strcmp(shapes[k].kind, text_of(row, "kind")) == 0)
                shape = shapes[k].shape;
        buf_text(out, "  ");
        text_json_string(out, bytes_of(text_of(row, "step")));
        _cleanup_(buf_done) struct buf label = {0};
        buf_printf(&label, "%s\n%s", text_of(row, "step"), text_of(row, "what"));
        buf_printf(out, " [shape=%s, label=", shape);
        text_json_string(out, buf_bytes(&label));
        buf_printf(out, "%s];\n", *text_of(row, "each") ? ", peripheries=2" : "");
        json_array_foreach (json_object_get(row, "after"), k, parent) {
            buf_text(out, "  ");
            text_json_string(out, bytes_of(json_string_value(parent)));
            buf_text(out, " -> ");
            text_json_string(out, bytes_of(text_of(row, "step")));
            buf_printf(out, "%s;\n", strcmp(text_of(row, "rule"), "all") == 0 ? "" : " [style=dashed]");
        }
    }
    buf_text(out, "}\n");
}
