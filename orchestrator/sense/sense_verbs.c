/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about KPIs, health, sources, silences. */
#include "health.h"
#include "kpi.h"
#include "orchestrator/core/helios.h"
#include "orchestrator/core/verb.h"
#include "silence.h"
#include "source.h"

static int query_kpis(struct helios *h, struct verb_call *call)
{
    pack_key(&call->answer, "kpis");
    kpis_pack(h, &call->answer, map_str(call->args, "after", ""), map_int(call->args, "limit", KPIS_MOST));
    return 0;
}

static int query_kpi(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    struct bytes name = map_str(call->args, "name", "");
    struct kpi *k = kpi_find(h, name);
    if (k == NULL)
        return verb_fail(call, "not_found", "there is no KPI `" BYTES_F "`; `helios kpi` lists them", BYTES_A(name));
    pack_put_str(p, "name", k->config->name);
    pack_key(p, "now");
    kpi_pack(h, k, p);
    struct reading past[KPI_PAST];
    size_t n = kpi_past(k, past);
    pack_key(p, "past");
    pack_list(p);
    for (size_t i = 0; i < n; i++) {
        pack_list(p);
        pack_int(p, past[i].at);
        pack_num(p, past[i].value);
        pack_end(p);
    }
    pack_end(p);
    return 0;
}

static int query_health(struct helios *h, struct verb_call *call)
{
    struct scope *s, *next;
    pack_key(&call->answer, "scopes");
    pack_map(&call->answer);
    HASH_ITER (hh, h->sense.scopes, s, next) {
        pack_key_bytes(&call->answer, s->r.id);
        health_pack(h, s->r.id.at, &call->answer);
    }
    pack_end(&call->answer);
    return 0;
}

static int query_sources(struct helios *h, struct verb_call *call)
{
    struct source *s, *next;
    int64_t left = MIN(map_int(call->args, "limit", SOURCES_LISTED), (int64_t)SOURCES_LISTED);
    pack_put_int(&call->answer, "total", HASH_COUNT(h->sense.sources));
    pack_key(&call->answer, "sources");
    pack_list(&call->answer);
    HASH_ITER (hh, h->sense.sources, s, next)
        if (left-- > 0)
            source_pack(h, s, &call->answer);
    pack_end(&call->answer);
    return 0;
}

const struct verb sense_verbs[] = {
    {"kpis", false, "after limit", "KPIs in the order of their names: window, score and limits", query_kpis},
    {"kpi", false, "name", "one KPI with its past windows", query_kpi},
    {"health", false, "", "health of the realm and of each swarm", query_health},
    {"sources", false, "limit", "KPI sources: sent, stored, refused, lost (H1)", query_sources},
    {"silences", false, "", "what is silenced, by whom, why, until when", query_silences},
    {"silence", true, "pattern for_ms reason kind", "silence notifications or note a maintenance (H6)", command_silence},
    {"unsilence", true, "id", "take a silence back", command_unsilence},
    {0},
};
