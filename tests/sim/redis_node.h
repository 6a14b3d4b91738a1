/* SPDX-License-Identifier: MPL-2.0 */
/* The node that runs the model of Redis, and what faults do to it. */
#ifndef HELIOS_SIM_REDIS_NODE_H
#define HELIOS_SIM_REDIS_NODE_H

#include "redis.h"
#include "world.h"

struct redis_node {
    struct model *model; /* owned; its disk: it outlives the process */
    double lose;         /* share of the answers that are lost, with their connection */
    const struct node *asking; /* whose request is under way */
    int64_t asking_base_ms;    /* of the process that sent it, which may be dead by now */
};
struct redis_node *redis_node(void);
void redis_node_new(struct node *n, const struct model_calls *calls);
void redis_node_free(struct node *n);
struct port *redis_port(void); /* NULL while it is down */

#endif
