/* SPDX-License-Identifier: MPL-2.0 */
/* Prints all verbs with their options as a chapter of helios(1), in scdoc, from the table that `helios` itself runs. */
#include "common/text.h"
#include "tools/helios/sub.h"

static void add_option(struct buf *out, const struct option_row *o, const char *indent)
{
    buf_printf(out, "%s*--%s*", indent, o->name);
    if (o->value) {
        buf_text(out, " _");
        text_manual(out, o->value);
        buf_text(out, "_");
    }
    buf_printf(out, "\n%s\t", indent);
    text_manual(out, o->help);
    buf_text(out, "\n\n");
}

static void add_options(struct buf *out, const struct option_row *rows, const char *indent)
{
    for (; rows && rows->name; rows++)
        add_option(out, rows, indent);
}

static void add_verb(struct buf *out, const struct cli_verb *v)
{
    buf_printf(out, "*%s* ", v->name);
    text_manual(out, v->words);
    buf_text(out, "\n\t");
    text_manual(out, v->help);
    buf_text(out, "\n\n");
    for (const struct sub_verb *s = subs_of(v); s && s->name; s++) {
        buf_printf(out, "\t*%s* ", s->name);
        text_manual(out, s->words);
        buf_text(out, "\n\t\t");
        text_manual(out, s->help);
        buf_text(out, "\n\n");
    }
    add_options(out, v->options, "\t");
}

int main(void)
{
    _cleanup_(buf_done) struct buf text = {0};
    buf_text(&text, "# VERBS\n\n");
    for (const struct cli_verb *v = cli_verbs; v->name; v++)
        add_verb(&text, v);
    buf_text(&text, "# OPTIONS OF EVERY VERB\n\n");
    add_options(&text, common_options, "");
    return fwrite(text.at, 1, text.n, stdout) == text.n && fflush(stdout) == 0 ? 0 : 1;
}
