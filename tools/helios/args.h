/* SPDX-License-Identifier: MPL-2.0 */
/* The words of one call: options that the verb or the program knows, and what stands beside them.
 */
#ifndef HELIOS_TOOL_ARGS_H
#define HELIOS_TOOL_ARGS_H

#include "common/base.h"

struct option_row {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for its value in the help; NULL = a flag */
    const char *help;
};

#define ARGS_MAX 256
struct args {
    const char *program_verb;
    const char *given[ARGS_MAX]; /* option names, as in their rows */
    const char *values[ARGS_MAX];
    size_t n_given;
    const char *words[ARGS_MAX];
    size_t n_words;
};

/* Options that every verb takes. */
extern const struct option_row common_options[];

/* args_parse reads argv against the verb's own rows and the common ones (`--name value`,
 * `--name=value`, `--` ends options). -EINVAL with a sentence on stderr that names the nearest
 * option. */
int args_parse(struct args *a, const char *verb, const struct option_row *rows, int argc,
               char **argv);
bool args_has(const struct args *a, const char *name);
const char *args_value(const struct args *a, const char *name, const char *otherwise);
int64_t args_int(const struct args *a, const char *name,
                 int64_t otherwise); /* exits 64 when it is no number */
int64_t args_ms(const struct args *a, const char *name,
                int64_t otherwise); /* a duration; exits 64 when it is none */

#endif
