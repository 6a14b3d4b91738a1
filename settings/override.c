/* SPDX-License-Identifier: MPL-2.0 */
/* What stands above the file: HELIOS_SECTION_KEY variables, and above them flags
 * "section.key=value". They reach the root's own settings and those of its sections, never the rows
 * of tables: those are the file's. */
#include <ctype.h>
#include <unistd.h>

#include "common/text.h"
#include "settings/loaded.h"
#include "settings/value.h"

struct target {
    char *path; /* owned: "cycle.every" */
    const struct setting *setting;
    void *member;
};

struct targets {
    struct target at[128];
    size_t n;
};

static void collect(struct targets *t, const struct section *section, void *base,
                    const char *before)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        struct buf path = {0};
        buf_printf(&path, "%s%s%s", before, *before ? "." : "", s->key);
        if (s->kind == SETTING_IN) {
            collect(t, s->part, setting_member(s, base), buf_str(&path));
        } else if (value_is_single(s->kind) || s->kind == SETTING_WORDS) {
            assert(t->n < ARRAY_SIZE(t->at));
            t->at[t->n++] = (struct target){buf_take(&path), s, setting_member(s, base)};
        }
        buf_done(&path);
    }
}

static void targets_done(struct targets *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->at[i].path);
}

/* from: a variable's name or FROM_FLAG, for people. */
static const char FROM_FLAG[] = "flag";

static void apply(struct settings *s, const struct target *t, const char *value,
                  enum origin_kind kind, const char *from, struct mistakes *m)
{
    struct place place = {.from = from};
    struct buf why = {0};
    if (t->setting->kind == SETTING_WORDS)
        *(struct seq *)t->member = value_split(&s->keep, value, ',');
    else if (value_parse(&s->keep, t->setting, t->member, bytes_of(value), &why) < 0)
        mistake(m, place, "%s %s", t->path, buf_str(&why));
    settings_note(s, t->member, kind, place);
    buf_done(&why);
}

static const char *variable_name(struct keep *keep, const char *path)
{
    char *name = keep_room(keep, strlen("HELIOS_") + strlen(path) + 1);
    strcpy(stpcpy(name, "HELIOS_"), path);
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

static bool have_variables(void)
{
    for (char **one = environ; one && *one; one++)
        if (strncmp(*one, "HELIOS_", strlen("HELIOS_")) == 0)
            return true;
    return false;
}

void override_from_environment(struct settings *s, struct mistakes *m)
{
    _cleanup_(targets_done) struct targets t = {0};
    /* up.yaml says what to start; the variables are for what is started. */
    if (s->root == section_up || !have_variables())
        return;
    collect(&t, s->root, s->at, "");
    for (size_t i = 0; i < t.n; i++) {
        const char *name = variable_name(&s->keep, t.at[i].path);
        /* HELIOS_DATA is the controller's directory: agents find it by that name, they do not write
         * there. */
        if (s->root == section_agent_config && strcmp(name, "HELIOS_DATA") == 0)
            continue;
        const char *value = getenv(name);
        if (value)
            apply(s, &t.at[i], value, ORIGIN_ENVIRONMENT, name, m);
    }
}

static const struct target *find_target(const struct targets *t, struct bytes path)
{
    for (size_t i = 0; i < t->n; i++)
        if (bytes_is(path, t->at[i].path))
            return &t->at[i];
    return NULL;
}

static void unknown_flag(const struct targets *t, struct bytes path, struct mistakes *m)
{
    const char *paths[ARRAY_SIZE(t->at)];
    struct buf shown = {0};
    for (size_t i = 0; i < t->n; i++)
        paths[i] = t->at[i].path;
    text_safe(&shown, (struct bytes){path.at, MIN(path.n, (size_t)64)});
    const char *meant = text_nearest(buf_str(&shown), paths, t->n);
    mistake(m, (struct place){.from = FROM_FLAG}, "'%s' is no setting%s%s%s", buf_str(&shown),
            meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    buf_done(&shown);
}

void override_from_flags(struct settings *s, const char *const *flags, size_t n, struct mistakes *m)
{
    _cleanup_(targets_done) struct targets t = {0};
    if (n == 0)
        return;
    collect(&t, s->root, s->at, "");
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(flags[i], '=');
        struct bytes path = {flags[i], equals ? (size_t)(equals - flags[i]) : strlen(flags[i])};
        const struct target *target = find_target(&t, path);
        if (target == NULL)
            unknown_flag(&t, path, m);
        else if (equals == NULL)
            mistake(m, (struct place){.from = FROM_FLAG}, "%s needs a value: %s=VALUE",
                    target->path, target->path);
        else
            apply(s, target, equals + 1, ORIGIN_FLAG, FROM_FLAG, m);
    }
}
