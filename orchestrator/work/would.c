/* SPDX-License-Identifier: MPL-2.0 */
/* A dry run of a submit: what would become of a request that is sent now. Owns the answer; stores nothing, draws no number, tells
 * nobody. */
#include "common/text.h"
#include "gate.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "settle.h"
#include "submit.h"
#include "task.h"
#include "verbs.h"

enum { AGENTS_SHOWN = 50, PAUSES_SHOWN = 20 };

static void pack_refused(struct pack *p, const char *code, const char *reason)
{
    pack_put_bool(p, "accepted", false);
    pack_put_text(p, "code", code);
    pack_put_text(p, "reason", reason);
}

static void pack_known(struct pack *p, const struct submitted *s)
{
    pack_put_bool(p, "accepted", true);
    pack_put_str(p, "known", s->task ? s->task->r.id : s->kept->r.task);
    pack_put_text(p, "waits_for", "nothing: its key has a task already, which would be answered (T3)");
}

/* Who could run it, whether free or not: the least loaded one that is free gets it. */
static void pack_agents(struct pack *p, const struct class *c)
{
    size_t n = 0;
    pack_key(p, "agents");
    pack_list(p);
    if (c->internal)
        pack_text(p, "helios");
    list_each (m, &c->members, struct member, of_class)
        if (n++ < AGENTS_SHOWN)
            pack_str(p, m->agent->r.id);
    pack_end(p);
    pack_put_int(p, "agents_all", (int64_t)c->n_members);
    pack_put_int(p, "agents_free", (int64_t)c->free.n);
    pack_put_int(p, "ahead", (int64_t)c->n_ready);
}

static void pack_retries(struct helios *h, struct pack *p, const struct rec_task *r)
{
    pack_put_int(p, "max_attempts", (int64_t)r->max_attempts);
    pack_key(p, "pauses_ms");
    pack_list(p);
    for (uint64_t n = 1; n < r->max_attempts && n <= PAUSES_SHOWN; n++)
        pack_int(p, backoff_most(h, r->backoff_ms, n));
    pack_end(p);
    pack_put_int(p, "attempt_ms", (int64_t)r->attempt_ms);
    pack_put_int(p, "queue_ms", (int64_t)r->queue_ms);
    pack_put_int(p, "total_ms", (int64_t)r->total_ms);
}

static bool starts_now(struct helios *h, const struct task *t, struct bytes after)
{
    const struct class *c = t->class;
    return after.n == 0 && t->r.not_before <= h->now && gate_lock(h, t) == NULL && !h->control.paused && !h->held && !h->closing &&
           class_gate_open(h, c) && (c->internal || c->free.n) && c->n_ready == 0;
}

static void why_waits(struct helios *h, const struct task *t, struct bytes after, struct buf *out)
{
    struct task *before = after.n ? task_find(h, after) : NULL;
    struct lock *lock = gate_lock(h, t);
    if (before)
        buf_printf(out, "it comes after %s, which is %s", before->r.id.at, enum_text(&enum_task_state, (int)before->r.state));
    else if (t->r.not_before > h->now)
        task_why_time(h, t, out);
    else if (lock)
        buf_printf(out, "%s holds its lock %s", lock->holder ? lock->holder->r.id.at : "nobody", lock->name);
    else
        task_why_queue(h, t, out);
}

static void pack_would(struct helios *h, struct pack *p, const struct rec_task *r, struct bytes after)
{
    _cleanup_(buf_done) struct buf why = {0};
    struct task t = {.r = *r, .class = class_enter(h, r)};
    bool now = starts_now(h, &t, after);
    if (!now)
        why_waits(h, &t, after, &why);
    pack_put_bool(p, "accepted", true);
    pack_put_bool(p, "starts_at_once", now);
    pack_put_text(p, "waits_for", now ? "nothing" : buf_str(&why));
    pack_put_int(p, "priority", (int64_t)r->priority);
    pack_agents(p, t.class);
    pack_retries(h, p, r);
    class_leave(h, t.class);
}

static void try(struct helios *h, struct verb_call *call, const struct msg_request *request)
{
    struct submitter who = {.client = map_str(call->args, "client", "cli")};
    struct bytes after[NAMES_MOST];
    size_t n_after = 0;
    struct submitted s = {0};
    struct rec_task task;
    if (!submit_try(h, request, &who, &task, after, &n_after, &s)) {
        if (s.known)
            pack_known(&call->answer, &s);
        else
            pack_refused(&call->answer, s.code, s.reason);
        return;
    }
    if (map_bool(call->args, "signed", false))
        task.signature = BYTES("signed"); /* whether it is a good one only the agent can tell (Z7) */
    pack_would(h, &call->answer, &task, n_after ? after[0] : (struct bytes){0});
}

int query_would(struct helios *h, struct verb_call *call)
{
    struct arena arena = {0};
    struct msg_request request;
    struct decode_error err = {""};
    const char *reason, *code = submit_refuses(h, &reason);
    int r = struct_decode(part_schema("request"), call->args, &request, &arena, &err);
    if (r < 0)
        r = verb_fail(call, "bad_args", "this is no request: %s", err.text);
    else if (code)
        pack_refused(&call->answer, code, reason);
    else
        try(h, call, &request);
    arena_done(&arena);
    return r;
}
