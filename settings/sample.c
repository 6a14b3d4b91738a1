/* SPDX-License-Identifier: MPL-2.0 */
/* A config file to begin with: every setting with its meaning and its default, commented out. Refuses to know the tables
 * (KPIs, actions …): what stands in those is the owner's alone. */
#include "settings/describe.h"

enum { COLUMNS = 110 };

struct sample {
    struct buf *out;
    const char *const *given; /* "key=value" of the root: these stand uncommented */
    size_t n_given;
};

/* add_prose breaks a text between words; each line begins with the prefix. */
static void add_prose(struct buf *out, const char *prefix, const char *text)
{
    size_t column = COLUMNS;
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        bool fresh = column + 1 + n > COLUMNS;
        if (fresh) {
            buf_printf(out, "%s%s#", word == text ? "" : "\n", prefix);
            column = strlen(prefix) + 1;
        }
        buf_printf(out, " %.*s", (int)n, word);
        column += 1 + n;
        word += n + strspn(word + n, " ");
    }
    buf_text(out, "\n");
}

static void add_meaning(struct sample *w, const char *prefix, const struct setting *s)
{
    _cleanup_(buf_done) struct buf text = {0}, range = {0};
    describe_range(&range, s, "");
    buf_text(&text, s->help);
    if (range.n)
        buf_printf(&text, " (%s)", buf_str(&range));
    add_prose(w->out, prefix, buf_str(&text));
}

static const char *given_value(const struct sample *w, const struct setting *s)
{
    size_t n = strlen(s->key);
    for (size_t i = 0; i < w->n_given; i++)
        if (strncmp(w->given[i], s->key, n) == 0 && w->given[i][n] == '=')
            return w->given[i] + n + 1;
    return NULL;
}

static void add_value(struct sample *w, const char *prefix, const struct setting *s, const char *value)
{
    _cleanup_(buf_done) struct buf dflt = {0};
    describe_default(&dflt, s);
    if (dflt.n == 0)
        buf_text(&dflt, s->kind == SETTING_WORDS ? "[]" : s->kind == SETTING_TABLE ? "{}" : "\"\"");
    buf_printf(w->out, "%s%s: %s\n", value ? "" : prefix, s->key, value ? value : buf_str(&dflt));
}

static void add_single(struct sample *w, const char *prefix, const struct setting *s)
{
    bool top = *prefix == '#' && prefix[1] == '\0';
    add_meaning(w, top ? "" : prefix, s);
    add_value(w, prefix, s, top ? given_value(w, s) : NULL);
}

/* A section of the root; what lies deeper belongs to rows of tables. */
static void add_part(struct sample *w, const struct setting *s)
{
    buf_text(w->out, "\n");
    add_prose(w->out, "", s->part->doc);
    buf_printf(w->out, "#%s:\n", s->key);
    for (size_t i = 0; i < s->part->n; i++)
        add_single(w, "#  ", &s->part->settings[i]);
}

void settings_sample(struct buf *out, const struct section *root, const char *const *given, size_t n)
{
    struct sample w = {out, given, n};
    for (size_t i = 0; i < root->n; i++)
        if (root->settings[i].kind < SETTING_IN)
            add_single(&w, "#", &root->settings[i]);
    for (size_t i = 0; i < root->n; i++)
        if (root->settings[i].kind == SETTING_IN)
            add_part(&w, &root->settings[i]);
}
