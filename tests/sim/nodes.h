/* SPDX-License-Identifier: MPL-2.0 */
/* The kinds of nodes, and what the world's keeper does with a node. */
#ifndef HELIOS_SIM_NODES_H
#define HELIOS_SIM_NODES_H

#include "world.h"

extern const struct node_kind node_controller, node_agent, node_client, node_redis;

void node_free(struct node *n);
struct node *node_find(const struct node_kind *kind, unsigned number); /* NULL */

#endif
