/* SPDX-License-Identifier: MPL-2.0 */
/* Which realms a keeper's file names, and how the process of each is started. Checks the settings of all of them, and what cannot go
 * together; starts nothing. */
#ifndef HELIOS_REALMS_PLAN_H
#define HELIOS_REALMS_PLAN_H

#include "orchestrator/shell/shell.h"

/* One realm: the words of its command line. */
struct plan_realm {
    char *name, *file, *data;     /* owned; data: its directory */
    char *flags[SHELL_FLAGS_MAX]; /* owned: "section.key=value" */
    size_t n_flags;
};

struct plan {
    struct plan_realm *at; /* owned */
    size_t n;
};

/* What the keeper itself was started with. */
struct plan_from {
    const char *file;
    const char *const *flags;
    size_t n_flags;
    const struct settings *settings;
    const char *data_dir;
};

/* plan_make answers -EINVAL when one of the realms could not run; *ret_report says all of what is wrong, the caller's to free. */
int plan_make(const struct plan_from *from, struct plan *ret, char **ret_report);
void plan_done(struct plan *p);
void plan_realm_done(struct plan_realm *r);
bool plan_same(const struct plan_realm *a, const struct plan_realm *b); /* the same command line */

#endif
