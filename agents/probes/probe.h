/* SPDX-License-Identifier: MPL-2.0 */
/* Regular measurements. A kind is a row of a table: how it prepares, starts a reading and is freed;
 * what it has read it says by probe_figure. A probe never blocks the loop, and what was not
 * measured is not said. */
#ifndef HELIOS_AGENTS_PROBES_PROBE_H
#define HELIOS_AGENTS_PROBES_PROBE_H

#include "agents/loop.h"
#include "common/buf.h"
#include "settings/settings.h"

struct agent;
struct member;
struct probe;

struct probe_row {
    int (*init)(struct probe *p,
                char **ret_why);    /* state, addresses. -EINVAL with a sentence, the caller's */
    void (*start)(struct probe *p); /* begins one reading; ends by probe_end, at once or later */
    void (*stop)(struct probe *p);  /* its time is over: end it by probe_end */
    void (*free)(struct probe *p);
    const char *only; /* the figure of a probe without `kpis`, whose name is the KPI's; NULL = every
                         printed name is a KPI */
};
extern const struct probe_row probe_http, probe_redis, probe_prometheus, probe_command,
    probe_system;

/* One KPI of a probe and the figure that it gets. */
struct wanted {
    char *kpi;     /* owned */
    char *figure;  /* owned */
    double before; /* of kinds that count: the last reading; NAN = none */
    int64_t before_at;
};

struct probe {
    struct agent *agent;
    struct member *member;       /* in whose name it is measured */
    const struct set_probe *set; /* of a manifest's settings that lives longer */
    const struct probe_row *row;
    struct wanted *wanted; /* owned */
    size_t n_wanted;
    struct timer due;      /* the next reading */
    struct timer patience; /* of the reading under way */
    bool busy;
    bool failing;       /* said once, until it works again */
    int64_t started_us; /* of the reading, clock_us */
    void *state;        /* of its kind */
};

/* probes_new makes and schedules all of the config; -EINVAL with a sentence. */
int probes_new(struct agent *a, struct probe **ret, size_t *ret_n, char **ret_why);
void probes_free(struct agent *a, struct probe *probes, size_t n);

/* For kinds. probe_figure says one figure, now, to every KPI that wants it. */
void probe_figure(struct probe *p, const char *figure, double value);
void probe_kpi(struct probe *p, const char *kpi, double value);
/* probe_end: the reading is over; why (may be NULL) is one sentence when it failed. */
void probe_end(struct probe *p, const char *why);

#endif
