/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/catalogue.h"

#include "settings/loaded.h"

enum by { MEASURED, COMPUTED };

#define SECONDS 1000LL
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)

static const struct catalogue_kpi catalogue[] = {
#define KPI(n, t, u, cat, sw, b, tgt, crit, m, lo, hi, stale, by, d)                               \
    {.name = #n, .title = t, .unit = u, .category = cat, .swarm = sw, .better = better_##b,        \
     .target = tgt, .critical = crit, .weight = (by) == MEASURED, .lowest = lo, .highest = hi,     \
     .measure = measure_##m, .stale_ms = stale, .computed = (by) == COMPUTED, .doc = d},
#include "settings/kpis.def"
};

const struct catalogue_kpi *kpi_catalogue(size_t *ret_n)
{
    *ret_n = ARRAY_SIZE(catalogue);
    return catalogue;
}

const struct catalogue_kpi *catalogue_find(struct bytes name)
{
    for (size_t i = 0; i < ARRAY_SIZE(catalogue); i++)
        if (bytes_is(name, catalogue[i].name))
            return &catalogue[i];
    return NULL;
}

void catalogue_start(struct set_kpi *row, struct bytes name)
{
    const struct catalogue_kpi *k = catalogue_find(name);
    if (k == NULL)
        return;
    row->name = bytes_of(k->name);
    row->unit = bytes_of(k->unit);
    row->title = bytes_of(k->title);
    row->swarm = bytes_of(k->swarm);
    row->category = bytes_of(k->category);
    row->better = k->better;
    row->target = k->target;
    row->critical = k->critical;
    row->weight = k->weight;
    row->measure = k->measure;
    row->stale_ms = k->stale_ms;
    row->lowest = k->lowest;
    row->highest = k->highest;
}

static bool has_kpi(const struct seq *kpis, const char *name)
{
    SEQ_EACH (k, const struct set_kpi, *kpis)
        if (bytes_is(k->name, name))
            return true;
    return false;
}

void catalogue_add_computed(struct settings *config)
{
    struct seq *kpis = &((struct set_config *)config->at)->kpis;
    struct set_kpi *rows = keep_room(&config->keep, (kpis->n + ARRAY_SIZE(catalogue)) * sizeof *rows);
    size_t n = kpis->n;
    if (n)
        memcpy(rows, kpis->at, n * sizeof *rows);
    settings_moved(config, kpis->at, n * sizeof *rows, rows);
    for (size_t i = 0; i < ARRAY_SIZE(catalogue); i++) {
        if (!catalogue[i].computed || has_kpi(kpis, catalogue[i].name))
            continue;
        section_fill(&config->keep, &section_of_kpi, &rows[n]);
        catalogue_start(&rows[n++], bytes_of(catalogue[i].name));
    }
    *kpis = (struct seq){rows, n};
}
