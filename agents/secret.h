/* SPDX-License-Identifier: MPL-2.0 */
/* Secrets of actions (Q2): read when an attempt starts, so that a file that was replaced counts;
 * they become variables of that action's process and words that its output must not show. */
#ifndef HELIOS_AGENTS_SECRET_H
#define HELIOS_AGENTS_SECRET_H

#include "agents/argv.h"
#include "agents/mask.h"

struct agent;
struct action;

enum { SECRET_MAX = 32 * 1024 }; /* bytes of a value */

/* secrets_read: -EINVAL with a sentence in *ret_why (the caller's) that names the secret which is
 * not there or cannot be used, never its value. env and mask may be half filled then. */
int secrets_read(const struct agent *a, const struct action *action, struct words *env,
                 struct mask *mask, char **ret_why);

#endif
