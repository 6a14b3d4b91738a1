/* SPDX-License-Identifier: MPL-2.0 */
/* The node that runs an agent process: the real one, on the simulator's loop, journal and programs. */
#ifndef HELIOS_SIM_AGENT_H
#define HELIOS_SIM_AGENT_H

#include "settings/settings.h"
#include "world.h"

struct agent;
/* What an agent process starts with: the file's settings with the members of this process alone; borrowed. */
void agent_share(struct settings *settings); /* settings_load answers it from then on, by its file */
void agent_unshare(void);                          /* they are their owner's again */
struct agent *agent_of(const struct node *n); /* NULL while it is down */
void agent_ask_to_leave(struct node *n);                   /* SIGTERM */
void agent_measures(struct node *n, const char *kpi, double value); /* a reading of its first member */
/* agent_told: what its first member has published so far, as a source. */
void agent_told(const struct node *n, const char **ret_source, const char **ret_instance, uint64_t *ret_sent);
int64_t agent_due(struct agent *a); /* of agent_loop.c: when its next timer is due */
bool agent_ready(struct agent *a);  /* something waits for it */

#endif
