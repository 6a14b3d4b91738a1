/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands that every controller takes, whether it leads or stands by: where it stands,
 * the kill switch (X10). */
#include "callers.h"
#include "helios.h"
#include "stance.h"
#include "verb.h"

static void pack_lease(struct helios *h, const struct stance *s, struct pack *p)
{
    pack_put_text(p, "holder", s->holder);
    pack_put_bool(p, "ours", strcmp(s->holder, s->id) == 0);
    pack_put_int(p, "epoch", (int64_t)s->holder_epoch);
    pack_put_int(p, "read_ms", s->lease_read ? h->now - s->lease_read : -1);
    pack_put_int(p, "unchanged_ms", s->lease_read ? h->now - s->lease_changed : -1);
}

static void pack_stance(struct helios *h, const struct stance *s, struct pack *p)
{
    static const char *const names[ENDPOINTS] = {"agents", "control", "kpi", "events"};
    pack_put_text(p, "id", s->id);
    pack_put_text(p, "host", s->host);
    pack_put_int(p, "pid", s->pid);
    pack_put_text(p, "data", s->data_dir);
    pack_put_int(p, "since", s->since);
    pack_put_int(p, "now", h->now);
    pack_put_int(p, "wall", s->wall);
    pack_put_text(p, "store", s->store_why ? s->store_why : "ok");
    pack_key(p, "lease");
    pack_map(p);
    pack_lease(h, s, p);
    pack_end(p);
    pack_key(p, "endpoints");
    pack_map(p);
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        pack_put_text(p, names[e], s->endpoints[e]);
    pack_end(p);
}

static int query_controller(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    bool leads = h->epoch && !h->stopping;
    pack_put_str(p, "realm", h->config->realm);
    pack_put_bool(p, "leads", leads);
    pack_put_text(p, "state", leads ? "leads" : h->epoch ? "hands over" : "stands by");
    pack_put_int(p, "epoch", leads ? (int64_t)h->epoch : 0);
    pack_put_text(p, "version", HELIOS_VERSION);
    pack_put_bool(p, "frozen", h->frozen);
    pack_put_bool(p, "held", h->held);
    pack_put_int(p, "callers", (int64_t)callers_count(h));
    pack_key(p, "health");
    health_pack(h, "realm", p);
    if (h->stance)
        pack_stance(h, h->stance, p);
    return 0;
}

static int freeze(struct helios *h, struct verb_call *call, bool frozen)
{
    helios_freeze(h, frozen, call->author, map_str(call->args, "reason", ""));
    pack_put_bool(&call->answer, "frozen", h->frozen);
    return 0;
}

static int command_freeze(struct helios *h, struct verb_call *call)
{
    return freeze(h, call, true);
}

static int command_unfreeze(struct helios *h, struct verb_call *call)
{
    return freeze(h, call, false);
}

const struct verb controller_verbs[] = {
    {"controller", false, "", "where this controller stands: leads or stands by, lease, store, clocks; every controller answers",
     query_controller},
    {"freeze", true, "reason", "stop all automation at once; data flow goes on (X10); every controller takes it", command_freeze},
    {"unfreeze", true, "reason", "let automation go on; every controller takes it", command_unfreeze},
    {0},
};
