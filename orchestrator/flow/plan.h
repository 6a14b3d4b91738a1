/* SPDX-License-Identifier: MPL-2.0 */
/* The definition that runs of a pipeline began with, shared by them (P1): read once, as a graph with numbers for names. Knows no run. */
#ifndef HELIOS_FLOW_PLAN_H
#define HELIOS_FLOW_PLAN_H

#include "common/hash.h"
#include "orchestrator/core/outbox.h"
#include "settings/packed.h"

struct plan_step {
    UT_hash_handle hh; /* plan.by_name, key set->name */
    const struct set_flow_step *set;
    uint32_t index;
    uint32_t *children; /* in plan.edges: the steps that name it in `after` */
    uint32_t n_children, n_parents;
    bool output_named; /* some later step wants what it prints: it is kept whole */
};
struct plan {
    UT_hash_handle hh; /* runs.plans, key r.id */
    struct rec_plan r; /* owned */
    struct save save;
    struct keep keep; /* what `set` points to */
    struct set_pipeline set;
    struct plan_step *steps; /* owned, in the file's order */
    struct plan_step *by_name;
    uint32_t *edges; /* owned */
    uint32_t *order; /* owned: parents before their children; circles are left out */
    size_t n, n_order;
    unsigned users; /* runs that began with it */
};

/* plan_spec packs a definition of the config. */
void plan_spec(struct buf *out, const struct set_pipeline *pipeline);
/* plan_new takes the record (owned strings and all). NULL: it cannot be read, or a step names one that is not there. */
struct plan *plan_new(const struct rec_plan *owned);
void plan_free(struct plan *p);
struct plan_step *plan_find(const struct plan *p, struct bytes step);

#endif
