/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/settings.h"

enum by { MEASURED, COMPUTED };

#define SECONDS 1000LL
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)

#define STR(literal)                                                                               \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
/* What the catalogue does not say has the default of settings.def; a test compares. */
static const struct catalogue_kpi catalogue[] = {
#define KPI(n, t, u, cat, sw, b, tgt, crit, m, lo, hi, stale, by, d)                               \
    {.kpi = {.name = STR(#n),                                                                      \
             .title = STR(t),                                                                      \
             .unit = STR(u),                                                                       \
             .category = STR(cat),                                                                 \
             .swarm = STR(sw),                                                                     \
             .better = better_##b,                                                                 \
             .target = tgt,                                                                        \
             .critical = crit,                                                                     \
             .weight = (by) == MEASURED,                                                           \
             .measure = measure_##m,                                                               \
             .lowest = lo,                                                                         \
             .highest = hi,                                                                        \
             .stale_ms = stale,                                                                    \
             .tolerance = 10,                                                                      \
             .impact = 1},                                                                         \
     .computed = (by) == COMPUTED,                                                                 \
     .doc = d},
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
        if (bytes_eq(name, catalogue[i].kpi.name))
            return &catalogue[i];
    return NULL;
}
