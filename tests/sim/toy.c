/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the figures of the toy world. Refuses to know what anybody concludes from them. */
#include "toy.h"

#include "agent.h"
#include "facts.h"
#include "nodes.h"

#define EVERY (500 * MS)
#define STALE (4 * SECOND + 1500 * MS) /* as the KPIs of realm/helios.yaml, and a reading may be young when it is sent */

static const struct {
    const char *name, *measured_by;
    double good, bad;
} kpis[TOY_KPIS] = {
    [TOY_latency] = {"latency", "athena-frontend", 60, 800},
    [TOY_errors] = {"errors", "worker-backend", 0.8, 22},
    [TOY_rate] = {"rate", "prometheus-backend", 95, 6},
};

/* What an optimization does to its KPI while it is in force. */
static const struct {
    const char *name;
    enum toy_kpi kpi;
    double better, worse; /* factors */
    bool ends_trouble;
} changes[] = {
    {"tune", TOY_latency, 0.4, 1.8, false},
    {"grow", TOY_rate, 1.6, 0.6, false},
    {"restart", TOY_rate, 1.1, 0.9, true},
    {"shed", TOY_latency, 0.6, 1.2, false},
};
enum { CHANGES = 4 };

static struct {
    double now[TOY_KPIS];    /* without any change */
    double factor[CHANGES];  /* of this world: a change may help, harm or do nothing */
    bool on[CHANGES];
    bool cures; /* the emergency change ends a trouble */
    unsigned wrong[TOY_KPIS][TOY_WRONGS];
    double last[TOY_KPIS];
    bool trouble;
    int64_t fresh[NODES_MAX][TOY_KPIS]; /* by controller: when the newest good reading was sent that it heard */
    struct moment next;
} toy;

static double value_of(enum toy_kpi k)
{
    double v = toy.trouble ? kpis[k].bad : toy.now[k];
    for (size_t i = 0; i < CHANGES; i++)
        if (toy.on[i] && changes[i].kpi == k)
            v *= toy.factor[i];
    return v * (0.9 + 0.2 * rand_unit(&world.rand));
}

static void read_one(enum toy_kpi k)
{
    struct node *n = NULL;
    for (size_t i = 0; i < world.n_nodes; i++)
        if (strcmp(world.nodes[i]->name, kpis[k].measured_by) == 0)
            n = world.nodes[i];
    double v = value_of(k);
    if (n == NULL || !n->up || n->paused_until > world.now || toy.wrong[k][TOY_vanish])
        return;
    if (toy.wrong[k][TOY_freeze])
        v = toy.last[k];
    toy.last[k] = v;
    agent_measures(n, kpis[k].name, toy.wrong[k][TOY_absurd] ? -1e9 : v);
}

static void measure(struct moment *m)
{
    for (enum toy_kpi k = 0; k < TOY_KPIS; k++)
        read_one(k);
    moment_at(m, world.now + EVERY);
}

void toy_begin(void)
{
    memset(&toy, 0, sizeof(toy));
    for (enum toy_kpi k = 0; k < TOY_KPIS; k++)
        toy.now[k] = chance(0.5) ? kpis[k].good : (kpis[k].good + kpis[k].bad) / 2;
    for (size_t i = 0; i < CHANGES; i++)
        toy.factor[i] = chance(0.5) ? changes[i].better : chance(0.5) ? changes[i].worse : 1;
    toy.cures = chance(0.6);
    toy.next.run = measure;
}

void toy_measure(void)
{
    moment_at(&toy.next, world.now + EVERY);
}

void toy_stop(void)
{
    moment_off(&toy.next);
}

void toy_change(const char *optimization, bool on)
{
    for (size_t i = 0; i < CHANGES; i++)
        if (strcmp(changes[i].name, optimization) == 0) {
            toy.on[i] = on;
            toy.trouble = toy.trouble && !(on && toy.cures && changes[i].ends_trouble);
        }
}

void toy_trouble(bool on)
{
    toy.trouble = on;
}

void toy_wrong(enum toy_kpi kpi, enum toy_wrong how, bool on)
{
    toy.wrong[kpi][how] += on ? 1 : -1u;
}

void toy_heal(void)
{
    toy.trouble = false;
    for (enum toy_kpi k = 0; k < TOY_KPIS; k++)
        toy.now[k] = kpis[k].good;
    for (size_t i = 0; i < CHANGES; i++)
        toy.factor[i] = 1;
}

void toy_heard(const struct node *controller, const struct node *source, int64_t sent)
{
    for (enum toy_kpi k = 0; k < TOY_KPIS; k++)
        if (strcmp(kpis[k].measured_by, source->name) == 0 && !toy.wrong[k][TOY_absurd])
            toy.fresh[controller->place][k] = MAX(toy.fresh[controller->place][k], sent);
}

void toy_acted(const char *optimization, struct bytes kpi, const char *why, const struct node *by, int64_t decided)
{
    const int64_t *fresh = toy.fresh[by->place];
    bool known = true, stale = false;
    for (enum toy_kpi k = 0; k < TOY_KPIS; k++) {
        bool old = fresh[k] == 0 || decided - fresh[k] > STALE;
        known = known && !old;
        stale = stale || (old && bytes_is(kpi, kpis[k].name));
    }
    _autofree_ char *name = bytes_dup(kpi);
    fact(.kind = FACT_acted, .key = name, .id = optimization, .text = why, .n = known, .m = stale);
}
