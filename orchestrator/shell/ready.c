/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what the service manager hears. */
#include "ready.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void ready_say(const char *state)
{
    sd_notify(0, state);
}

int64_t ready_tick(int64_t now)
{
    static int64_t every_ms = -1, next; /* -1: not asked yet; 0: no watchdog */
    if (every_ms < 0) {
        uint64_t us = 0;
        every_ms = sd_watchdog_enabled(0, &us) > 0 ? (int64_t)(us / 2000) : 0;
    }
    if (every_ms == 0)
        return INT64_MAX;
    if (now >= next) {
        sd_notify(0, "WATCHDOG=1");
        next = now + every_ms;
    }
    return next;
}
#else
void ready_say(const char *state)
{
    (void)state;
}

int64_t ready_tick(int64_t now)
{
    (void)now;
    return INT64_MAX;
}
#endif
