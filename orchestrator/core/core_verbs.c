/* SPDX-License-Identifier: MPL-2.0 */
/* What concerns the realm as a whole: status, snapshot, verbs, why, the ledger, handing over. */
#include "helios.h"
#include "stance.h"
#include "verb.h"

static void pack_counters(struct helios *h, struct pack *p)
{
    pack_map(p);
#define X(name, doc) pack_put_int(p, #name, (int64_t)h->counters.name);
    COUNTERS(X)
#undef X
    pack_end(p);
}

/* While it stops people want to know for what it waits. */
static void pack_running(struct helios *h, struct pack *p)
{
    struct buf which = {0};
    work_tell_running(h, &which);
    pack_put_int(p, "running", (int64_t)work_running(h));
    pack_put_text(p, "running_tasks", buf_str(&which));
    buf_done(&which);
}

static void pack_status(struct helios *h, struct pack *p)
{
    pack_put_text(p, "version", HELIOS_VERSION);
    pack_put_str(p, "realm", h->config->realm);
    pack_put_int(p, "epoch", (int64_t)h->epoch);
    if (h->stance) { /* who leads */
        pack_put_text(p, "controller", h->stance->id);
        pack_put_text(p, "host", h->stance->host);
        pack_put_int(p, "pid", h->stance->pid);
    }
    pack_put_int(p, "now", h->now);
    pack_put_int(p, "uptime_ms", h->now - h->started);
    pack_put_text(p, "mode", enum_text(&enum_mode, h->config->mode));
    pack_put_bool(p, "held", h->held);
    pack_put_text(p, "held_why", h->held && h->redis_note ? h->redis_note : "");
    pack_put_bool(p, "closing", h->closing);
    pack_put_bool(p, "frozen", h->frozen);
    pack_put_bool(p, "paused", h->control.paused);
    pack_put_bool(p, "draining", h->control.draining);
    pack_put_str(p, "why", h->control.why);
    pack_put_int(p, "agents_live", (int64_t)h->work.n_agents_live);
    pack_put_int(p, "tasks_live", (int64_t)h->work.n_tasks);
    pack_put_int(p, "tasks_failed_kept", (int64_t)h->work.n_failed);
    if (h->closing)
        pack_running(h, p);
    pack_put_int(p, "event_seq", (int64_t)h->out.event_seq);
    pack_key(p, "health");
    health_pack(h, "realm", p);
    pack_key(p, "counters");
    pack_counters(h, p);
}

static int query_status(struct helios *h, struct verb_call *call)
{
    pack_status(h, &call->answer);
    return 0;
}

static void pack_verb(struct pack *p, const struct verb *v)
{
    pack_map(p);
    pack_put_text(p, "name", v->name);
    pack_put_text(p, "kind", v->command ? "command" : "query");
    pack_put_text(p, "args", v->args);
    pack_put_text(p, "doc", v->doc);
    pack_end(p);
}

static int query_verbs(struct helios *h, struct verb_call *call)
{
    (void)h;
    pack_key(&call->answer, "verbs");
    pack_list(&call->answer);
    for (const struct verb *const *room = verb_rooms; *room; room++)
        for (const struct verb *v = *room; v->name; v++)
            pack_verb(&call->answer, v);
    pack_end(&call->answer);
    return 0;
}

/* A tap subscribes first, then asks for the snapshot, and drops the events up to its event_seq (W1). */
static int query_snapshot(struct helios *h, struct verb_call *call)
{
    struct verb_call inner = {.answer = call->answer};
    pack_status(h, &inner.answer);
    pack_key(&inner.answer, "kpis");
    kpis_pack(h, &inner.answer, (struct bytes){0}, 200);
    static const char *const lists[] = {"agents", "tasks", "optimizations", "incidents"};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const struct verb *v = verb_find(bytes_of(lists[i]), false);
        if (v)
            v->run(h, &inner);
    }
    call->answer = inner.answer;
    return 0;
}

static void pack_entry(struct pack *p, const struct rec_entry *e)
{
    pack_map(p);
    pack_put_int(p, "n", (int64_t)e->n);
    pack_put_int(p, "at", e->at);
    pack_put_str(p, "topic", e->topic);
    pack_put_text(p, "level", enum_text(&enum_level, e->level));
    pack_put_str(p, "id", e->id);
    pack_put_str(p, "cause", e->cause);
    pack_put_str(p, "text", e->text);
    pack_put_raw(p, "data", e->data);
    pack_end(p);
}

static bool about(const struct rec_entry *e, struct bytes id)
{
    return bytes_eq(e->id, id);
}

static bool follows(const struct rec_entry *e, struct bytes id)
{
    return bytes_eq(e->cause, id) && !bytes_eq(e->id, id);
}

static size_t pack_entries(struct helios *h, struct pack *p, const char *key, struct bytes id,
                           bool (*wanted)(const struct rec_entry *, struct bytes), size_t most)
{
    size_t n = 0;
    pack_key(p, key);
    pack_list(p);
    list_each (e, &h->ledger.entries, struct entry, link)
        if (wanted(&e->r, id) && n++ < most)
            pack_entry(p, &e->r);
    pack_end(p);
    return n;
}

static struct bytes cause_of(struct helios *h, struct bytes id)
{
    list_each (e, &h->ledger.entries, struct entry, link)
        if (about(&e->r, id) && e->r.cause.n)
            return e->r.cause;
    return (struct bytes){0};
}

#define WHY_MOST 200

/* X13: what happened to it, what it follows from, what followed from it; from the ledger alone. */
static int query_why(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    if (id.n == 0)
        return verb_fail(call, "bad_args", "say which: `id` of a task, optimization, cycle, incident, …");
    pack_put_str(&call->answer, "id", id);
    struct bytes cause = cause_of(h, id);
    pack_put_str(&call->answer, "cause", cause);
    size_t found = pack_entries(h, &call->answer, "about", id, about, WHY_MOST);
    found += pack_entries(h, &call->answer, "followed_by", id, follows, WHY_MOST);
    if (found == 0)
        return verb_fail(call, "not_found",
                         "the ledger knows nothing of " BYTES_F "; its newest %d entries are kept here",
                         BYTES_A(id), LEDGER_MAX);
    if (cause.n)
        pack_entries(h, &call->answer, "from", cause, about, WHY_MOST);
    return 0;
}

static int query_ledger(struct helios *h, struct verb_call *call)
{
    int64_t most = map_int(call->args, "limit", 100);
    size_t skip = most > 0 && h->ledger.n > (size_t)most ? h->ledger.n - (size_t)most : 0;
    pack_key(&call->answer, "entries");
    pack_list(&call->answer);
    list_each (e, &h->ledger.entries, struct entry, link)
        if (skip)
            skip--;
        else
            pack_entry(&call->answer, &e->r);
    pack_end(&call->answer);
    return 0;
}

/* L3, but the process stays: another controller leads, this one stands by. */
static int command_handover(struct helios *h, struct verb_call *call)
{
    helios_stop(h);
    h->hand_over = true;
    pack_put_int(&call->answer, "epoch", (int64_t)h->epoch);
    return 0;
}

const struct verb core_verbs[] = {
    {"status", false, "", "the controller, its health and its counters", query_status},
    {"snapshot", false, "", "everything that a late joiner needs, with the number of the last event", query_snapshot},
    {"verbs", false, "", "all queries and commands", query_verbs},
    {"why", false, "id", "explains any act from the ledger", query_why},
    {"ledger", false, "limit", "the newest ledger entries, oldest first", query_ledger},
    {"handover", true, "", "stop leading in favour of another controller, then stand by (L3)", command_handover},
    {0},
};
