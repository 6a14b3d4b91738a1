/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of the check of pipelines (P9): one pipeline as a graph of numbers, and what is asked of it. */
#ifndef HELIOS_SETTINGS_CHECK_FLOW_H
#define HELIOS_SETTINGS_CHECK_FLOW_H

#include "settings/check_config.h"

#define FLOW_NONE SIZE_MAX

struct flow_graph {
    const struct check *c;
    const struct set_config *config;
    const struct set_pipeline *pipeline;
    const struct set_flow_step *steps; /* the pipeline's */
    size_t n;
    struct flow_name {
        const char *name;
        size_t step;
    } *by_name;       /* owned; sorted */
    size_t **parents; /* owned: of each step the numbers of `after`, FLOW_NONE for one that is unknown */
    size_t *marks;    /* owned; of the walk that was made last */
    size_t walk;      /* its number */
    size_t *stack;    /* owned; room for all steps */
    bool round;       /* there is a circle: who is before whom means nothing */
};

size_t flow_find(const struct flow_graph *g, struct bytes name); /* FLOW_NONE */
/* flow_before: `one` is a parent of `other`, or of one of its parents… */
bool flow_before(struct flow_graph *g, size_t one, size_t other);

void check_step(const struct flow_graph *g, const struct set_flow_step *s);
void check_references(struct flow_graph *g, const struct set_flow_step *s);

#endif
