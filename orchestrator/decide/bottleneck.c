/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the finding of bottlenecks. Knows KPIs and scores; knows nothing of what could be done. */
#include "bottleneck.h"

static const struct class
{
    double least; /* points missing */
    const char *name;
} classes[] = {{80, "critical"}, {60, "high"}, {40, "medium"}, {0, "low"}};

static unsigned class_of(double severity)
{
    unsigned c = 0;
    while (c + 1 < ARRAY_SIZE(classes) && severity < classes[c].least)
        c++;
    return c;
}

struct search {
    struct bottlenecks *found;
    double severity;
    struct seq focus;
    bool with_inhibited;
};

static bool in_focus(struct seq focus, const struct set_kpi *c)
{
    return focus.n == 0 || names_have(focus, c->name) || names_have(focus, c->swarm) ||
           names_have(focus, c->category);
}

static void consider(struct helios *h, struct kpi *k, void *context)
{
    struct search *s = context;
    const struct set_kpi *c = kpi_config(k);
    double score = kpi_known(h, k) ? kpi_score(h, k) : -1;
    bool inhibited = score >= 0 && kpi_inhibited(h, k);
    if (c->weight <= 0 || score < 0 || 100 - score < s->severity || score >= 100 ||
        !in_focus(s->focus, c) || (inhibited && !s->with_inhibited))
        return;
    unsigned class = class_of(100 - score);
    struct bottlenecks *b = s->found;
    b->at = xrealloc(b->at, (b->n + 1) * sizeof(*b->at));
    b->at[b->n++] = (struct bottleneck){
        .kpi = k,
        .config = c,
        .value = kpi_value(h, k),
        .score = score,
        .severity = 100 - score,
        .deficit = c->weight * (100 - score),
        .class = classes[class].name,
        .urgency = class + 1,
        .inhibited = inhibited,
    };
}

/* Equal ones by name, so that the order is the same on every run. */
static int by_deficit(const void *one, const void *two)
{
    const struct bottleneck *a = one, *b = two;
    if (a->inhibited != b->inhibited)
        return a->inhibited ? 1 : -1;
    if (a->deficit != b->deficit)
        return a->deficit > b->deficit ? -1 : 1;
    return strcmp(a->config->name.at, b->config->name.at);
}

struct bottlenecks bottlenecks_find(struct helios *h, double severity, struct seq focus,
                                    bool with_inhibited)
{
    struct bottlenecks found = {0};
    struct search s = {&found, severity, focus, with_inhibited};
    kpi_each(h, consider, &s);
    if (found.n)
        qsort(found.at, found.n, sizeof(*found.at), by_deficit);
    return found;
}

void bottlenecks_done(struct bottlenecks *b)
{
    free(b->at);
    *b = (struct bottlenecks){0};
}

struct bytes bottleneck_group(const struct bottleneck *b)
{
    return b->config->swarm.n      ? b->config->swarm
           : b->config->category.n ? b->config->category
                                   : BYTES("system");
}

void bottleneck_pack(struct pack *p, const struct bottleneck *b)
{
    pack_map(p);
    pack_put_str(p, "kpi", b->config->name);
    pack_put_num(p, "value", b->value);
    pack_put_str(p, "unit", b->config->unit);
    pack_put_num(p, "target", b->config->target);
    pack_put_num(p, "critical", b->config->critical);
    pack_put_num(p, "score", b->score);
    pack_put_num(p, "severity", b->severity);
    pack_put_text(p, "class", b->class);
    pack_put_int(p, "urgency", b->urgency);
    pack_put_num(p, "weight", b->config->weight);
    pack_put_num(p, "deficit", b->deficit);
    pack_put_bool(p, "inhibited", b->inhibited);
    pack_end(p);
}

static bool seen_before(const struct bottlenecks *b, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (bytes_eq(bottleneck_group(&b->at[k]), bottleneck_group(&b->at[i])))
            return true;
    return false;
}

void bottlenecks_pack(struct pack *p, const struct bottlenecks *b)
{
    pack_map(p);
    for (size_t i = 0; i < b->n; i++) {
        if (seen_before(b, i))
            continue;
        pack_key_bytes(p, bottleneck_group(&b->at[i]));
        pack_list(p);
        for (size_t k = i; k < b->n; k++)
            if (bytes_eq(bottleneck_group(&b->at[k]), bottleneck_group(&b->at[i])))
                bottleneck_pack(p, &b->at[k]);
        pack_end(p);
    }
    pack_end(p);
}
