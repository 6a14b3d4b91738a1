/* SPDX-License-Identifier: MPL-2.0 */
/* Which optimization first? Every number of a candidate is kept: its place can be explained.
 *
 *   urgency    1 critical … 4 low                   of the bottleneck
 *   business   weight × impact                      of the KPI
 *   gap        severity / 100 × impact              share that the plan should win back, 0..1
 *   success    mean of the learned posterior, 0..1  NAME@KPI:CLASS, see learned.h
 *   confidence what the analyst says, 0..1          0.5 where none looked
 *   cost       sqrt(resources × complexity)         of the plan
 *
 *   score = 100 × (5 − urgency) / 4 × business × gap × success × confidence / cost
 *
 * A plan that fits several bottlenecks stands with the one that gives it the greatest score. */
#ifndef HELIOS_DECIDE_PRIORITY_H
#define HELIOS_DECIDE_PRIORITY_H

#include "bottleneck.h"
#include "learned.h"
#include "permit.h"

struct candidate {
    const struct set_optimization *plan;
    struct bottleneck for_; /* a copy */
    double business, gap, cost, confidence, score;
    struct odds odds;
    char context[128]; /* KPI:CLASS */
    bool advised;      /* an analyst ran its diagnosis and recommends it */
    bool refused;      /* … and advises against it */
    char reason[200];  /* the analyst's, or "no analyst" */
    size_t rank;       /* within its swarm, 0 first */
    char started[24];  /* id of the optimization; "" = held */
    struct why held;
};
struct candidates {
    struct candidate
        *at; /* owned; swarms take turns: the best of each, then the second of each, … */
    size_t n;
};
/* candidates_find: enabled plans, no emergency ones, that improve or help a bottleneck. advice:
 * {recommendations: […]} of the analysts, or nothing. */
struct candidates candidates_find(struct helios *h, const struct bottlenecks *b,
                                  struct bytes advice);
void candidates_done(struct candidates *c);
void candidate_pack(struct pack *p, const struct candidate *c);
void candidates_pack(struct pack *p, const struct candidates *c); /* a list */
/* Does a plan improve or help this KPI? 0 no, 1 by a cause of the KPI, 2 helps, 3 improves. */
unsigned plan_fits(const struct set_optimization *plan, const struct set_kpi *kpi);

#endif
