/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the query `limits`: what each limited action has taken, what it may still take, who waits (Q1). */
#include "gate.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "quota.h"
#include "sheaf.h"
#include "verbs.h"

/* count_asleep: of a sheaf only the scout stands in the queue. One walk for all rows. */
static void count_asleep(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next)
        q->asleep = 0;
    SHEAVES_EACH (s, h)
        if (s->class->quota)
            s->class->quota->asleep += s->asleep;
}

static size_t waiting(const struct quota *q)
{
    size_t n = q->asleep;
    list_each (c, &q->classes, struct class, of_quota)
        n += c->n_ready;
    return n;
}

static void pack_row(struct helios *h, const struct quota *q, struct pack *p)
{
    pack_map(p);
    pack_put_str(p, "action", q->r.id);
    pack_put_int(p, "running", q->running);
    pack_put_int(p, "max_concurrent", q->limit->max_concurrent);
    pack_put_int(p, "today", (int64_t)quota_used(h, q));
    pack_put_int(p, "per_day", q->limit->per_day);
    pack_put_str(p, "zone", q->limit->zone);
    pack_put_int(p, "resets_at", quota_used(h, q) ? quota_day_end(q) : 0);
    pack_put_str(p, "rate", q->limit->rate);
    pack_put_int(p, "in_time", quota_in_time(h, q));
    pack_put_int(p, "waiting", (int64_t)waiting(q));
    pack_put_int(p, "next_at", quota_next(h, q) > h->now ? quota_next(h, q) + h->wall_ahead : 0);
    pack_put_bool(p, "open", q->open);
    pack_end(p);
}

int query_limits(struct helios *h, struct verb_call *call)
{
    count_asleep(h);
    pack_key(&call->answer, "limits");
    pack_list(&call->answer);
    SEQ_EACH (l, const struct set_limit, h->config->limits) {
        const struct quota *q = quota_find(h, l->action);
        if (q)
            pack_row(h, q, &call->answer);
    }
    pack_end(&call->answer);
    return 0;
}
