/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the look of messages and records as text. Everything that a peer chose is escaped (A7). */
#include <inttypes.h>

#include "codec.h"
#include "common/text.h"
#include "json.h"

static void show_fields(struct buf *out, const struct schema *s, const void *from);

static void show_text(struct buf *out, struct bytes text)
{
    if (text_is_name(text)) {
        buf_add(out, text.at, text.n);
        return;
    }
    buf_text(out, "\"");
    text_safe(out, text);
    buf_text(out, "\"");
}

static void show_map(struct buf *out, struct bytes map)
{
    _cleanup_(buf_done) struct buf json = {0};
    json_print(&json, map, false);
    text_safe(out, buf_bytes(&json));
}

static void show_names(struct buf *out, const struct seq *names)
{
    buf_text(out, "[");
    for (size_t i = 0; i < names->n; i++) {
        if (i)
            buf_text(out, " ");
        show_text(out, ((const struct bytes *)names->at)[i]);
    }
    buf_text(out, "]");
}

static void show_list(struct buf *out, const struct field *f, const struct seq *items)
{
    buf_text(out, "[");
    for (size_t i = 0; i < items->n; i++) {
        buf_text(out, i ? " {" : "{");
        show_fields(out, f->part, (const char *)items->at + i * f->part->size);
        buf_text(out, "}");
    }
    buf_text(out, "]");
}

static void show_field(struct buf *out, const struct field *f, const void *at)
{
    switch (f->kind) {
    case KIND_STR:
    case KIND_BIN:
        show_text(out, *(const struct bytes *)at);
        break;
    case KIND_UINT:
        buf_printf(out, "%" PRIu64, *(const uint64_t *)at);
        break;
    case KIND_INT:
        buf_printf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case KIND_NUM:
        buf_printf(out, "%.6g", *(const double *)at);
        break;
    case KIND_BOOL:
        buf_text(out, *(const bool *)at ? "yes" : "no");
        break;
    case KIND_ENUM:
        buf_text(out, enum_text(f->enumeration, *(const int *)at));
        break;
    case KIND_MAP:
        show_map(out, *(const struct bytes *)at);
        break;
    case KIND_NAMES:
        show_names(out, at);
        break;
    case KIND_LIST:
        show_list(out, f, at);
        break;
    }
}

static void show_fields(struct buf *out, const struct schema *s, const void *from)
{
    const char *gap = "";
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        if (!f->needed && field_is_default(f, from))
            continue;
        buf_printf(out, "%s%s=", gap, f->name);
        show_field(out, f, (const char *)from + f->offset);
        gap = " ";
    }
}

void struct_show(struct buf *out, const struct schema *s, const void *from)
{
    buf_printf(out, "%s ", s->name);
    show_fields(out, s, from);
}
