/* SPDX-License-Identifier: MPL-2.0 */
/* The newest tasks that ended, from the ledger: it is durable and bounded, so this needs no memory of its own, and a new leader knows
 * it as well. */
#include "orchestrator/core/helios.h"
#include "verbs.h"

enum { HISTORY_USUAL = 100, HISTORY_MOST = 1000 };

static bool is_end(struct bytes topic)
{
    static const enum event ends[] = {EVENT_task_completed, EVENT_task_failed, EVENT_task_cancelled, EVENT_task_unknown};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (bytes_is(topic, event_kinds[ends[i]].topic))
            return true;
    return false;
}

static bool matches(struct bytes asked, struct bytes data, const char *key)
{
    return asked.n == 0 || bytes_eq(asked, map_str(data, key, ""));
}

static void pack_end_of(struct pack *p, const struct rec_entry *e)
{
    pack_map(p);
    pack_put_str(p, "id", e->id);
    pack_put_str(p, "action", map_str(e->data, "action", ""));
    pack_put_str(p, "state", map_str(e->data, "state", ""));
    pack_put_int(p, "attempt", map_int(e->data, "attempt", 0));
    pack_put_int(p, "ended", e->at);
    pack_put_int(p, "elapsed_ms", map_int(e->data, "elapsed_ms", 0));
    pack_put_int(p, "age_ms", map_int(e->data, "age_ms", 0));
    pack_put_str(p, "agent", map_str(e->data, "agent", ""));
    pack_put_str(p, "client", map_str(e->data, "client", ""));
    pack_put_str(p, "cause", e->cause);
    pack_put_str(p, "text", e->text);
    pack_end(p);
}

int query_history(struct helios *h, struct verb_call *call)
{
    size_t most = (size_t)MAX(MIN(map_int(call->args, "limit", HISTORY_USUAL), HISTORY_MOST), 0), n = 0;
    struct bytes state = map_str(call->args, "state", ""), action = map_str(call->args, "action", "");
    const struct rec_entry **found = xalloc((most + 1) * sizeof(struct rec_entry *));
    struct list *entries = &h->ledger.entries;
    for (struct list *at = entries->prev; at != entries && n < most; at = at->prev) {
        const struct rec_entry *e = &container_of(at, struct entry, link)->r;
        if (is_end(e->topic) && matches(state, e->data, "state") && matches(action, e->data, "action"))
            found[n++] = e;
    }
    pack_key(&call->answer, "tasks");
    pack_list(&call->answer);
    while (n)
        pack_end_of(&call->answer, found[--n]);
    pack_end(&call->answer);
    free(found);
    return 0;
}
