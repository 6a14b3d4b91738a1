/* SPDX-License-Identifier: MPL-2.0 */
/* The settings of one file as a chapter of a man page, in scdoc. */
#include "settings/describe.h"

/* add_plain: what scdoc would take for a mark is none. */
static void add_plain(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_printf(out, "%s%c", strchr("\\*_~#`[]|", *text) ? "\\" : "", *text);
}

/* What the value is, as "duration, 10ms … 7d, default 1m". */
static void add_kind(struct buf *out, const struct setting *s)
{
    _cleanup_(buf_done) struct buf range = {0}, dflt = {0};
    describe_range(&range, s, "");
    describe_default(&dflt, s);
    add_plain(out, describe_kind(s));
    if (range.n) {
        buf_text(out, ", ");
        add_plain(out, buf_str(&range));
    }
    if (s->needed)
        buf_text(out, ", needed");
    if (dflt.n) {
        buf_text(out, ", default ");
        add_plain(out, buf_str(&dflt));
    }
    if (s->part)
        buf_printf(out, " of *%s*", s->part->name);
}

static void add_setting(struct buf *out, const struct setting *s)
{
    if (s->key[0] == '\0')
        return;
    buf_text(out, "*");
    add_plain(out, s->key);
    buf_text(out, "* (");
    add_kind(out, s);
    buf_text(out, ")\n\t");
    add_plain(out, s->help);
    buf_text(out, "\n\n");
}

static void add_section(struct buf *out, const struct section *section)
{
    buf_printf(out, "## %s\n\n", section->name);
    add_plain(out, section->doc);
    buf_text(out, "\n\n");
    for (size_t i = 0; i < section->n; i++)
        add_setting(out, &section->settings[i]);
}

void settings_manual(struct buf *out, const struct section *root)
{
    _autofree_ bool *done = xalloc(sections_all_n * sizeof *done);
    describe_tree(out, root, done, add_section);
}
