/* SPDX-License-Identifier: MPL-2.0 */
/* settings.def as descriptors: what reader, overrides, show and document walk. Owns no logic and no
 * values. */
#ifndef HELIOS_SETTINGS_SECTIONS_H
#define HELIOS_SETTINGS_SECTIONS_H

#include "settings/settings.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_BOOL,
    SETTING_INT,
    SETTING_NUM,
    SETTING_DURATION,
    SETTING_SIZE,
    SETTING_CHOICE,
    SETTING_WORDS,
    SETTING_ANY,
    SETTING_IN,
    SETTING_TABLE
};

struct setting {
    const char *key; /* "" for the name of a table's row: it is the YAML key */
    enum setting_kind kind;
    size_t offset;         /* of the C member */
    bool needed;           /* of TEXT: must be given */
    const char *dflt_text; /* of TEXT; of WORDS: words parted by spaces */
    double dflt, min, max; /* of the numeric kinds and CHOICE; all of them are exact below 2^53 */
    const char *unit, *help;
    const struct enumeration *choice; /* of CHOICE */
    const struct section *part;       /* of IN and TABLE */
};

struct section {
    const char *name;
    const struct setting *settings;
    size_t n, size; /* settings; bytes of the C struct */
    const char *doc;
};

extern const struct section section_of_kpi;        /* its rows start from the catalogue */
extern const struct section section_of_probe;      /* its kinds know only some of its settings */
extern const struct section *const sections_all[]; /* in the order of settings.def */
extern const size_t sections_all_n;

static inline void *setting_member(const struct setting *s, const void *base)
{
    return (char *)(uintptr_t)base + s->offset;
}

#endif
