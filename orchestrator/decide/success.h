/* SPDX-License-Identifier: MPL-2.0 */
/* How well Helios itself works, measured since it leads. Each figure is a KPI of the catalogue (settings/kpis.def), weight 0:
 *
 *   overall_health_score        the realm's health while it is known
 *   system_availability         100 × time in which health was known and not bad / time in which it was known
 *   optimization_success_rate   100 × accepted / judged; emergency acts and dry-runs are not counted
 *   concurrent_efficiency       the same over those that ran while another one did
 *   concurrent_optimization_efficiency  per cycle with two or more: 100 × (sum − wall) / (sum − longest) of their durations: 100 = fully parallel
 *   cycle_completion_rate       100 × cycles that came to their report / cycles that could have
 *   health_score_improvement    mean of health after − before over the cycles that started something
 *   emergency_response_time     s from an incident's opening to its first act, of the newest incident
 *   coordination_latency        ms from a change's authorization to its dispatch to an agent
 *   task_distribution           100 × (sum x)² / (n × sum x²) over the live implementers' ended attempts (Jain's fairness index)
 *   communication_overhead      100 × messages that were no task, result or sample / all messages taken in
 *   conflict_rate               100 × changes judged while another one touched the same / all judged (X6 keeps it at 0)
 *   performance_improvement     mean over the accepted of 100 × |effect| / |before| of the improved KPI
 *   optimization_roi            points of KPI score gained by the accepted / effort (`resources`) of all, times 0.1           */
#ifndef HELIOS_DECIDE_SUCCESS_H
#define HELIOS_DECIDE_SUCCESS_H

#include "decide.h"

extern const struct decider decider_success;

#endif
