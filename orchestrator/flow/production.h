/* SPDX-License-Identifier: MPL-2.0 */
/* What the realm brings forth, counted: tasks that ended, and what `production.counters` names. A count is of the commit of the end
 * that it counts, so no restart and no takeover loses or doubles one. */
#ifndef HELIOS_FLOW_PRODUCTION_H
#define HELIOS_FLOW_PRODUCTION_H

#include "orchestrator/core/helios.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)
#define FIGURES_MOST 60 /* counters that are kept: a map has at most 64 keys */

struct figure {
    char *name;                    /* owned */
    const struct set_counter *set; /* borrowed from the config; NULL: it counts this no more */
    uint64_t today, total;
};

struct production {
    struct rec_production r; /* owned; its counters are packed from the figures */
    struct save save;
    struct figure *figures; /* owned; in the order in which they were met */
    size_t n;
    struct timer report; /* the next hourly one */
    struct timer look;   /* KPIs */
    bool looked;         /* in this lead */
};

struct production *production_of(struct helios *h);
/* Days and hours are those of the clock on the wall, which may jump. */
static inline int64_t production_wall(const struct helios *h)
{
    return h->now + h->wall_ahead;
}
/* production_today: 0 when the day that was counted is over. */
uint64_t production_today(struct helios *h, const struct figure *f);

/* health_report.c */
void health_report_init(struct helios *h);
void health_report_arm(struct helios *h); /* at the start of a lead and for another config */
/* health_report_again wants the newest line once more, if it was ours: we may have died before it was written. */
void health_report_again(struct helios *h);
/* health_report_pack packs the report as it would be now. */
void health_report_pack(struct helios *h, struct pack *p);
void health_report_pack_name(const struct helios *h, struct pack *p, const char *key);

#endif
