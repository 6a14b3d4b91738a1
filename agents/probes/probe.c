/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the schedule of probes and which KPI gets which figure. Refuses to measure anything itself.
 */
#include "agents/probes/probe.h"

#include <math.h>

#include "agents/agent.h"
#include "common/clock.h"
#include "common/log.h"

static const struct probe_row *const rows[] = {
    [probe_kind_http] = &probe_http,
    [probe_kind_redis] = &probe_redis,
    [probe_kind_prometheus] = &probe_prometheus,
    [probe_kind_command] = &probe_command,
    [probe_kind_system] = &probe_system,
};
_Static_assert(ARRAY_SIZE(rows) == probe_kind_COUNT, "a kind of probe without a row");

void probe_kpi(struct probe *p, const char *kpi, double value)
{
    sample_add(p->member, kpi, value, p->agent->loop.now);
}

void probe_figure(struct probe *p, const char *figure, double value)
{
    for (size_t i = 0; i < p->n_wanted; i++)
        if (strcmp(p->wanted[i].figure, figure) == 0)
            probe_kpi(p, p->wanted[i].kpi, value);
}

void probe_end(struct probe *p, const char *why)
{
    if (why && !p->failing)
        log_warn("probe.failing", "%s: %s", p->set->name.at, why);
    else if (!why && p->failing)
        log_info("probe.working", "%s measures again", p->set->name.at);
    p->failing = why != NULL;
    p->busy = false;
    loop_no_timer(&p->agent->loop, &p->patience);
}

/* A reading that takes longer than the interval is not doubled: the next one waits for its own
 * turn. */
static void on_due(struct timer *t)
{
    struct probe *p = container_of(t, struct probe, due);
    struct loop *l = &p->agent->loop;
    int64_t next = t->node.key + p->set->every_ms;
    loop_timer(l, t, next > l->now ? next : l->now + p->set->every_ms);
    if (p->busy || p->member->left)
        return;
    p->busy = true;
    p->started_us = clock_us();
    loop_timer(l, &p->patience, l->now + p->set->timeout_ms);
    p->row->start(p);
}

static void on_patience(struct timer *t)
{
    struct probe *p = container_of(t, struct probe, patience);
    p->row->stop(p);
}

/* ---- start ---- */

static int refuse(char **ret_why, const struct set_probe *set, const char *wrong, const char *name)
{
    struct buf why = {0};
    buf_printf(&why, "probes.%s: %s%s", set->name.at, wrong, name);
    *ret_why = buf_take(&why);
    return -EINVAL;
}

static void want(struct probe *p, char *kpi, char *figure)
{
    p->wanted = xrealloc(p->wanted, (p->n_wanted + 1) * sizeof(*p->wanted));
    p->wanted[p->n_wanted++] = (struct wanted){.kpi = kpi, .figure = figure, .before = NAN};
}

static int take_kpis(struct probe *p, char **ret_why)
{
    struct walk w = walk_of(p->set->kpis);
    struct value key, item;
    while (walk_pair(&w, &key, &item)) {
        if (item.type != VALUE_STR)
            return refuse(ret_why, p->set, "kpis: every KPI needs the name of a figure", "");
        want(p, bytes_dup(key.text), bytes_dup(item.text));
    }
    if (p->n_wanted == 0 && p->row->only)
        want(p, xdup(p->set->name.at), xdup(*p->row->only ? p->row->only : p->set->name.at));
    return 0;
}

static struct member *member_of(struct agent *a, const struct set_probe *set)
{
    struct bytes name = set->agents.n ? *(struct bytes *)set->agents.at : (struct bytes){0};
    for (size_t i = 0; i < a->n_members; i++)
        if (name.n == 0 || bytes_is(name, a->members[i].id) || bytes_is(name, a->members[i].base))
            return &a->members[i];
    return NULL;
}

/* Readings are spread over the interval: probes that all begin at once would measure each other. */
static int new_one(struct probe *p, struct agent *a, const struct set_probe *set, int64_t offset,
                   char **ret_why)
{
    *p = (struct probe){.agent = a,
                        .set = set,
                        .row = rows[set->kind],
                        .member = member_of(a, set),
                        .due = {.due = on_due},
                        .patience = {.due = on_patience}};
    if (p->member == NULL)
        return refuse(ret_why, set, "there is no agent ", ((struct bytes *)set->agents.at)->at);
    int error = take_kpis(p, ret_why);
    if (!error)
        error = p->row->init(p, ret_why);
    if (!error)
        loop_timer(&a->loop, &p->due, a->loop.now + offset);
    return error;
}

int probes_new(struct agent *a, struct probe **ret, size_t *ret_n, char **ret_why)
{
    const struct set_agent_config *config = manifest_config(a->manifest);
    struct seq sets = config->part == part_actions ? (struct seq){0} : config->probes;
    struct probe *probes = xalloc(sets.n * sizeof(*probes));
    int error = 0;
    size_t n = 0;
    SEQ_EACH(set, struct set_probe, sets)
    {
        int64_t offset = MIN(set->every_ms, 10000) * (int64_t)n / (int64_t)sets.n;
        if (!error)
            error = new_one(&probes[n++], a, set, offset, ret_why);
    }
    if (error) {
        probes_free(a, probes, n);
        return error;
    }
    *ret = probes;
    *ret_n = n;
    return 0;
}

void probes_free(struct agent *a, struct probe *probes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct probe *p = &probes[i];
        loop_no_timer(&a->loop, &p->due);
        loop_no_timer(&a->loop, &p->patience);
        if (p->state)
            p->row->free(p);
        for (size_t k = 0; k < p->n_wanted; k++) {
            free(p->wanted[k].kpi);
            free(p->wanted[k].figure);
        }
        free(p->wanted);
    }
    free(probes);
}
