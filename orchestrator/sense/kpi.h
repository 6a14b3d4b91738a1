/* SPDX-License-Identifier: MPL-2.0 */
/* One KPI: its window, its score, who listens to its raw samples. */
#ifndef HELIOS_SENSE_KPI_H
#define HELIOS_SENSE_KPI_H

#include "common/stats/window.h"
#include "sense.h"

#define KPI_PAST 120 /* summaries of one window each that trends and anomalies look back on */

#define KPI_LINE 64   /* bytes that a CPU fetches at once */

struct scope;
struct kpi {
    /* What a sample touches comes first, in whole cache lines: with 100,000 KPIs each of them is far away.
     * (The type has no alignment of its own: a list's head is taken for one.) */
    const struct set_kpi *config; /* borrowed from the config, or from the catalogue for the controller's own */
    double lowest, highest, target, critical, weight; /* the config's */
    struct scope *scopes[2]; /* borrowed; the realm's and its swarm's; NULL = none */
    double value, score;     /* of the window; score is -1 while it is not known */
    int64_t last;            /* newest sample since this controller leads; 0 = none */
    int64_t summed;          /* when the newest summary was made */
    uint8_t measure;         /* enum measure, the config's */
    bool touched;            /* in sense.touched: its score waits for the end of a batch */
    bool to_show;            /* in sense.changed until the next kpi.updated */
    bool watched;            /* `stale` is set */
    bool recorded;           /* there may be recorders */
    struct window window;    /* owned */

    /* What is touched once a window or less. */
    UT_hash_handle hh;       /* sense.kpis, key config->name */
    struct list recorders;   /* struct recorder.link */
    struct list changed;     /* in sense.changed while to_show */
    int64_t first;           /* sample since this controller leads; 0 = none */
    struct timer stale;      /* no sample for too long (H3) */
    struct reading *past;    /* owned, made at the first summary: means of past windows, a ring */
    size_t n_past, next_past;
    double slope;            /* per second, of the last trend; 0 = none that is significant */
    double slope_low, slope_high;
    bool stays;             /* kpis_reload: the new config has it too */
    bool forecast, anomalous; /* its warning is out */
    struct rec_kpi r;        /* owned; what other programs read in Redis */
    struct save save;
};

/* kpi_fetch asks for what a sample of this KPI will touch, without waiting for it. */
static inline void kpi_fetch(const struct kpi *k)
{
    for (size_t at = 0; at < offsetof(struct kpi, hh); at += KPI_LINE)
        __builtin_prefetch((const char *)k + at, 1);
}

void kpis_init(struct helios *h);
void kpis_done(struct helios *h);
void kpis_reload(struct helios *h); /* KPIs whose names stay keep their windows */
/* kpi_take adds one accepted reading; the score follows at kpis_settle, once a batch. */
void kpi_take(struct helios *h, struct kpi *k, struct reading reading);
void kpis_settle(struct helios *h);
/* The past as an array, oldest first; ret has room for KPI_PAST. */
size_t kpi_past(const struct kpi *k, struct reading *ret);

/* The figure of a summary that `measure` names. */
double summary_measure(const struct summary *s, enum measure measure);
/* kpi_score_of is 100 at target or better, 0 at critical or worse, linear between (H2). */
double kpi_score_of(const struct set_kpi *config, double value);

#endif
