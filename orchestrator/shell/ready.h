/* SPDX-License-Identifier: MPL-2.0 */
/* What systemd is told: READY, STOPPING, and that we are alive. Nothing where there is no systemd.
 */
#ifndef HELIOS_SHELL_READY_H
#define HELIOS_SHELL_READY_H

#include <stdint.h>

void ready_say(const char *state); /* "READY=1\nSTATUS=…" */
int64_t ready_tick(int64_t now);   /* feeds the watchdog; answers when to tick again */

#endif
