/* SPDX-License-Identifier: MPL-2.0 */
/* The settings of one file as a chapter of a man page, in scdoc. */
#include "common/text.h"
#include "settings/describe.h"

/* What the value is, as "duration: 10ms … 7d; default 1m". */
static void add_kind(struct buf *out, const struct setting *s)
{
    _cleanup_(buf_done) struct buf range = {0}, dflt = {0};
    describe_range(&range, s, "");
    describe_default(&dflt, s);
    text_manual(out, describe_kind(s));
    if (s->part)
        buf_printf(out, " *%s*", s->part->name);
    buf_text(out, range.n ? ": " : "");
    text_manual(out, buf_str(&range));
    if (s->needed)
        buf_text(out, "; needed");
    if (dflt.n) {
        buf_text(out, "; default _");
        text_manual(out, buf_str(&dflt));
        buf_text(out, "_");
    }
}

static void add_setting(struct buf *out, const struct setting *s)
{
    if (s->key[0] == '\0')
        return;
    buf_text(out, "*");
    text_manual(out, s->key);
    buf_text(out, "* (");
    add_kind(out, s);
    buf_text(out, ")\n\t");
    text_manual(out, s->help);
    buf_text(out, "\n\n");
}

static void add_section(struct buf *out, const struct section *section)
{
    buf_printf(out, "## %s\n\n", section->name);
    text_manual(out, section->doc);
    buf_text(out, "\n\n");
    for (size_t i = 0; i < section->n; i++)
        add_setting(out, &section->settings[i]);
}

void settings_manual(struct buf *out, const struct section *root)
{
    _autofree_ bool *done = xalloc(sections_all_n * sizeof *done);
    describe_tree(out, root, done, add_section);
}
