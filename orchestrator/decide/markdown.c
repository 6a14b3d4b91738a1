/* SPDX-License-Identifier: MPL-2.0 */
/* Any packed map as Markdown. Owns the look of reports; knows nothing of what stands in them. */
#include "common/text.h"
#include "proto/json.h"
#include "proto/read.h"
#include "report.h"

#define DEEPEST 4
#define COLUMNS 14

static bool plain(const struct value *v)
{
    return v->type != VALUE_LIST && v->type != VALUE_MAP && v->type != VALUE_END;
}

static bool empty(const struct value *v)
{
    return v->type == VALUE_NIL || (v->type == VALUE_STR && v->text.n == 0) ||
           (!plain(v) && v->count == 0);
}

/* In a table a bar would end the cell, and a line break the row. */
static void cell_text(struct buf *out, struct bytes text)
{
    struct buf safe = {0};
    text_safe(&safe, text);
    for (size_t i = 0; i < safe.n; i++)
        if (strchr("|<>`*_", safe.at[i]))
            buf_printf(out, "\\%c", safe.at[i]);
        else
            buf_add(out, &safe.at[i], 1);
    buf_done(&safe);
}

static void value_text(struct buf *out, const struct value *v)
{
    switch (v->type) {
    case VALUE_BOOL:
        buf_text(out, v->boolean ? "yes" : "no");
        break;
    case VALUE_INT:
        if (v->integer > 1000000000000LL && v->integer < 10000000000000LL) /* a time of this age */
            text_time(out, v->integer);
        else
            buf_printf(out, "%lld", (long long)v->integer);
        break;
    case VALUE_NUM:
        buf_printf(out, "%.4g", v->number);
        break;
    case VALUE_STR:
        cell_text(out, v->text);
        break;
    case VALUE_BIN:
        buf_printf(out, "%zu bytes", v->text.n);
        break;
    case VALUE_LIST:
    case VALUE_MAP: {
        struct buf json = {0};
        json_print(&json, v->whole, false);
        cell_text(out, buf_bytes(&json));
        buf_done(&json);
        break;
    }
    default:
        break;
    }
}

static void title_of(struct buf *out, struct bytes key)
{
    for (size_t i = 0; i < key.n; i++)
        buf_printf(out, "%c", key.at[i] == '_' ? ' ' : key.at[i]);
}

/* The columns are the keys of the first row. */
static size_t columns_of(struct bytes row, struct bytes *ret)
{
    struct walk walk = walk_of(row);
    struct value key, item;
    size_t n = 0;
    while (n < COLUMNS && walk_pair(&walk, &key, &item))
        ret[n++] = key.text;
    return n;
}

static void table_head(struct buf *out, const struct bytes *columns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_text(out, "| ");
        title_of(out, columns[i]);
        buf_text(out, " ");
    }
    buf_text(out, "|\n");
    for (size_t i = 0; i < n; i++)
        buf_text(out, "| --- ");
    buf_text(out, "|\n");
}

static void table(struct buf *out, struct bytes list)
{
    struct bytes columns[COLUMNS];
    struct walk walk = walk_of(list);
    struct value row;
    size_t n = 0;
    while (walk_item(&walk, &row)) {
        if (n == 0) {
            n = columns_of(row.whole, columns);
            table_head(out, columns, n);
        }
        for (size_t i = 0; i < n; i++) {
            _autofree_ char *key = bytes_dup(columns[i]);
            struct value v = map_get(row.whole, key);
            buf_text(out, "| ");
            value_text(out, &v);
            buf_text(out, " ");
        }
        buf_text(out, "|\n");
    }
    buf_text(out, "\n");
}

static void bullets(struct buf *out, struct bytes list)
{
    struct walk walk = walk_of(list);
    struct value item;
    while (walk_item(&walk, &item)) {
        buf_text(out, "- ");
        value_text(out, &item);
        buf_text(out, "\n");
    }
    buf_text(out, "\n");
}

static bool list_of_maps(struct bytes list)
{
    struct walk walk = walk_of(list);
    struct value first;
    return walk_item(&walk, &first) && first.type == VALUE_MAP;
}

static void section(struct buf *out, struct bytes map, unsigned depth);

static void inside(struct buf *out, const struct value *v, unsigned depth)
{
    if (v->type == VALUE_MAP)
        section(out, v->whole, depth + 1);
    else if (list_of_maps(v->whole))
        table(out, v->whole);
    else
        bullets(out, v->whole);
}

static void section(struct buf *out, struct bytes map, unsigned depth)
{
    struct walk walk = walk_of(map);
    struct value key, item;
    size_t before = out->n;
    while (walk_pair(&walk, &key, &item)) {
        if (empty(&item) || (!plain(&item) && depth < DEEPEST))
            continue;
        buf_text(out, "- **");
        title_of(out, key.text);
        buf_text(out, "**: ");
        value_text(out, &item);
        buf_text(out, "\n");
    }
    if (out->n > before)
        buf_text(out, "\n");
    walk = walk_of(map);
    while (walk_pair(&walk, &key, &item)) {
        if (empty(&item) || plain(&item) || depth >= DEEPEST)
            continue;
        buf_printf(out, "%.*s ", (int)depth + 2, "######");
        title_of(out, key.text);
        buf_text(out, "\n\n");
        inside(out, &item, depth);
    }
}

void markdown_of(struct buf *out, struct bytes data)
{
    section(out, data, 0);
}
