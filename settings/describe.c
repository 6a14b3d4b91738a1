/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the words for a setting that every document shares. */
#include "settings/describe.h"
#include "settings/value.h"

const char *describe_kind(const struct setting *s)
{
    static const char *const names[] = {
        [SETTING_TEXT] = "text",   [SETTING_BOOL] = "bool",         [SETTING_INT] = "integer",
        [SETTING_NUM] = "number",  [SETTING_SIZE] = "size",         [SETTING_CHOICE] = "choice",
        [SETTING_WORDS] = "list",  [SETTING_ANY] = "map",           [SETTING_IN] = "section",
        [SETTING_TABLE] = "table", [SETTING_DURATION] = "duration",
    };
    return names[s->kind];
}

static bool has_range(const struct setting *s)
{
    return s->kind == SETTING_INT || s->kind == SETTING_NUM || s->kind == SETTING_DURATION ||
           s->kind == SETTING_SIZE;
}

void describe_range(struct buf *out, const struct setting *s, const char *quote)
{
    if (s->kind == SETTING_CHOICE) {
        for (size_t i = 0; i < s->choice->n; i++)
            buf_printf(out, "%s%s%s%s", i ? ", " : "", quote, s->choice->values[i], quote);
    } else if (has_range(s) && s->max < 1e12) {
        value_number(out, s, s->min);
        buf_text(out, " … ");
        value_number(out, s, s->max);
        buf_printf(out, "%s%s", *s->unit ? " " : "", s->unit);
    } else if (has_range(s)) {
        buf_text(out, s->unit);
    }
}

void describe_default(struct buf *out, const struct setting *s)
{
    struct keep keep = {0};
    union {
        struct bytes text;
        struct seq words;
        double number;
        int64_t integer;
    } value = {0};
    if (s->needed || s->kind >= SETTING_ANY || (s->dflt_text && *s->dflt_text == '\0'))
        return;
    value_default(&keep, s, &value);
    value_print(out, s, &value);
    keep_done(&keep);
}

void describe_tree(struct buf *out, const struct section *section, bool *done,
                   void (*add)(struct buf *out, const struct section *section))
{
    size_t place = 0;
    while (sections_all[place] != section)
        place++;
    if (done[place])
        return;
    done[place] = true;
    add(out, section);
    for (size_t i = 0; i < section->n; i++)
        if (section->settings[i].part)
            describe_tree(out, section->settings[i].part, done, add);
}
