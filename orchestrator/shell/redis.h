/* SPDX-License-Identifier: MPL-2.0 */
/* The private redis-server of a controller without a `state.url`: started, watched, stopped.
 * Whether it answers is the store's to find out. */
#ifndef HELIOS_SHELL_REDIS_H
#define HELIOS_SHELL_REDIS_H

#include "settings/settings.h"

struct redis;
/* redis_start uses DATA/redis; one that still runs there is taken over. -errno, with ret_why naming
 * what failed (static). */
int redis_start(const char *data_dir, enum durability durability, struct redis **ret,
                const char **ret_why);
const char *redis_url(const struct redis *r); /* unix:PATH; lives as long as r */
/* redis_tick starts it again when it has died, with a growing pause; answers when to tick again.
 * NULL: never. */
int64_t redis_tick(struct redis *r, int64_t now);
void redis_child_ended(struct redis *r); /* some child: the next tick looks whether it was this one */
/* SIGTERM, at most 5 s, SIGKILL; frees it. After the last commit. */
void redis_stop(struct redis **r);

#endif
