/* SPDX-License-Identifier: MPL-2.0 */
/* A loaded config from the inside: its struct, and where each value came from. Only this room
 * includes it. */
#ifndef HELIOS_SETTINGS_LOADED_H
#define HELIOS_SETTINGS_LOADED_H

#include "settings/keep.h"
#include "settings/mistakes.h"
#include "settings/sections.h"

enum origin_kind { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct origin {
    const void *member; /* of the struct; a row's is its name, a word's its struct bytes */
    enum origin_kind kind;
    struct place place;
};

struct settings {
    const struct section *root;
    char *file;
    void *at; /* the root's struct; it and all that it points to lie in keep */
    struct keep keep;
    struct origin *origins; /* sorted by member once the reading is over */
    size_t n_origins, room_origins;
};

/* settings_new gives the defaults of the root. */
struct settings *settings_new(const struct section *root, const char *file);
/* settings_note says where a member's value came from; the last word counts. */
void settings_note(struct settings *s, const void *member, enum origin_kind kind,
                   struct place place);
void settings_sort_origins(struct settings *s);
/* settings_origin answers NULL for a default. After settings_sort_origins only. */
const struct origin *settings_origin(const struct settings *s, const void *member);
/* settings_place is where the member stands; where it is a default, where `otherwise` (may be NULL)
 * stands. */
struct place settings_place(const struct settings *s, const void *member, const void *otherwise);

/* section_fill writes the defaults of every setting, and of the sections in it. */
void section_fill(struct keep *keep, const struct section *section, void *base);
/* section_read takes a file's values into the root's struct. */
struct yaml;
void section_read(struct settings *s, const struct yaml *tree, struct mistakes *m);
/* overrides: HELIOS_* variables, then flags. */
void override_from_environment(struct settings *s, struct mistakes *m);
void override_from_flags(struct settings *s, const char *const *flags, size_t n,
                         struct mistakes *m);
/* What reads well but cannot work. */
void check_config(const struct settings *s, struct mistakes *m);
void check_agent(const struct settings *s, struct mistakes *m);
void check_up(const struct settings *s, struct mistakes *m);

#endif
