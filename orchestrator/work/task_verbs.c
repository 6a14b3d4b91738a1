/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about live tasks. */
#include "common/mutant.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "sheaf.h"
#include "task.h"
#include "verbs.h"

/* The fields that a live and a kept task have in common. */
static void pack_record(const struct rec_task *r, struct pack *p)
{
    pack_put_str(p, "id", r->id);
    pack_put_str(p, "action", r->action);
    pack_put_text(p, "state", enum_text(&enum_task_state, (int)r->state));
    pack_put_int(p, "priority", (int64_t)r->priority);
    pack_put_int(p, "attempt", (int64_t)r->attempt);
    pack_put_int(p, "max_attempts", (int64_t)r->max_attempts);
    pack_put_str(p, "agent", r->holder.n ? r->holder : r->agent);
    pack_put_str(p, "swarm", r->swarm);
    pack_put_str(p, "role", r->role);
    pack_put_str(p, "target", r->target);
    pack_put_str(p, "client", r->client);
    pack_put_str(p, "key", r->key);
    pack_put_str(p, "owner", r->owner_id.n ? r->owner_id : r->owner_kind);
    pack_put_str(p, "cause", r->cause);
    pack_put_str(p, "note", r->note);
    pack_put_str(p, "error", r->error);
    pack_put_str(p, "retry_of", r->retry_of);
    pack_put_int(p, "exit_code", r->exit_code);
    pack_put_int(p, "lost", (int64_t)r->lost);
    pack_put_int(p, "created", r->created);
    pack_put_int(p, "started", r->started);
    pack_put_int(p, "ended", r->ended);
}

void task_pack(struct helios *h, const struct task *t, struct pack *p)
{
    struct buf why = {0};
    task_why(h, t, &why);
    pack_map(p);
    pack_record(&t->r, p);
    pack_put_int(p, "age_ms", h->now - t->r.created);
    pack_put_int(p, "not_before", t->r.not_before);
    pack_put_text(p, "why", buf_str(&why));
    pack_put_int(p, "percent", t->percent);
    pack_put_text(p, "progress", t->progress ? t->progress : "");
    pack_put_bool(p, "paused", t->r.paused);
    pack_put_bool(p, "cancelling", t->r.cancelling);
    pack_end(p);
    buf_done(&why);
}

void failed_pack(const struct kept *k, struct pack *p)
{
    struct arena arena = {0};
    struct rec_task r;
    if (struct_decode(&schema_records[REC_task], k->r.task, &r, &arena, NULL) == 0) {
        pack_map(p);
        pack_record(&r, p);
        pack_end(p);
    }
    arena_done(&arena);
}

#define LISTED_MOST 1000 /* in one answer, which is a message of bounded size */

/* What `tasks` and `cancel` choose by; empty = any. */
struct filter {
    struct bytes state, action, swarm, client;
};

static struct filter filter_of(struct bytes args)
{
    return (struct filter){.state = map_str(args, "state", ""),
                           .action = map_str(args, "action", ""),
                           .swarm = map_str(args, "swarm", ""),
                           .client = map_str(args, "client", "")};
}

static bool chosen(const struct filter *f, const struct rec_task *r)
{
    return (!f->state.n || bytes_is(f->state, enum_text(&enum_task_state, (int)r->state))) &&
           (!f->action.n || bytes_eq(f->action, r->action)) &&
           (!f->swarm.n || bytes_eq(f->swarm, r->swarm)) &&
           (!f->client.n || bytes_eq(f->client, r->client));
}

static int older(const void *left, const void *right)
{
    const struct task *a = *(const struct task *const *)left, *b = *(const struct task *const *)right;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* gather finds the chosen ones that are awake, oldest first; the array is the caller's. */
static struct task **gather(struct helios *h, const struct filter *f, size_t *ret_n)
{
    struct task **found = xalloc((h->work.tasks.n + 1) * sizeof(struct task *));
    size_t n = 0;
    MAP_EACH (t, struct task, &h->work.tasks)
        if (chosen(f, &t->r))
            found[n++] = t;
    qsort(found, n, sizeof(*found), older);
    *ret_n = n;
    return found;
}

/* wake_some wakes the chosen sheaves with the oldest tasks until so many are awake. Answers how many sleep on. */
static size_t wake_some(struct helios *h, const struct filter *f, size_t enough)
{
    size_t asleep = 0, awake = 0;
    SHEAVES_EACH (s, h) {
        if (!chosen(f, &s->common))
            continue;
        if (awake < enough)
            sheaf_wake_all(h, s);
        awake += s->awake;
        asleep += s->asleep;
    }
    return asleep;
}

static int query_tasks(struct helios *h, struct verb_call *call)
{
    struct filter filter = filter_of(call->args);
    int64_t limit = MIN(map_int(call->args, "limit", 100), LISTED_MOST);
    size_t n, asleep = wake_some(h, &filter, (size_t)MAX(limit, 0));
    struct task **found = gather(h, &filter, &n);
    pack_key(&call->answer, "tasks");
    pack_list(&call->answer);
    for (size_t i = 0; i < n && (int64_t)i < limit; i++)
        task_pack(h, found[i], &call->answer);
    pack_end(&call->answer);
    pack_put_int(&call->answer, "total", (int64_t)(n + asleep));
    free(found);
    return 0;
}

static void pack_past(const struct past_task *past, struct pack *p)
{
    struct arena arena = {0};
    struct msg_ended e;
    if (struct_decode(ended_schema(), past->ended, &e, &arena, NULL) == 0) {
        pack_key(p, "task");
        pack_map(p);
        pack_put_str(p, "id", e.id);
        pack_put_text(p, "state", enum_text(&enum_task_state, (int)e.state));
        pack_put_int(p, "attempt", (int64_t)e.attempts);
        pack_put_str(p, "key", e.key);
        pack_put_str(p, "error", e.error);
        pack_end(p);
        pack_put_raw(p, "data", e.data);
        pack_key(p, "output");
        pack_bin(p, e.output);
    }
    arena_done(&arena);
}

static int query_task(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct task *t = task_find(h, id);
    struct kept *k = t ? NULL : failed_find(h, id);
    const struct past_task *past = t ? NULL : past_find(h, id);
    if (t) {
        pack_key(&call->answer, "task");
        task_pack(h, t, &call->answer);
        pack_put_raw(&call->answer, "params", t->r.params);
    } else if (k) {
        pack_key(&call->answer, "task");
        failed_pack(k, &call->answer);
        pack_put_raw(&call->answer, "params", map_get(k->r.task, "params").whole);
    } else if (past) {
        pack_past(past, &call->answer);
    } else {
        return verb_fail(call, "not_found",
                         "no task " BYTES_F " is known here; `helios why ID` asks the ledger",
                         BYTES_A(id));
    }
    return 0;
}

/* ---- cancel ---- */

static int cancel_one(struct helios *h, struct verb_call *call, struct bytes id, const char *why)
{
    struct task *t = task_find(h, id);
    if (t == NULL)
        return verb_fail(call, "not_found", "no live task " BYTES_F, BYTES_A(id));
    if (task_cancel(h, t, why) == -EALREADY)
        return verb_fail(call, "not_allowed", BYTES_F " is being stopped already", BYTES_A(id));
    pack_put_int(&call->answer, "cancelled", 1);
    return 0;
}

/* cancel_awake: the numbers are gathered first, since an owner may react to an end by ending others. */
static int64_t cancel_awake(struct helios *h, const struct filter *f, const char *why)
{
    size_t n;
    int64_t cancelled = 0;
    struct task **found = gather(h, f, &n);
    uint64_t *numbers = xalloc((n + 1) * sizeof(*numbers));
    for (size_t i = 0; i < n; i++)
        numbers[i] = found[i]->number;
    free(found);
    for (size_t i = 0; i < n; i++) {
        struct task *t = map_get_number(&h->work.tasks, numbers[i]);
        cancelled += t && task_cancel(h, t, why) == 0;
    }
    free(numbers);
    return cancelled;
}

/* cancel_asleep wakes one after the other; with its last one a sheaf is gone. */
static int64_t cancel_asleep(struct helios *h, uint64_t first, size_t n, const char *why)
{
    int64_t cancelled = 0;
    for (size_t i = 0; i < n; i++) {
        struct task *t = task_by_number(h, first + i);
        cancelled += t && task_cancel(h, t, why) == 0;
    }
    return cancelled;
}

static int cancel_all(struct helios *h, struct verb_call *call, const char *why)
{
    struct filter filter = filter_of(call->args);
    struct sheaves *all = &h->work.sheaves;
    struct range {
        uint64_t first, n;
    } *ranges = xalloc((all->end - all->begin + 1) * sizeof(*ranges));
    size_t n = 0;
    SHEAVES_EACH (s, h)
        if (chosen(&filter, &s->common))
            ranges[n++] = (struct range){s->first, s->n};
    int64_t cancelled = cancel_awake(h, &filter, why);
    for (size_t i = 0; i < n; i++)
        cancelled += cancel_asleep(h, ranges[i].first, ranges[i].n, why);
    free(ranges);
    pack_put_int(&call->answer, "cancelled", cancelled);
    return 0;
}

static int command_cancel(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", ""), reason = map_str(call->args, "reason", "");
    char why[200];
    snprintf(why, sizeof(why), "was cancelled by " BYTES_F "%s" BYTES_F,
             BYTES_A(call->author.n ? call->author : BYTES("somebody")), reason.n ? ": " : "",
             BYTES_A(reason));
    if (id.n)
        return cancel_one(h, call, id, why);
    if (map_bool(call->args, "all", false) || MUTANT(selector))
        return cancel_all(h, call, why);
    return verb_fail(
        call, "bad_args",
        "nothing is selected: give `id`, or `all` with state, action, swarm or client");
}

const struct verb task_verbs[] = {
    {"tasks", false, "state, action, swarm, client, limit (100, at most 1000)",
     "live tasks, oldest first, and why each one waits", query_tasks},
    {"task", false, "id", "one task, live or ended not long ago", query_task},
    {"would", false, "the fields of `request`; client, signed",
     "a dry run of a submit: who could run it, what it would wait for, its retries; nothing is stored", query_would},
    {"history", false, "limit (100, at most 1000), state, action", "the newest tasks that ended, oldest first", query_history},
    {"failed", false, "limit (100)", "tasks that failed for good and are kept", query_failed},
    {"limits", false, "", "what limited actions have taken, may still take, and how many tasks wait for it", query_limits},
    {"cancel", true, "id, or all with state, action, swarm, client; reason", "end tasks",
     command_cancel},
    {"retry", true, "id, or all", "a new task for a failed one", command_retry},
    {"purge", true, "id, or all", "forget failed tasks", command_purge},
    {0},
};
