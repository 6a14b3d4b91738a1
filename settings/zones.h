/* SPDX-License-Identifier: MPL-2.0 */
/* The system's time zones (tzdata) by name. A zone is read once, when a config or a command first names it, and is the same until the
 * process ends: to whoever asks it is a constant. */
#ifndef HELIOS_SETTINGS_ZONES_H
#define HELIOS_SETTINGS_ZONES_H

#include "common/zone.h"

/* zones_find gives the zone, NULL for UTC. -ENOENT: there is none of that name; -EINVAL: the name or the file is none. */
int zones_find(struct bytes name, const struct zone **ret);

#endif
