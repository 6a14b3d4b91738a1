/* SPDX-License-Identifier: MPL-2.0 */
/* Config files as structs. settings.def declares every setting once; this reads YAML into struct
 * set_SECTION with errors that name file:line:column, show a caret and suggest the word that was
 * probably meant. Precedence: flag > HELIOS_* > file > default. Knows YAML (nobody else does);
 * knows nothing of what a setting means, except in check_*.c. */
#ifndef HELIOS_SETTINGS_SETTINGS_H
#define HELIOS_SETTINGS_SETTINGS_H

#include "common/buf.h"
#include "proto/schema.h"

#define ENUM_OF(e) enum e {
#define VALUE(e, v, doc) e##_##v,
#define ENUM_END(e) e##_COUNT };
#include "settings/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END
#define ENUM_OF(e) extern const struct enumeration enum_##e;
#define VALUE(e, v, doc)
#define ENUM_END(e)
#include "settings/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define SECTION(s, doc) struct set_##s {
#define TEXT(s, m, key, dflt, help) struct bytes m; /* NUL-terminated */
#define BOOL(s, m, key, dflt, help) bool m;
#define INT(s, m, key, dflt, min, max, unit, help) int64_t m;
#define NUM(s, m, key, dflt, min, max, unit, help) double m;
#define DURATION(s, m, key, dflt, min, max, help) int64_t m;
#define SIZE(s, m, key, dflt, min, max, help) int64_t m;
#define CHOICE(s, m, key, e, dflt, help) enum e m;
#define WORDS(s, m, key, dflt, help) struct seq m; /* of struct bytes, each NUL-terminated */
#define ANY(s, m, key, help) struct bytes m;       /* a msgpack map, or nothing */
#define IN(s, m, key, section, help) struct set_##section m;
#define TABLE(s, m, key, section, help) struct seq m; /* of struct set_SECTION */
#define END(s) };
#include "settings/settings.def"
#undef SECTION
#undef TEXT
#undef BOOL
#undef INT
#undef NUM
#undef DURATION
#undef SIZE
#undef CHOICE
#undef WORDS
#undef ANY
#undef IN
#undef TABLE
#undef END

struct section; /* descriptor of one section; see sections.h */
extern const struct section *const section_config, *const section_agent_config, *const section_up;

/* A loaded file with its struct and where each value came from. */
struct settings;

/* settings_load reads the file into a fresh struct of `root`. flags: "section.key=value" texts,
 * highest precedence (may be NULL); HELIOS_SECTION_KEY variables are taken from the environment. On
 * failure answers -EINVAL (or -ENOENT…) and *ret_report is the whole report for people, every
 * mistake of the file, the caller's to free. On success *ret_report is NULL. The checks of what
 * cannot work (weights of 0, a missing rollback, an unknown KPI, attempts that do not fit the
 * total…) run too. The kpis of a struct set_config are those of the file, started from the
 * catalogue where it has the name. ${VAR} in values is replaced from the environment; in up.yaml
 * ${HELIOS_DATA} stays as it is written while it is not set. */
int settings_load(const struct section *root, const char *file, const char *const *flags,
                  size_t n_flags, struct settings **ret, char **ret_report);
void settings_free(struct settings *s);

/* The struct: struct set_config, struct set_agent_config or struct set_up, as loaded by `root`;
 * lives as long as s. */
const void *settings_root(const struct settings *s);
const char *settings_file(const struct settings *s);
/* settings_blame appends one mistake as a report has it, for whoever knows more than the file does: it stands where `member` was set. */
void settings_blame(struct buf *report, const struct settings *s, const void *member, const char *format, ...)
    FORMAT_LIKE(4, 5);

/* settings_show appends `key: value` lines (YAML that can be loaded again), with
 * `# flag|environment|file:line|default` when origin. */
void settings_show(struct buf *out, const struct settings *s, bool origin);
/* settings_diff appends one line a changed setting: `cycle.every: 5m -> 1m`. Both of the same root.
 * Answers how many. */
size_t settings_diff(struct buf *out, const struct settings *before, const struct settings *after);
/* settings_document appends docs/settings.md. */
void settings_document(struct buf *out);
/* settings_manual appends all settings of one file as a chapter of a man page (scdoc). */
void settings_manual(struct buf *out, const struct section *root);
/* settings_sample appends a file with every setting outside of tables, commented out but for the `given` "key=value". */
void settings_sample(struct buf *out, const struct section *root, const char *const *given, size_t n);
/* settings_defaults gives a struct set_config of defaults alone, without any KPI: for tests. */
struct settings *settings_defaults(const struct section *root);

/* The built-in KPIs (kpis.def): a config that names one starts from its values. Those that the
 * controller computes of itself are KPIs of every realm, named in its config or not. */
struct catalogue_kpi {
    struct set_kpi kpi;
    bool computed; /* by the controller of itself, weight 0 */
    const char *doc;
};
const struct catalogue_kpi *kpi_catalogue(size_t *ret_n); /* the table, in the order of kpis.def */
const struct catalogue_kpi *catalogue_find(struct bytes name); /* NULL: it is none of them */

#endif
