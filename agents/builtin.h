/* SPDX-License-Identifier: MPL-2.0 */
/* Actions that come with the agent and need no program. A new one is a row of the table in
 * builtin.c. */
#ifndef HELIOS_AGENTS_BUILTIN_H
#define HELIOS_AGENTS_BUILTIN_H

#include "agents/exec.h"
#include "agents/params.h"

#define BUILTIN_NAMES "echo, noop, sleep, webhook"

struct run;

struct builtin {
    const char *name;
    const struct param_rule *params; /* its own; the config may replace them by name */
    size_t n_params;
    void (*start)(struct run *r); /* ends it at once by run_end, or later from the loop */
    void (*due)(struct run *r);   /* its clock rang; NULL: that was the deadline */
    /* It is to end by run_end soon, as CANCELLED or TIMEOUT; NULL: it ends at once. */
    void (*stop)(struct run *r, enum stop why);
    void (*free)(struct run *r); /* what run.guest holds; NULL: nothing */
};

const struct builtin *builtin_find(const char *name); /* NULL when there is none */

#endif
