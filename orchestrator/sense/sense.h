/* SPDX-License-Identifier: MPL-2.0 */
/* The data of what is going on: KPIs with their windows, sources, health, alarms' hysteresis, trends. Verbs: kpi.h health.h trend.h. */
#ifndef HELIOS_SENSE_SENSE_H
#define HELIOS_SENSE_SENSE_H

#include "common/hash.h"
#include "common/list.h"
#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"
#include "settings/settings.h"

struct reading {
    int64_t at; /* ms since 1970 */
    double value;
};

/* Collects the raw samples of one KPI between record_start and record_stop, for baselines and verdicts. At most RECORDER_MAX; beyond
 * that every second one is dropped and from then on only every second is taken (deterministic thinning). */
#define RECORDER_MAX 4096
struct recorder {
    struct list link;       /* in kpi.recorders while it records */
    struct reading *at;     /* owned, oldest first */
    size_t n, room;
    unsigned stride, skip;  /* takes each stride-th */
};

struct kpi; /* one KPI: config, window, score; see kpi.h */
struct scope; /* realm or a swarm: sums of weight × score, coverage, alarm; see health.h */

/* Health of a scope right now (H3). */
struct health {
    double score;     /* 0..100, weighted mean of what is known; 0 when nothing is */
    double low, high; /* where it could be if the missing ones were at 0 or at 100 */
    double coverage;  /* % of the weight that is known and fresh */
    int64_t age;      /* ms since the newest sample; -1 = none ever */
    bool known;       /* coverage and age are good enough to act on */
};

struct sense {
    struct kpi *kpis;       /* owned; hash by name */
    struct scope *scopes;   /* owned; hash by name; "realm" always */
    struct source *sources; /* owned; hash by name: numbers seen (H1) */
    size_t recalled;        /* KPIs that sources remember, of all together: see recall.h */
    struct kpi **touched;   /* owned array: scores to compute at the end of this batch */
    size_t n_touched, touched_room;
    struct list changed;    /* struct kpi.changed: to show in the next kpi.updated */
    uint64_t refused_since; /* samples refused since the last kpi.refused */
    double shown_score;     /* of the last health.updated */
    struct timer publish, evaluate, trend, expiry;
    struct kpi *trend_next; /* of the pass under way: in the order of `kpis`; NULL = none is */
    int64_t trend_began;    /* the last pass */
    struct silence *silences; /* owned; hash by id (H6) */
};

/* What core calls. */
void sense_init(struct helios *h);
void sense_done(struct helios *h);
int sense_load(struct helios *h, enum rec kind, struct bytes value); /* alarm silence; -ENOENT: not mine */
void sense_lead(struct helios *h);
void sense_reload(struct helios *h);
/* sense_expire: after our own pause, before anything else that is due: what went stale meanwhile is not known any more (H3). */
void sense_expire(struct helios *h);
void on_samples(struct helios *h, const struct routing *from, const struct msg_samples *m);

/* What deciders call. */
struct kpi *kpi_find(struct helios *h, struct bytes name);
const struct set_kpi *kpi_config(const struct kpi *k);
/* kpi_score is 0..100 (H2), or -1 when it is unknown or stale. */
double kpi_score(struct helios *h, struct kpi *k);
double kpi_value(struct helios *h, struct kpi *k); /* the measure that is scored; NAN never: 0 when unknown */
bool kpi_known(struct helios *h, struct kpi *k);
unsigned kpi_windows_seen(const struct kpi *k); /* full windows of samples since this controller leads (L5) */
bool kpi_inhibited(struct helios *h, struct kpi *k); /* one of its causes is critical (H6) */
void kpi_record(struct kpi *k, struct recorder *r); /* starts; r is empty or goes on */
void recorder_stop(struct recorder *r);             /* stops, keeps what it has; nothing when it is stopped */
void recorder_done(struct recorder *r);             /* stops and frees */
/* The controller's own measurements are KPIs like any other. */
void kpi_own(struct helios *h, const char *name, double value);
struct health health_of(struct helios *h, const char *scope); /* "realm" or a swarm */
bool health_flapping(struct helios *h, const char *scope); /* H5 */
bool silenced(struct helios *h, const char *topic, const char *subject); /* a silence or maintenance matches (H6) */

/* Packs {name, count, mean, p50, p95, p99, min, max, last, age, score, unit, target, critical, …} as one map value. */
void kpi_pack(struct helios *h, struct kpi *k, struct pack *p);
/* kpis_pack packs a list of them, in the order of their names: those after `after`, at most `limit` and KPIS_MOST (a message holds 1 MiB). */
#define KPIS_MOST 1000
void kpis_pack(struct helios *h, struct pack *p, struct bytes after, int64_t limit);
void health_pack(struct helios *h, const char *scope, struct pack *p);
typedef void kpi_visit(struct helios *h, struct kpi *k, void *context);
void kpi_each(struct helios *h, kpi_visit *visit, void *context); /* in the order of the names */

#endif
