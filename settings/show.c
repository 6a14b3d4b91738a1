/* SPDX-License-Identifier: MPL-2.0 */
/* A loaded config back as text: all of it, or what differs between two. */
#include "settings/loaded.h"
#include "settings/value.h"

struct show {
    const struct settings *s;
    struct buf *out;
    bool origin;
};

static void add_origin(struct show *w, const void *member)
{
    const struct origin *origin = settings_origin(w->s, member);
    if (!w->origin)
        return;
    buf_text(w->out, "  # ");
    if (origin == NULL)
        buf_text(w->out, "default");
    else if (origin->kind == ORIGIN_FILE)
        buf_printf(w->out, "%s:%u", w->s->file, origin->place.line);
    else
        buf_text(w->out, origin->kind == ORIGIN_FLAG ? "flag" : "environment");
}

static void indent(struct show *w, unsigned level)
{
    for (unsigned i = 0; i < level; i++)
        buf_text(w->out, "  ");
}

static void show_section(struct show *w, const struct section *section, const void *base,
                         unsigned level);

static void show_row(struct show *w, const struct section *part, const void *row, unsigned level)
{
    indent(w, level);
    value_print(w->out, &part->settings[0], row);
    buf_text(w->out, ":");
    add_origin(w, row);
    buf_text(w->out, "\n");
    show_section(w, part, row, level + 1);
}

static void show_table(struct show *w, const struct setting *s, const struct seq *rows,
                       unsigned level)
{
    if (rows->n == 0)
        return;
    indent(w, level);
    buf_printf(w->out, "%s:\n", s->key);
    for (size_t i = 0; i < rows->n; i++)
        show_row(w, s->part, (const char *)rows->at + i * s->part->size, level + 1);
}

/* A list or map that is empty and may stay unsaid: `targets: []` would be a mistake (X11). */
static bool is_unsaid(const struct setting *s, const void *member)
{
    if (s->kind == SETTING_WORDS)
        return *s->dflt_text == '\0' && ((const struct seq *)member)->n == 0;
    return s->kind == SETTING_ANY && ((const struct bytes *)member)->n == 0;
}

static void show_value(struct show *w, const struct setting *s, const void *member, unsigned level)
{
    if (is_unsaid(s, member))
        return;
    indent(w, level);
    buf_printf(w->out, "%s: ", s->key);
    value_print(w->out, s, member);
    add_origin(w, member);
    buf_text(w->out, "\n");
}

/* Whether anything in it was given: a step that is not there is not shown. */
static bool is_given(const struct show *w, const struct section *section, const void *base)
{
    for (size_t i = 0; i < section->n; i++)
        if (settings_origin(w->s, setting_member(&section->settings[i], base)))
            return true;
    return false;
}

static void show_section(struct show *w, const struct section *section, const void *base,
                         unsigned level)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        const void *member = setting_member(s, base);
        if (s->key[0] == '\0')
            continue;
        if (s->kind == SETTING_TABLE) {
            show_table(w, s, member, level);
        } else if (s->kind != SETTING_IN) {
            show_value(w, s, member, level);
        } else if (level == 0 || is_given(w, s->part, member)) {
            indent(w, level);
            buf_printf(w->out, "%s:\n", s->key);
            show_section(w, s->part, member, level + 1);
        }
    }
}

void settings_show(struct buf *out, const struct settings *s, bool origin)
{
    struct show w = {s, out, origin};
    show_section(&w, s->root, s->at, 0);
}

struct diff {
    struct buf *out;
    size_t n;
};

static void diff_section(struct diff *d, const struct section *section, const void *before,
                         const void *after, const char *path);

static void diff_value(struct diff *d, const struct setting *s, const void *before,
                       const void *after, const char *path)
{
    struct buf old = {0}, new = {0};
    value_print(&old, s, before);
    value_print(&new, s, after);
    if (!bytes_eq(buf_bytes(&old), buf_bytes(&new))) {
        buf_printf(d->out, "%s: %s -> %s\n", path, buf_str(&old), buf_str(&new));
        d->n++;
    }
    buf_done(&old);
    buf_done(&new);
}

static const void *find_row(const struct section *part, const struct seq *rows, struct bytes name)
{
    for (size_t i = 0; i < rows->n; i++) {
        const char *row = (const char *)rows->at + i * part->size;
        if (bytes_eq(*(const struct bytes *)row, name))
            return row;
    }
    return NULL;
}

/* The rows of one that the other has not. */
static void diff_missing(struct diff *d, const struct section *part, const struct seq *rows,
                         const struct seq *others, const char *path, const char *what)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct bytes *name = (const void *)((const char *)rows->at + i * part->size);
        if (find_row(part, others, *name))
            continue;
        buf_printf(d->out, "%s.%s: %s\n", path, name->at, what);
        d->n++;
    }
}

static void diff_table(struct diff *d, const struct setting *s, const struct seq *before,
                       const struct seq *after, const char *path)
{
    diff_missing(d, s->part, before, after, path, "removed");
    for (size_t i = 0; i < after->n; i++) {
        const char *row = (const char *)after->at + i * s->part->size;
        const struct bytes *name = (const void *)row;
        const void *old = find_row(s->part, before, *name);
        struct buf inner = {0};
        buf_printf(&inner, "%s.%s", path, name->at);
        if (old)
            diff_section(d, s->part, old, row, buf_str(&inner));
        buf_done(&inner);
    }
    diff_missing(d, s->part, after, before, path, "added");
}

static void diff_section(struct diff *d, const struct section *section, const void *before,
                         const void *after, const char *path)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        const void *old = setting_member(s, before), *new = setting_member(s, after);
        struct buf inner = {0};
        buf_printf(&inner, "%s%s%s", path, *path ? "." : "", s->key);
        if (s->kind == SETTING_IN)
            diff_section(d, s->part, old, new, buf_str(&inner));
        else if (s->kind == SETTING_TABLE)
            diff_table(d, s, old, new, buf_str(&inner));
        else
            diff_value(d, s, old, new, buf_str(&inner));
        buf_done(&inner);
    }
}

size_t settings_diff(struct buf *out, const struct settings *before, const struct settings *after)
{
    struct diff d = {out, 0};
    assert(before->root == after->root);
    diff_section(&d, after->root, before->at, after->at, "");
    return d.n;
}
