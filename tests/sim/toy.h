/* SPDX-License-Identifier: MPL-2.0 */
/* The world that the simulated realm looks after: three KPIs, changes that shift them for better or worse, and troubles. Knows when
 * which reading was heard by whom, so that an act on data that nobody had is seen. */
#ifndef HELIOS_SIM_TOY_H
#define HELIOS_SIM_TOY_H

#include "world.h"

#define TOY_PER_TARGET 1 /* realm/helios.yaml has the same */
#define TOY_PER_REALM 2

enum toy_kpi { TOY_latency, TOY_errors, TOY_rate, TOY_KPIS };
enum toy_wrong { TOY_vanish, TOY_absurd, TOY_freeze, TOY_WRONGS };

void toy_begin(void);
void toy_measure(void); /* begins the regular readings of the agents that are up */
void toy_stop(void);    /* nothing is measured any more */
/* A change is made or undone, by the name of its optimization. */
void toy_change(const char *optimization, bool on);
void toy_trouble(bool on);
void toy_wrong(enum toy_kpi kpi, enum toy_wrong how, bool on);
void toy_heal(void); /* all is as well as can be from now on */
/* A controller got readings from an agent that were sent then. */
void toy_heard(const struct node *controller, const struct node *source, int64_t sent);
/* An act on this KPI was decided by a controller at that time. */
void toy_acted(const char *optimization, struct bytes kpi, const char *why, const struct node *by, int64_t decided);

#endif
