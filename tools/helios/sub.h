/* SPDX-License-Identifier: MPL-2.0 */
/* A verb that has verbs of its own, as `helios schedule list`: its row's `data` is a table of them, its `run` is run_subs. Help and
 * completion are made from it. */
#ifndef HELIOS_TOOL_SUB_H
#define HELIOS_TOOL_SUB_H

#include "verbs.h"

struct sub_verb {
    const char *name, *words, *help;
    int (*run)(const struct args *a); /* words begin behind the name; answers the exit code */
};

int run_subs(const struct cli_verb *verb, const struct args *a);
/* subs_of gives a verb's own verbs, ending with a NULL name; NULL: it has none. */
const struct sub_verb *subs_of(const struct cli_verb *verb);

extern const struct sub_verb schedule_subs[];
extern const struct option_row schedule_options[];

#endif
