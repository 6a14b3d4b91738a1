/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading of the clocks. Refuses to wait. */
#include "clock.h"

#include <time.h>

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    static int64_t offset_us;
    if (offset_us == 0)
        offset_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_BOOTTIME);
    return (read_us(CLOCK_BOOTTIME) + offset_us) / 1000;
}

int64_t clock_wall(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
