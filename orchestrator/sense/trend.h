/* SPDX-License-Identifier: MPL-2.0 */
/* Where a KPI is going: its past windows, slope with confidence, anomalies, forecasts. */
#ifndef HELIOS_SENSE_TREND_H
#define HELIOS_SENSE_TREND_H

#include "kpi.h"

/* trend_summed keeps a full window's summary: for the past, for Redis, and judged for an anomaly (robust z of its mean
 * against the past). Once a window and KPI. */
void trend_summed(struct helios *h, struct kpi *k, const struct summary *s);
/* trend_on_time is what sense.trend runs: once a period it computes every KPI's slope (Theil–Sen with its interval) and warns of those
 * that will cross their critical value within trend.horizon; a few KPIs at a time, so that no turn is long however many there are. */
void trend_on_time(struct helios *h, struct timer *t);
void trend_forget(struct helios *h); /* the KPIs change: the pass under way is given up */

#endif
