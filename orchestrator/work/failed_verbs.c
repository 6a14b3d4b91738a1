/* SPDX-License-Identifier: MPL-2.0 */
/* What failed for good: listed, retried, purged (T12). */
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "submit.h"
#include "task.h"
#include "verbs.h"

int query_failed(struct helios *h, struct verb_call *call)
{
    int64_t limit = map_int(call->args, "limit", 100), n = 0;
    pack_key(&call->answer, "failed");
    pack_list(&call->answer);
    list_each(k, &h->work.failed, struct kept, link) if (n++ < limit) failed_pack(k, &call->answer);
    pack_end(&call->answer);
    pack_put_int(&call->answer, "total", (int64_t)h->work.n_failed);
    return 0;
}

/* The new task is asked for as the old one was, without its key (that one names the old task for
 * ever) and without what it came after. */
static struct msg_request request_of(const struct rec_task *r)
{
    return (struct msg_request){
        .action = r->action,
        .params = r->params,
        .swarm = r->swarm,
        .role = r->role,
        .agent = r->agent,
        .target = r->target,
        .priority = r->priority,
        .locks = r->locks,
        .group = r->group,
        .max_concurrent = r->max_concurrent,
        .cooldown_ms = r->cooldown_ms,
        .max_attempts = r->max_attempts,
        .backoff_ms = r->backoff_ms,
        .queue_ms = r->queue_ms,
        .attempt_ms = r->attempt_ms,
        .total_ms = r->total_ms,
        .at_most_once = r->at_most_once,
        .fair = r->fair,
        .note = r->note,
        .signature = r->signature,
    };
}

static bool retry_one(struct helios *h, struct kept *k, struct verb_call *call,
                      struct submitted *ret)
{
    struct arena arena = {0};
    struct rec_task r;
    bool done = struct_decode(&schema_records[REC_task], k->r.task, &r, &arena, NULL) == 0;
    if (done) {
        struct msg_request request = request_of(&r);
        struct submitter who = {.client = r.client, .cause = k->r.id.at, .retry_of = r.id};
        submit_one(h, &request, &who, ret);
        done = ret->task != NULL;
    }
    if (done) {
        pack_str(&call->answer, ret->task->r.id);
        failed_drop(h, k);
    }
    arena_done(&arena);
    return done;
}

static bool purge_one(struct helios *h, struct kept *k, struct verb_call *call,
                      struct submitted *ret)
{
    (void)ret;
    note(h, EVENT_task_purged, k->r.id.at, NULL, NULL, "%s was purged by " BYTES_F, k->r.id.at,
         BYTES_A(call->author.n ? call->author : BYTES("somebody")));
    pack_str(&call->answer, k->r.id);
    failed_drop(h, k);
    return true;
}

/* with_selected does it for one or for all; `tasks` of the answer are the new tasks, or those that
 * are gone. */
static int with_selected(struct helios *h, struct verb_call *call,
                         bool (*what)(struct helios *, struct kept *, struct verb_call *,
                                      struct submitted *))
{
    struct bytes id = map_str(call->args, "id", "");
    struct kept *one = failed_find(h, id);
    struct submitted s = {0};
    bool good = true;
    if (id.n == 0 && !map_bool(call->args, "all", false))
        return verb_fail(call, "bad_args", "nothing is selected: give `id` or `all`");
    if (id.n && one == NULL)
        return verb_fail(call, "not_found", BYTES_F " is not among the failed tasks that are kept",
                         BYTES_A(id));
    if (what == retry_one && h->control.draining)
        return verb_fail(call, "busy", "the realm drains: no new task is taken");
    pack_key(&call->answer, "tasks");
    pack_list(&call->answer);
    if (one)
        good = what(h, one, call, &s);
    else
        list_each(k, &h->work.failed, struct kept, link) good = good && what(h, k, call, &s);
    pack_end(&call->answer);
    return good ? 0
                : verb_fail(call, "not_allowed", "%s",
                            s.reason[0] ? s.reason : "the record cannot be read");
}

int command_retry(struct helios *h, struct verb_call *call)
{
    return with_selected(h, call, retry_one);
}

int command_purge(struct helios *h, struct verb_call *call)
{
    return with_selected(h, call, purge_one);
}
