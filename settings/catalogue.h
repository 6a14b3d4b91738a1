/* SPDX-License-Identifier: MPL-2.0 */
/* The built-in KPIs (kpis.def): a config that names one starts from its values, and those that the controller computes of
 * itself are KPIs of every realm. */
#ifndef HELIOS_SETTINGS_CATALOGUE_H
#define HELIOS_SETTINGS_CATALOGUE_H

#include "settings/settings.h"

struct catalogue_kpi {
    const char *name, *title, *unit, *category;
    const char *swarm; /* "" = only the realm's */
    enum better better;
    double target, critical, weight, lowest, highest;
    enum measure measure;
    int64_t stale_ms;
    bool computed; /* by the controller of itself, weight 0 */
    const char *doc;
};

/* kpi_catalogue gives the table, in the order of kpis.def. */
const struct catalogue_kpi *kpi_catalogue(size_t *ret_n);
/* catalogue_find answers NULL for a name that it has not. */
const struct catalogue_kpi *catalogue_find(struct bytes name);
/* catalogue_start overwrites the defaults of a row with the catalogue's values, if the name is one of its. */
void catalogue_start(struct set_kpi *row, struct bytes name);
/* catalogue_add_computed adds to a struct set_config the computed KPIs that its file does not name. */
void catalogue_add_computed(struct settings *config);

#endif
