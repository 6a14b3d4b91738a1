/* SPDX-License-Identifier: MPL-2.0 */
/* How well the controller itself does: the seed's success metrics, computed from what happened and
 * fed as KPIs like any other (weight 0: they do not judge the service). "Ended" are the newest
 * DECIDE_KEEP that got a verdict.
 *
 *   overall_health_score       the realm's health, each second while it is known
 *   system_availability        100 × time without an open incident / time with known health
 *   optimization_success_rate  100 × accepted / ended
 *   concurrent_optimization_efficiency
 *                              of the newest cycle with two or more: 100 × (serial − wall) /
 *                              (serial − longest); serial = sum of their durations, wall = from
 *                              the first begin to the last end
 *   concurrent_efficiency      100 × accepted / ended, of those that overlapped another in time
 *   cycle_completion_rate      100 × reports written / cycles begun, without the running one
 *   emergency_response_time    s from the first bad evaluation to the first act, newest incident
 *   health_score_improvement   health after − before, of the newest cycle that started some
 *   coordination_latency       ms from the decision to the dispatch, of the tasks that deciders
 *                              submit and an agent was free for
 *   task_distribution          Jain's index 100 × (Σx)² / (n Σx²) of attempts ended, over live
 *                              agents of one swarm and role; mean of the groups, weighted by n;
 *                              100 where no group has two
 *   communication_overhead     100 × (time as seen here − time measured by the agents) / time as
 *                              seen here, of deciders' tasks
 *   conflict_rate              100 × ended ones that overlapped another on the same resource or
 *                              KPI / ended; X6 keeps it at 0
 *   performance_improvement    mean effect of the accepted in % of the baseline; + is better
 *   optimization_roi           Σ accepted (points of score won × weight × impact) /
 *                              Σ ended (resources × complexity × 10) */
#ifndef HELIOS_DECIDE_SUCCESS_H
#define HELIOS_DECIDE_SUCCESS_H

#include "decide.h"

/* Health over time, for the summary: one point a second, thinned evenly so that a whole run fits. */
#define HISTORY_MOST 600
struct point {
    int64_t at;
    float health; /* −1 = not known */
};
struct success {
    struct timer timer;
    bool changed; /* something ended since the last computation */
    int64_t last; /* when the timer ran last */
    double well_ms, all_ms;
    double seen_ms, worked_ms; /* of deciders' tasks */
    struct point history[HISTORY_MOST];
    size_t n_history;
    unsigned stride, skip; /* takes each stride-th second */
};
struct success *success_of(struct helios *h);
void success_pack_history(struct helios *h, struct pack *p); /* one value: [{at, health}] */

#endif
