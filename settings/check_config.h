/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of the check of helios.yaml. */
#ifndef HELIOS_SETTINGS_CHECK_CONFIG_H
#define HELIOS_SETTINGS_CHECK_CONFIG_H

#include "settings/check.h"

#define CHECK_LOOK_MS 1000 /* KPIs are windows of seconds: looks closer than this see the same */

/* check_window refuses a time for evidence in which the planned looks do not fit. */
void check_window(const struct check *c, const struct set_config *config, int64_t window_ms,
                  struct place place, const char *path);
/* names_of_kpis: the file's KPIs and those that the controller computes of itself. */
struct names names_of_kpis(const struct set_config *config);
/* check_production: counters that count nothing, or the same name twice over. */
void check_production(const struct check *c, const struct set_config *config);
void check_kpis(const struct check *c, const struct set_config *config);
void check_optimizations(const struct check *c, const struct set_config *config);
void check_schedules(const struct check *c, const struct set_config *config);
void check_pipelines(const struct check *c, const struct set_config *config);
void check_committees(const struct check *c, const struct set_config *config);
void check_quotas(const struct check *c, const struct set_config *config);

#endif
