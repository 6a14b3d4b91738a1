/* SPDX-License-Identifier: MPL-2.0 */
/* The node that runs a controller: the real shell around the real core. */
#ifndef HELIOS_SIM_CONTROLLER_H
#define HELIOS_SIM_CONTROLLER_H

#include "orchestrator/shell/shell.h"
#include "world.h"

struct shell *controller_shell(const struct node *n); /* NULL while it is down */
bool controller_leads(const struct node *n);
void controller_stop(struct node *n); /* SIGTERM */

#endif
