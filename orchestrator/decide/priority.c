/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the ranking of candidates. Knows the formula of priority.h; starts nothing. */
#include "priority.h"

#include <math.h>

unsigned plan_fits(const struct set_optimization *plan, const struct set_kpi *kpi)
{
    if (bytes_eq(plan->improves, kpi->name))
        return 3;
    if (names_have(plan->helps, kpi->name))
        return 2;
    return names_have(kpi->causes, plan->improves);
}

static struct bytes find_advice(struct bytes advice, struct bytes name)
{
    struct value list = map_get(advice, "recommendations"), item;
    struct walk walk = walk_of(list.whole);
    while (list.type == VALUE_LIST && walk_item(&walk, &item))
        if (bytes_eq(map_str(item.whole, "optimization", ""), name))
            return item.whole;
    return (struct bytes){0};
}

static void take_advice(struct candidate *c, struct bytes advice)
{
    struct bytes said = find_advice(advice, c->plan->name);
    bool recommend = map_bool(said, "recommend", false);
    struct bytes reason = map_str(said, "reason", "no analyst");
    c->advised = said.n && recommend && c->plan->diagnose.action.n;
    c->refused = said.n && !recommend;
    c->confidence = said.n ? fmax(0, fmin(1, map_num(said, "confidence", 0.5))) : 0.5;
    snprintf(c->reason, sizeof(c->reason), BYTES_F, BYTES_A(reason));
}

static struct candidate weigh(struct helios *h, const struct set_optimization *plan,
                              const struct bottleneck *b, struct bytes advice)
{
    struct candidate c = {.plan = plan, .for_ = *b};
    snprintf(c.context, sizeof(c.context), "%s:%s", b->config->name.at, b->class);
    c.odds = learned_odds(h, plan->name, bytes_of(c.context));
    c.business = b->config->weight * b->config->impact;
    c.gap = b->severity / 100 * plan->impact;
    c.cost = sqrt(plan->resources * plan->complexity);
    take_advice(&c, advice);
    c.score =
        100 * (5.0 - b->urgency) / 4 * c.business * c.gap * c.odds.mean * c.confidence / c.cost;
    return c;
}

static bool best_for(struct helios *h, const struct set_optimization *plan,
                     const struct bottlenecks *b, struct bytes advice, struct candidate *ret)
{
    bool found = false;
    for (size_t i = 0; i < b->n; i++) {
        if (plan_fits(plan, b->at[i].config) < 2)
            continue;
        struct candidate c = weigh(h, plan, &b->at[i], advice);
        if (!found || c.score > ret->score)
            *ret = c;
        found = true;
    }
    return found;
}

static int by_score(const void *one, const void *two)
{
    const struct candidate *a = one, *b = two;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return strcmp(a->plan->name.at, b->plan->name.at);
}

static int by_turn(const void *one, const void *two)
{
    const struct candidate *a = one, *b = two;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return by_score(one, two);
}

/* Swarms take turns: one with many good candidates must not crowd the others out of max_concurrent. */
static void take_turns(struct candidates *c)
{
    qsort(c->at, c->n, sizeof(*c->at), by_score);
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < i; k++)
            c->at[i].rank += bytes_eq(c->at[k].plan->swarm, c->at[i].plan->swarm);
    qsort(c->at, c->n, sizeof(*c->at), by_turn);
}

struct candidates candidates_find(struct helios *h, const struct bottlenecks *b,
                                  struct bytes advice)
{
    struct candidates found = {0};
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations) {
        struct candidate c;
        if (!plan->enabled || plan->emergency || !best_for(h, plan, b, advice, &c))
            continue;
        found.at = xrealloc(found.at, (found.n + 1) * sizeof(*found.at));
        found.at[found.n++] = c;
    }
    if (found.n)
        take_turns(&found);
    return found;
}

void candidates_done(struct candidates *c)
{
    free(c->at);
    *c = (struct candidates){0};
}

void candidate_pack(struct pack *p, const struct candidate *c)
{
    pack_map(p);
    pack_put_str(p, "optimization", c->plan->name);
    pack_put_str(p, "title", c->plan->title);
    pack_put_str(p, "swarm", c->plan->swarm);
    pack_put_str(p, "kpi", c->for_.config->name);
    pack_put_num(p, "score", c->score);
    pack_put_num(p, "severity", c->for_.severity);
    pack_put_text(p, "class", c->for_.class);
    pack_put_int(p, "urgency", c->for_.urgency);
    pack_put_num(p, "business", c->business);
    pack_put_num(p, "gap", c->gap);
    pack_put_num(p, "resources", c->plan->resources);
    pack_put_num(p, "complexity", c->plan->complexity);
    pack_put_num(p, "cost", c->cost);
    pack_put_text(p, "context", c->context);
    pack_put_num(p, "success", c->odds.mean);
    pack_put_num(p, "success_lower", c->odds.lower);
    pack_put_num(p, "confidence", c->confidence);
    pack_put_bool(p, "advised", c->advised);
    pack_put_text(p, "reason", c->reason);
    pack_put_text(p, "started", c->started);
    pack_put_text(p, "held_rule", c->held.rule ? c->held.rule : "");
    pack_put_text(p, "held", c->held.text);
    pack_end(p);
}

void candidates_pack(struct pack *p, const struct candidates *c)
{
    pack_list(p);
    for (size_t i = 0; i < c->n; i++)
        candidate_pack(p, &c->at[i]);
    pack_end(p);
}
