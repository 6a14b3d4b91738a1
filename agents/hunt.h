/* SPDX-License-Identifier: MPL-2.0 */
/* Finding what a program left behind: its session, its descendants, and processes that carry its
 * mark in their environment, wherever they have forked themselves to. */
#ifndef HELIOS_AGENTS_HUNT_H
#define HELIOS_AGENTS_HUNT_H

#include <sys/types.h>

#include "common/base.h"

/* hunt sends the signal to every living process that is in the session `leader`, descends from it,
 * or has `mark` ("NAME=value") in its environment, beside ourselves. Answers how many. O(processes
 * of the machine): only for what must end. */
size_t hunt(pid_t leader, const char *mark, int signal);

#endif
