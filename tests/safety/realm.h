/* SPDX-License-Identifier: MPL-2.0 */
/* The realm that all histories are played in, as plain numbers: what the world is built from and the oracle judges by. The rules'
 * own numbers (docs/semantics.md) are here too, written down once more so that a change of the product's defaults is seen. */
#ifndef HELIOS_TESTS_SAFETY_REALM_H
#define HELIOS_TESTS_SAFETY_REALM_H

#include <stdbool.h>
#include <stdint.h>

#define KPIS 6
#define AGENTS_MOST 20
#define STEP_MS 500       /* the world moves in these */
#define SAMPLES_A_STEP 2  /* of each KPI */
#define START_MS 1790000000000LL

/* Every KPI: lower is better. */
#define TARGET 100.0
#define CRITICAL 200.0
#define LOWEST 0.0
#define HIGHEST 10000.0
#define SEVERITY 20.0 /* points under 100 that make a bottleneck */

#define WINDOW_MS 1000
#define STALE_MS 3000
#define FUTURE_MS 2000       /* H1 */
#define WINDOWS_SEEN 3       /* L5 */
#define COVERAGE 80.0        /* H3 */
#define ENTER 50.0           /* H4 */
#define LEAVE 60.0
#define ENTER_MS 2000
#define LEAVE_MS 3000
#define BEAT_MS 1000
#define PATIENCE_MS 3000     /* A3: three beats */
#define BRAKE_KPIS 50.0      /* X9 */
#define BRAKE_AGENTS 15.0
#define BRAKE_LEAST 3
#define BASELINE_MS 4000
#define ANALYZE_MS 1000
#define COOLDOWN_MS 5000     /* X6 */
#define CONCURRENT 2
#define PER_TARGET 3         /* X8 */
#define PER_REALM 10
#define HOUR_MS 3600000
#define VAIN 2               /* X7 */
#define BREAKER_MS 60000

/* The changes: tune_K and fix_K (an emergency one) for each KPI; the fixes of two KPIs each act on one target. */
#define PLANS (2 * KPIS)
static inline bool plan_urgent(int plan)
{
    return plan >= KPIS;
}
static inline int plan_kpi(int plan)
{
    return plan % KPIS;
}
static inline int plan_target(int plan) /* web0, web1, web2 */
{
    return plan_kpi(plan) / 2;
}
static inline double kpi_weight(int kpi)
{
    return 1 + kpi % 2;
}

#endif
