/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what the service manager hears. Refuses to know who is ready for what. */
#include "common/ready.h"

#ifdef HAVE_SYSTEMD
#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void ready_say(const char *state)
{
    sd_notify(0, state);
}

/* The time tells the manager which of two reloads it is; it compares with its own CLOCK_MONOTONIC. */
void ready_reloading(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
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

void ready_reloading(void)
{
}

int64_t ready_tick(int64_t now)
{
    (void)now;
    return INT64_MAX;
}
#endif
