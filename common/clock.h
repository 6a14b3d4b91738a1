/* SPDX-License-Identifier: MPL-2.0 */
/* The clocks. Only processes' shells call these; the core gets `now` handed in.
 * clock_now is milliseconds since 1970 that never jump: the wall clock at the first call plus the time on
 * CLOCK_BOOTTIME since then. */
#ifndef HELIOS_COMMON_CLOCK_H
#define HELIOS_COMMON_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);
int64_t clock_wall(void); /* milliseconds, jumps with the wall clock: for records that people read */
int64_t clock_us(void);   /* microseconds of CLOCK_MONOTONIC, for measuring durations */

#endif
