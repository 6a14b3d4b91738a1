/* SPDX-License-Identifier: MPL-2.0 */
/* Signals as readable events: SIGTERM and SIGINT leave, SIGHUP reloads, SIGCHLD reaps. */
#ifndef HELIOS_AGENTS_SIGNALS_H
#define HELIOS_AGENTS_SIGNALS_H

struct agent;

int signals_take(struct agent *a); /* blocks them and watches them in the loop. -errno */

#endif
