/* SPDX-License-Identifier: MPL-2.0 */
/* `heliosd --simulate DAYS`: the real core on virtual time, alone in its process: no socket, no Redis; what it commits is durable at once,
 * and agents are played. Says what a config's schedules would do, as JSON. */
#ifndef HELIOS_SIMULATE_H
#define HELIOS_SIMULATE_H

#include "settings/settings.h"

struct simulate {
    const struct set_config *config;
    const char *takes; /* a file: JSON of `helios schedule list`, whose took_ms counts where it is known; NULL = none */
    int64_t from;      /* ms since 1970 */
    int64_t days;
};
/* simulate_run appends the JSON. -EINVAL with a sentence in *ret_why, the caller's to free. */
int simulate_run(const struct simulate *order, struct buf *out, char **ret_why);

#endif
