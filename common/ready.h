/* SPDX-License-Identifier: MPL-2.0 */
/* What systemd is told: READY, RELOADING, STOPPING, and that we are alive. Nothing where there is no systemd. */
#ifndef HELIOS_COMMON_READY_H
#define HELIOS_COMMON_READY_H

#include <stdint.h>

void ready_say(const char *state); /* "READY=1\nSTATUS=…" */
void ready_reloading(void);        /* settings are being read anew; "READY=1" ends it */
int64_t ready_tick(int64_t now);   /* feeds the watchdog; answers when to tick again */

#endif
