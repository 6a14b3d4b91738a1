/* SPDX-License-Identifier: MPL-2.0 */
/* ${VAR} and ${VAR:-otherwise} in a config's texts; $${ stands for the two characters. Knows the
 * environment, and the names that pipelines and schedules fill in later (${params.x}, ${steps.x.data},
 * ${run.id}, ${item}, ${time}): these stay. */
#ifndef HELIOS_SETTINGS_EXPAND_H
#define HELIOS_SETTINGS_EXPAND_H

#include "common/buf.h"

/* expand_text appends text with its variables replaced. -EINVAL: *why gets a sentence that goes on
 * behind the setting's name. A variable named `leave` (may be NULL) stays as it is written while it
 * is not set. */
int expand_text(struct buf *out, struct bytes text, const char *leave, struct buf *why);

#endif
