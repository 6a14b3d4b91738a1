/* SPDX-License-Identifier: MPL-2.0 */
/* KPIs that are far below what they should be: known, weighted, and not explained by a cause that
 * is on fire itself (H6). */
#ifndef HELIOS_DECIDE_BOTTLENECK_H
#define HELIOS_DECIDE_BOTTLENECK_H

#include "orchestrator/core/helios.h"

struct bottleneck {
    struct kpi *kpi; /* borrowed, for this turn */
    const struct set_kpi *config;
    double value, score;
    double severity;   /* points missing: 100 − score */
    double deficit;    /* weight × severity: what it costs the health */
    const char *class; /* critical ≥ 80 points missing, high ≥ 60, medium ≥ 40, low */
    unsigned urgency;  /* 1 = critical … 4 = low */
    bool inhibited;    /* one of its causes is critical: the cause comes first */
};
struct bottlenecks {
    struct bottleneck *at; /* owned; greatest deficit first, inhibited ones behind the others */
    size_t n;
};
/* bottlenecks_find takes KPIs with at least `severity` points missing. focus: names of KPIs, swarms
 * or categories; empty = all. with_inhibited: take them too. */
struct bottlenecks bottlenecks_find(struct helios *h, double severity, struct seq focus,
                                    bool with_inhibited);
void bottlenecks_done(struct bottlenecks *b);
/* The group that it is listed under: its swarm, or its category where it has none. */
struct bytes bottleneck_group(const struct bottleneck *b);
void bottleneck_pack(struct pack *p, const struct bottleneck *b);
/* One map: group → list, as the seed's analysis has it: frontend, backend, business. */
void bottlenecks_pack(struct pack *p, const struct bottlenecks *b);

#endif
