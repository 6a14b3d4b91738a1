/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the shape of the metrics; every number comes from the room that measures it. */
#include "metrics.h"

#include "learned.h"
#include "orchestrator/sense/health.h"

static int by_name(struct scope *a, struct scope *b)
{
    return strcmp(a->r.id.at, b->r.id.at);
}

void metrics_pack_health(struct helios *h, struct pack *p)
{
    pack_map(p);
    pack_key(p, "realm");
    health_pack(h, "realm", p);
    HASH_SORT(h->sense.scopes, by_name);
    for (struct scope *s = h->sense.scopes; s; s = s->hh.next) {
        if (bytes_is(s->r.id, "realm"))
            continue;
        pack_key_bytes(p, s->r.id);
        health_pack(h, s->r.id.at, p);
    }
    pack_end(p);
}

static void pack_kpi(struct helios *h, struct kpi *k, void *p)
{
    pack_map(p);
    pack_put_str(p, "name", kpi_config(k)->name);
    pack_put_str(p, "swarm", kpi_config(k)->swarm);
    pack_put_str(p, "category", kpi_config(k)->category);
    pack_key(p, "now");
    kpi_pack(h, k, p);
    pack_end(p);
}

static void pack_kpi_brief(struct helios *h, struct kpi *k, void *p)
{
    if (kpi_config(k)->weight <= 0)
        return;
    pack_map(p);
    pack_put_str(p, "name", kpi_config(k)->name);
    pack_put_bool(p, "known", kpi_known(h, k));
    pack_put_num(p, "value", kpi_value(h, k));
    pack_put_num(p, "score", kpi_score(h, k));
    pack_end(p);
}

static void pack_agent(struct pack *p, const struct agent *a)
{
    pack_map(p);
    pack_put_str(p, "id", a->r.id);
    pack_put_text(p, "title", a->title ? a->title : "");
    pack_put_str(p, "swarm", a->r.swarm);
    pack_put_text(p, "role", enum_text(&enum_role, a->r.role));
    pack_put_bool(p, "live", a->live);
    pack_put_int(p, "running", a->n_held);
    pack_put_int(p, "slots", a->slots);
    pack_put_int(p, "done", (int64_t)a->done);
    pack_end(p);
}

static void pack_tasks(struct helios *h, struct pack *p)
{
    pack_map(p);
    pack_put_int(p, "live", (int64_t)h->work.n_tasks);
    pack_put_int(p, "submitted", (int64_t)h->counters.submitted);
    pack_put_int(p, "dispatched", (int64_t)h->counters.dispatched);
    pack_put_int(p, "completed", (int64_t)h->counters.completed);
    pack_put_int(p, "failed", (int64_t)h->counters.failed);
    pack_put_int(p, "retries", (int64_t)h->counters.retries);
    pack_put_int(p, "agents_live", (int64_t)h->work.n_agents_live);
    pack_end(p);
}

struct teller {
    struct pack *p;
    struct bytes name;
};

static void pack_odds(struct bytes context, struct odds odds, void *teller)
{
    struct teller *t = teller;
    pack_map(t->p);
    pack_put_str(t->p, "optimization", t->name);
    pack_put_str(t->p, "context", context);
    pack_put_num(t->p, "successes", odds.a - 1);
    pack_put_num(t->p, "failures", odds.b - 1);
    pack_put_num(t->p, "success", odds.mean);
    pack_put_num(t->p, "lower", odds.lower);
    pack_put_num(t->p, "upper", odds.upper);
    pack_end(t->p);
}

static void pack_learned(struct helios *h, struct pack *p)
{
    pack_list(p);
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations) {
        struct teller t = {p, plan->name};
        learned_each(h, plan->name, pack_odds, &t);
    }
    pack_end(p);
}

void metrics_pack(struct helios *h, struct pack *p)
{
    pack_put_int(p, "at", h->now);
    pack_key(p, "health");
    metrics_pack_health(h, p);
    pack_key(p, "kpis");
    pack_list(p);
    kpi_each(h, pack_kpi, p);
    pack_end(p);
    pack_key(p, "agents");
    pack_list(p);
    for (struct agent *a = h->work.agents_by_id; a; a = a->hh.next)
        pack_agent(p, a);
    pack_end(p);
    pack_key(p, "tasks");
    pack_tasks(h, p);
    pack_key(p, "learned");
    pack_learned(h, p);
}

void metrics_pack_brief(struct helios *h, struct pack *p)
{
    pack_put_int(p, "at", h->now);
    pack_key(p, "health");
    metrics_pack_health(h, p);
    pack_key(p, "kpis");
    pack_list(p);
    kpi_each(h, pack_kpi_brief, p);
    pack_end(p);
    pack_key(p, "tasks");
    pack_tasks(h, p);
}
