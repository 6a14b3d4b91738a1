/* SPDX-License-Identifier: MPL-2.0 */
/* The node that runs a client. Its setup is its struct load. */
#ifndef HELIOS_SIM_CLIENT_NODE_H
#define HELIOS_SIM_CLIENT_NODE_H

#include "load.h"

/* client_order gives a command; name and value: its one argument, or NULL. */
void client_order(struct node *n, const char *verb, const char *name, const char *value);

#endif
