/* SPDX-License-Identifier: MPL-2.0 */
/* Tables and trees of JSON values for people. */
#include <math.h>

#include "common/text.h"
#include "paint.h"

#define COLUMNS_MAX 24

const json_t *json_path(const json_t *value, const char *path)
{
    for (const char *dot; value && (dot = strchr(path, '.')); path = dot + 1) {
        _autofree_ char *key = bytes_dup((struct bytes){path, (size_t)(dot - path)});
        value = json_object_get(value, key);
    }
    return value ? json_object_get(value, path) : NULL;
}

void paint_number(struct buf *out, double v)
{
    double size = fabs(v);
    if (v == floor(v) && size < 1e9)
        buf_printf(out, "%.0f", v);
    else
        buf_printf(out,
                   size >= 100   ? "%.0f"
                   : size >= 10  ? "%.1f"
                   : size >= 0.1 ? "%.2f"
                                 : "%.3g",
                   v);
}

static void words(struct buf *out, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (i)
            buf_text(out, ", ");
        paint_value(out, item, SHAPE_TEXT);
    }
}

static void plain(struct buf *out, const json_t *v)
{
    if (json_is_string(v))
        text_safe(out, (struct bytes){json_string_value(v), json_string_length(v)});
    else if (json_is_number(v))
        paint_number(out, json_number_value(v));
    else if (json_is_boolean(v))
        buf_text(out, json_is_true(v) ? "yes" : "no");
    else if (json_is_array(v))
        words(out, v);
    else if (json_is_object(v))
        buf_printf(out, "{%zu}", json_object_size(v));
}

int64_t whole_of(double number)
{
    const double most = 9007199254740992.0;
    return (int64_t)MAX(-most, MIN(most, number));
}

static void show_time(struct buf *out, int64_t ms)
{
    struct buf whole = {0};
    if (ms > 0)
        text_time(&whole, ms);
    if (whole.n > 19)
        buf_add(out, whole.at + 11, 8);
    else
        buf_text(out, "-");
    buf_done(&whole);
}

void paint_value(struct buf *out, const json_t *v, enum shape shape)
{
    bool numeric = json_is_number(v);
    double n = json_number_value(v);
    if (v == NULL || json_is_null(v))
        buf_text(out, "-");
    else if (numeric && (shape == SHAPE_MS || shape == SHAPE_AGE))
        n < 0 ? buf_text(out, "-")
              : text_duration(out, shape == SHAPE_AGE ? whole_of(n) / 1000 * 1000 : whole_of(n));
    else if (numeric && shape == SHAPE_TIME)
        show_time(out, whole_of(n));
    else if (numeric && shape == SHAPE_INT)
        buf_printf(out, "%.0f", n);
    else if (numeric && shape == SHAPE_SCORE)
        buf_printf(out, "%.1f", n);
    else if (numeric && shape == SHAPE_PERCENT)
        buf_printf(out, "%.1f %%", n);
    else
        plain(out, v);
}

static bool right_hand(enum shape s)
{
    return s == SHAPE_NUMBER || s == SHAPE_INT || s == SHAPE_MS || s == SHAPE_AGE ||
           s == SHAPE_SCORE || s == SHAPE_PERCENT;
}

/* cell makes one cell's text, cut to the column's widest. */
static char *cell(const json_t *row, const char *name, const struct column *c)
{
    struct buf text = {0};
    const json_t *value = json_path(row, c->key);
    if (value == NULL && name && strcmp(c->key, "name") == 0)
        text_safe(&text, bytes_of(name));
    else
        paint_value(&text, value, c->shape);
    if (c->most && text_columns(buf_str(&text)) > c->most) {
        size_t at = 0;
        for (unsigned columns = 0; columns < c->most; at++)
            columns += (text.at[at] & 0xc0) != 0x80;
        text.n = at - 1;
        text.at[text.n] = '\0';
        buf_text(&text, "…");
    }
    return buf_take(&text);
}

static void pad(struct buf *out, unsigned n)
{
    buf_printf(out, "%*s", (int)n, "");
}

static void put(struct buf *out, const char *text, const struct column *c, unsigned width,
                enum tone tone, bool last)
{
    unsigned columns = text_columns(text);
    unsigned fill = width > columns ? width - columns : 0;
    if (right_hand(c->shape))
        pad(out, fill);
    paint(out, tone, "%s", text);
    if (!right_hand(c->shape) && !last)
        pad(out, fill);
    if (!last)
        buf_text(out, "  ");
}

static enum tone tone_of(const struct column *c, const char *text)
{
    return c->shape == SHAPE_WORD                    ? tone_of_word(text)
           : c->shape == SHAPE_SCORE && *text != '-' ? tone_of_score(atof(text))
                                                     : TONE_PLAIN;
}

static size_t count_columns(const struct column *columns)
{
    size_t n = 0;
    while (columns[n].title && n < COLUMNS_MAX)
        n++;
    return n;
}

static void lines(struct buf *out, char **cells, size_t rows, const struct column *columns,
                  size_t n)
{
    unsigned widths[COLUMNS_MAX] = {0};
    for (size_t c = 0; c < n; c++) {
        widths[c] = text_columns(columns[c].title);
        for (size_t r = 0; r < rows; r++)
            widths[c] = MAX(widths[c], text_columns(cells[r * n + c]));
    }
    for (size_t c = 0; c < n; c++)
        put(out, columns[c].title, &columns[c], widths[c], TONE_DIM, c + 1 == n);
    buf_text(out, "\n");
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++)
            put(out, cells[r * n + c], &columns[c], widths[c],
                tone_of(&columns[c], cells[r * n + c]), c + 1 == n);
        buf_text(out, "\n");
    }
}

void paint_table(struct buf *out, const json_t *rows, const struct column *columns)
{
    size_t n = count_columns(columns), i, filled = 0;
    size_t count = json_is_object(rows) ? json_object_size(rows) : json_array_size(rows);
    char **cells = xalloc(MAX(count * n, (size_t)1) * sizeof(*cells));
    const char *name;
    json_t *row;
    if (json_is_object(rows)) {
        json_object_foreach((json_t *)rows, name, row) for (size_t c = 0; c < n; c++)
            cells[filled++] = cell(row, name, &columns[c]);
    } else {
        json_array_foreach(rows, i, row) for (size_t c = 0; c < n; c++) cells[filled++] =
            cell(row, NULL, &columns[c]);
    }
    lines(out, cells, count, columns, n);
    if (count == 0)
        paint(out, TONE_DIM, "(none)\n");
    for (size_t k = 0; k < filled; k++)
        free(cells[k]);
    free(cells);
}

#define A_TIME 1e11 /* ms since 1970: of 1973; `started: 4` is a count */

/* Keys that hold a time or a duration are shown as such. */
static enum shape shape_of(const char *key, const json_t *v)
{
    static const char *const times[] = {"at",      "began",   "ended",   "opened", "since",
                                        "created", "started", "applied", "until",  "now"};
    size_t n = strlen(key);
    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        if (strcmp(key, times[i]) == 0 && json_number_value(v) > A_TIME)
            return SHAPE_TIME;
    return (n > 3 && strcmp(key + n - 3, "_ms") == 0) || strcmp(key, "age") == 0 ? SHAPE_MS
                                                                                 : SHAPE_TEXT;
}

static bool is_deep(const json_t *v)
{
    return json_object_size(v) > 0 ||
           (json_array_size(v) > 0 && !json_is_string(json_array_get(v, 0)) &&
            !json_is_number(json_array_get(v, 0)));
}

static void branch(struct buf *out, const char *key, const json_t *v, unsigned indent)
{
    struct buf safe = {0};
    text_safe(&safe, bytes_of(key));
    pad(out, indent);
    paint(out, TONE_DIM, "%s:", buf_str(&safe));
    if (is_deep(v)) {
        buf_text(out, "\n");
        paint_tree(out, v, indent + 2);
    } else {
        buf_text(out, " ");
        paint_value(out, v, shape_of(key, v));
        buf_text(out, "\n");
    }
    buf_done(&safe);
}

void paint_tree(struct buf *out, const json_t *value, unsigned indent)
{
    const char *key;
    json_t *v;
    size_t i;
    if (indent > 32)
        return;
    json_object_foreach((json_t *)value, key,
                        v) if (!(json_is_string(v) && json_string_length(v) == 0))
        branch(out, key, v, indent);
    json_array_foreach(value, i, v) branch(out, "-", v, indent);
}
