/* SPDX-License-Identifier: MPL-2.0 */
/* What the checks of all roots share: short texts for sentences, sorted names to look up and
 * suggest. */
#ifndef HELIOS_SETTINGS_CHECK_H
#define HELIOS_SETTINGS_CHECK_H

#include "settings/loaded.h"

struct check {
    const struct settings *s;
    struct mistakes *m;
};

/* A short text by value, for an argument of a sentence: in_words(ms).at */
struct words_of {
    char at[48];
};
struct words_of in_words(int64_t ms);
struct words_of in_figures(double number);

/* place_of_member is where it stands; else where `otherwise` stands, as its row's name. */
static inline struct place place_of_member(const struct check *c, const void *member,
                                           const void *otherwise)
{
    return settings_place(c->s, member, otherwise);
}

/* given says whether the file, a variable or a flag set it. */
static inline bool given(const struct check *c, const void *member)
{
    return settings_origin(c->s, member) != NULL;
}

/* Names of a table's rows, sorted; views into the rows. */
struct names {
    const char **at; /* owned */
    size_t n;
};
struct names names_of(const struct seq *rows, size_t row_size);
void names_add(struct names *names, const char *name); /* names_sort must follow */
void names_sort(struct names *names);
void names_done(struct names *names);
bool names_include(const struct names *names, struct bytes name);
/* check_known notes `path names the unknown WHAT 'x'; did you mean 'y'?` when it is none of the
 * names. */
void check_known(const struct check *c, const struct names *names, const struct bytes *name,
                 const void *row, const char *path, const char *what);

#endif
