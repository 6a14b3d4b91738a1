/* SPDX-License-Identifier: MPL-2.0 */
/* KPIs that cannot be scored, and causes that go round in circles. */
#include "settings/check_config.h"

static void check_limits(const struct check *c, const struct set_kpi *k)
{
    struct place place =
        place_of_member(c, &k->critical, given(c, &k->target) ? (const void *)&k->target : k);
    if (k->target == 0 && k->critical == 0 && !given(c, &k->target) && !given(c, &k->critical))
        mistake(c->m, place, "kpis.%s is not in the catalogue, so it needs `target` and `critical`",
                k->name.at);
    else if (k->target == k->critical)
        mistake(
            c->m, place,
            "kpis.%s: target and critical are both %s: there is nothing between them to score (H2)",
            k->name.at, in_figures(k->target).at);
    else if ((k->target < k->critical) != (k->better == better_lower))
        mistake(c->m, place, "kpis.%s: better is %s, so critical (%s) must lie %s target (%s) (H2)",
                k->name.at, enum_text(&enum_better, (int)k->better), in_figures(k->critical).at,
                k->better == better_lower ? "above" : "below", in_figures(k->target).at);
}

static void check_bounds(const struct check *c, const struct set_kpi *k)
{
    if (k->lowest >= k->highest)
        mistake(c->m, place_of_member(c, &k->lowest, &k->highest),
                "kpis.%s: lowest (%s) is not below highest (%s): every sample would be absurd (H1)",
                k->name.at, in_figures(k->lowest).at, in_figures(k->highest).at);
    else if (MIN(k->target, k->critical) < k->lowest || MAX(k->target, k->critical) > k->highest)
        mistake(c->m, place_of_member(c, &k->target, k),
                "kpis.%s: target (%s) and critical (%s) must lie between lowest (%s) and highest "
                "(%s) (H1)",
                k->name.at, in_figures(k->target).at, in_figures(k->critical).at,
                in_figures(k->lowest).at, in_figures(k->highest).at);
}

static void check_weights(const struct check *c, const struct set_config *config)
{
    SEQ_EACH (k, const struct set_kpi, config->kpis)
        if (k->weight > 0)
            return;
    if (config->kpis.n)
        mistake(c->m, place_of_member(c, &config->kpis, NULL),
                "kpis: all weights are 0, so there would be no health (H3)");
}

/* A walk from cause to cause, on a stack of its own: a chain may be as long as the file. */
enum mark { UNSEEN, OPEN, CLOSED }; /* OPEN: the walk stands on it or behind it */

struct visit {
    const struct set_kpi *kpi;
    size_t next; /* cause to follow */
};

struct circle {
    const struct check *c;
    struct set_kpi const **kpis; /* sorted by name */
    enum mark *marks;            /* of the same order */
    struct visit *stack;
    size_t n, depth;
};

static int by_kpi_name(const void *a, const void *b)
{
    const struct set_kpi *one = *(const struct set_kpi *const *)a,
                         *two = *(const struct set_kpi *const *)b;
    return strcmp(one->name.at, two->name.at);
}

/* NULL for a name that is no KPI: that was said already. */
static enum mark *mark_of(struct circle *w, struct bytes name, const struct set_kpi **ret_kpi)
{
    struct set_kpi wanted = {.name = name}, *key = &wanted;
    const struct set_kpi **found = bsearch(&key, w->kpis, w->n, sizeof *w->kpis, by_kpi_name);
    if (found == NULL)
        return NULL;
    *ret_kpi = *found;
    return &w->marks[found - w->kpis];
}

static void enter(struct circle *w, const struct set_kpi *kpi, enum mark *mark)
{
    *mark = OPEN;
    w->stack[w->depth++] = (struct visit){kpi, 0};
}

static void step_on(struct circle *w)
{
    struct visit *at = &w->stack[w->depth - 1];
    const struct set_kpi *cause_kpi = NULL;
    if (at->next == at->kpi->causes.n) {
        *mark_of(w, at->kpi->name, &cause_kpi) = CLOSED;
        w->depth--;
        return;
    }
    const struct bytes *cause = (const struct bytes *)at->kpi->causes.at + at->next++;
    enum mark *mark = mark_of(w, *cause, &cause_kpi);
    if (mark && *mark == OPEN)
        mistake(w->c->m, place_of_member(w->c, cause, at->kpi),
                "kpis.%s.causes goes round in a circle: '%s' is caused by it as well (H6)",
                at->kpi->name.at, cause->at);
    else if (mark && *mark == UNSEEN)
        enter(w, cause_kpi, mark);
}

static void check_circles(const struct check *c, const struct set_config *config)
{
    size_t n = config->kpis.n;
    _autofree_ const struct set_kpi **kpis = xalloc((n + 1) * sizeof *kpis);
    _autofree_ enum mark *marks = xalloc((n + 1) * sizeof *marks);
    _autofree_ struct visit *stack = xalloc((n + 1) * sizeof *stack);
    for (size_t i = 0; i < n; i++)
        kpis[i] = (const struct set_kpi *)config->kpis.at + i;
    qsort(kpis, n, sizeof *kpis, by_kpi_name);
    struct circle w = {c, kpis, marks, stack, n, 0};
    for (size_t i = 0; i < n; i++) {
        if (marks[i] != UNSEEN)
            continue;
        enter(&w, kpis[i], &marks[i]);
        while (w.depth)
            step_on(&w);
    }
}

struct names names_of_kpis(const struct set_config *config)
{
    size_t n = 0;
    struct names names = names_of(&config->kpis, sizeof(struct set_kpi));
    const struct catalogue_kpi *catalogue = kpi_catalogue(&n);
    for (size_t i = 0; i < n; i++)
        if (catalogue[i].computed)
            names_add(&names, catalogue[i].kpi.name.at); /* twice does no harm */
    names_sort(&names);
    return names;
}

void check_kpis(const struct check *c, const struct set_config *config)
{
    _cleanup_(names_done) struct names names = names_of_kpis(config);
    check_weights(c, config);
    SEQ_EACH (k, const struct set_kpi, config->kpis) {
        check_limits(c, k);
        check_bounds(c, k);
        char path[96];
        snprintf(path, sizeof path, "kpis.%s.causes", k->name.at);
        SEQ_EACH (cause, const struct bytes, k->causes)
            check_known(c, &names, cause, k, path, "KPI");
    }
    check_circles(c, config);
}
