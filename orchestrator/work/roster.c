/* SPDX-License-Identifier: MPL-2.0 */
/* Owns which agents are known and live: hello, beat, bye, lost (A2, A3, A5, A9). Refuses to know
 * what they run: that is settled in settle.c and holds.c. */
#include "roster.h"

#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "settle.h"
#include "task.h"

struct agent *agent_find(struct helios *h, struct bytes id)
{
    struct agent *a;
    HASH_FIND(hh, h->work.agents_by_id, id.at, id.n, a);
    return a;
}

/* The part of a routing id that is not used is always 0, so that it can be a key. */
static struct routing route_key(const struct routing *from)
{
    struct routing key = {.n = from->n};
    memcpy(key.at, from->at, MIN((size_t)from->n, sizeof(key.at)));
    return key;
}

/* A routing id can be taken over by another connection, a key cannot (Z2). */
static bool proves(const struct helios *h, const struct agent *a)
{
    return h->who == NULL || (a->key && strcmp(a->key, h->who->public) == 0);
}

static struct agent *on_route(struct helios *h, const struct routing *from)
{
    struct routing key = route_key(from);
    struct agent *a;
    HASH_FIND(hh_route, h->work.agents_by_route, &key, sizeof(key), a);
    return a;
}

struct agent *agent_by_route(struct helios *h, const struct routing *from)
{
    struct agent *a = on_route(h, from);
    return a && proves(h, a) ? a : NULL;
}

#define HELLO_MS 1000 /* an agent that is not welcomed greets this often */

static int64_t patience(const struct helios *h)
{
    return h->config->agents.beat_ms * h->config->agents.missed;
}

/* ---- gone ---- */

void agent_gone(struct helios *h, struct agent *a)
{
    timer_stop(h, &a->lost);
    timer_stop(h, &a->drain);
    stops_forget(h, a);
    if (!a->live)
        return;
    a->live = false;
    h->work.n_agents_live--;
    HASH_DELETE(hh_route, h->work.agents_by_route, a);
    agent_withdraws(h, a);
    list_out(&a->sends);
}

static void lose_all(struct helios *h, struct agent *a, const char *how, bool blameless)
{
    for (struct task *t; (t = list_first(&a->held, struct task, held));)
        attempt_lost(h, t, how, blameless);
}

static void lose(struct helios *h, struct agent *a, const char *why, bool blameless)
{
    unsigned n = a->n_held;
    agent_gone(h, a);
    h->counters.agents_lost++;
    a->r.lost = true;
    save_mark(h, &a->save);
    note(h, EVENT_agent_lost, a->r.id.at, NULL, NULL, "%s of swarm %s %s with %u attempts", a->r.id.at,
         a->r.swarm.n ? a->r.swarm.at : "-", why, n);
    lose_all(h, a, "its agent vanished", blameless);
}

static void lost(struct helios *h, struct timer *timer)
{
    char why[48];
    snprintf(why, sizeof(why), "missed %lld beats", (long long)h->config->agents.missed);
    lose(h, container_of(timer, struct agent, lost), why, false);
}

void work_revoke(struct helios *h, const char *public, const char *name)
{
    struct agent *a, *next;
    char why[96];
    snprintf(why, sizeof(why), "had its key %s revoked", name);
    HASH_ITER (hh, h->work.agents_by_id, a, next)
        if (a->live && a->key && strcmp(a->key, public) == 0)
            lose(h, a, why, true);
}

/* Who held on to the leader before us needs its three beats to notice, then says hello once a
 * second; only after that do three more missed beats mean anything. */
void agent_expect(struct helios *h, struct agent *a)
{
    if (!a->r.stopped && !a->r.lost)
        timer_set(h, &a->lost, h->now + 2 * patience(h) + HELLO_MS);
}

void agent_seen(struct helios *h, struct agent *a)
{
    a->seen = h->now;
    timer_set(h, &a->lost, h->now + patience(h));
}

/* What it still held was not finished: no blame, the tasks go elsewhere at once (A9). */
void on_bye(struct helios *h, const struct routing *from, const struct msg_bye *m)
{
    struct agent *a = agent_by_route(h, from);
    if (a == NULL)
        return;
    agent_gone(h, a);
    a->r.stopped = true;
    a->r.draining = false;
    a->r.drain_until = 0;
    a->r.seen = h->now;
    save_mark(h, &a->save);
    note(h, EVENT_agent_left, a->r.id.at, NULL, NULL, "%s left: " BYTES_F, a->r.id.at,
         BYTES_A(m->reason.n ? m->reason : BYTES("no reason given")));
    lose_all(h, a, "its agent left", true);
}

/* ---- born ---- */

struct agent *agent_new(struct helios *h, const struct rec_agent *record)
{
    struct agent *a = NEW(struct agent);
    a->r = *record;
    save_init(&a->save, REC_agent, &a->r, &a->r.id);
    list_init(&a->members);
    list_init(&a->held);
    list_init(&a->stops);
    list_init(&a->outgoing);
    list_init(&a->sends);
    a->lost.run = lost;
    a->drain.run = agent_drain_over;
    HASH_ADD_KEYPTR(hh, h->work.agents_by_id, a->r.id.at, a->r.id.n, a);
    return a;
}

static void forget_texts(struct agent *a)
{
    char **const texts[] = {&a->instance, &a->title, &a->host, &a->version, &a->key};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
    own_set(&a->actions_packed, (struct bytes){0});
}

static void agent_forget(struct helios *h, struct agent *a)
{
    agent_gone(h, a);
    HASH_DEL(h->work.agents_by_id, a);
    save_forget(&a->save);
    forget_texts(a);
    record_free(&schema_records[REC_agent], &a->r);
    free(a);
}

void agent_free_all(struct helios *h)
{
    struct agent *a, *next;
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    agent_forget(h, a);
}

/* ---- hello ---- */

static void refuse(struct helios *h, const struct routing *from, const struct msg_hello *m,
                   const char *code, const char *reason)
{
    struct msg_refuse refuse = {.reason = bytes_of(reason),
                                .code = bytes_of(code),
                                .retry_ms =
                                    (uint64_t)(strcmp(code, "bad_hello") == 0 ? 0 : patience(h))};
    _autofree_ char *id = bytes_dup(text_is_name(m->agent) ? m->agent : BYTES("?"));
    say(h, ENDPOINT_agents, from, MSG_refuse, &refuse, SAY_NOW);
    note(h, EVENT_agent_refused, id, NULL, NULL, "%s was not taken in: %s", id, reason);
}

static const char *hello_mistake(const struct msg_hello *m)
{
    if (!text_is_name(m->agent))
        return "an agent's id is 1 to 64 letters, digits and _.:-";
    if (!text_is_name(m->swarm))
        return "a swarm's name is 1 to 64 letters, digits and _.:-";
    if (m->instance.n == 0 || m->instance.n > 64)
        return "an instance is 1 to 64 bytes";
    if (m->slots < 1 || m->slots > AGENT_MAX_SLOTS || m->prefetch > AGENT_MAX_PREFETCH)
        return "slots are 1 to 1024, prefetch 0 to 4096";
    SEQ_EACH(action, struct msg_action, m->actions)
    if (!text_is_name(action->name))
        return "an action's name is 1 to 64 letters, digits and _.:-";
    return NULL;
}

/* Only what is dead and holds nothing can make room for a new one. */
static bool make_room(struct helios *h)
{
    struct agent *a, *next;
    if (HASH_CNT(hh, h->work.agents_by_id) < (size_t)h->config->agents.max)
        return true;
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    if (!a->live && a->n_held == 0 && !a->r.paused) {
        save_drop(h, &a->save);
        agent_forget(h, a);
        return true;
    }
    return false;
}

static bool admitted(struct helios *h, const struct routing *from, const struct msg_hello *m)
{
    const char *mistake = hello_mistake(m);
    struct agent *known = mistake ? NULL : agent_find(h, m->agent), *here = on_route(h, from);
    if (mistake)
        refuse(h, from, m, "bad_hello", mistake);
    else if (here && (here != known || !proves(h, here)))
        refuse(h, from, m, "bad_hello", "this connection speaks for another agent already");
    else if (m->epoch > h->epoch)
        refuse(h, from, m, "not_leader",
               "this controller leads no more: the agent has seen a newer one");
    else if (h->who && !key_may_be(h->who, m->agent))
        refuse(h, from, m, "not_allowed", "its key is not that of an agent with this id");
    else if (known && known->live && (!proves(h, known) || !bytes_is(m->instance, known->instance)))
        refuse(h, from, m, "id_in_use", "another live instance has this id");
    else if (known == NULL && !make_room(h))
        refuse(h, from, m, "not_allowed", "there are as many agents as agents.max allows");
    else
        return true;
    return false;
}

static void pack_actions(struct agent *a, const struct msg_hello *m)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    SEQ_EACH(action, struct msg_action, m->actions)
    {
        pack_key_bytes(&p, action->name);
        pack_map(&p);
        SEQ_EACH(param, struct msg_param, action->params)
        {
            pack_key_bytes(&p, param->name);
            pack_str(&p, param->kind);
        }
        pack_end(&p);
    }
    pack_end(&p);
    own_set(&a->actions_packed, buf_bytes(&out));
    buf_done(&out);
}

static void take_in(struct helios *h, struct agent *a, const struct routing *from,
                    const struct msg_hello *m)
{
    forget_texts(a);
    a->instance = bytes_dup(m->instance);
    a->title = bytes_dup(m->title.n ? m->title : m->agent);
    a->host = bytes_dup(m->host);
    a->version = bytes_dup(m->version);
    a->key = h->who ? xdup(h->who->public) : NULL;
    a->pid = m->pid;
    a->hellos = m->nth;
    a->slots = (unsigned)m->slots;
    a->prefetch = (unsigned)m->prefetch;
    own_set(&a->r.swarm, m->swarm);
    a->r.role = m->role;
    a->r.stopped = a->r.lost = false;
    a->r.seen = h->now;
    a->routing = route_key(from);
    a->live = true;
    h->work.n_agents_live++;
    HASH_ADD(hh_route, h->work.agents_by_route, routing, sizeof(a->routing), a);
    pack_actions(a, m);
    agent_offers(h, a, m);
    save_mark(h, &a->save);
}

static void welcome(struct helios *h, const struct routing *from)
{
    struct msg_welcome welcome = {.realm = h->config->realm,
                                  .epoch = h->epoch,
                                  .beat_ms = (uint64_t)h->config->agents.beat_ms};
    say(h, ENDPOINT_agents, from, MSG_welcome, &welcome, SAY_AFTER_COMMIT);
}

static struct agent *fresh(struct helios *h, const struct msg_hello *m)
{
    struct rec_agent r;
    struct_defaults(&schema_records[REC_agent], &r);
    r.id = m->agent;
    record_own(&schema_records[REC_agent], &r);
    return agent_new(h, &r);
}

/* is_late: it was said before another one that has come already, over a connection that is gone since. What it says it holds is of
 * then: what it was given in between would be taken for lost, and run a second time (T5). */
static bool is_late(const struct agent *a, const struct msg_hello *m)
{
    return a && a->instance && bytes_is(m->instance, a->instance) && m->nth && m->nth < a->hellos;
}

void on_hello(struct helios *h, const struct routing *from, const struct msg_hello *m)
{
    if (!admitted(h, from, m))
        return;
    struct agent *a = agent_find(h, m->agent);
    if (is_late(a, m))
        return;
    bool was_live = a && a->live;
    bool again = was_live && agent_by_route(h, from) == a;
    if (a == NULL)
        a = fresh(h, m);
    agent_gone(h, a);
    take_in(h, a, from, m);
    if (!list_empty(&a->outgoing)) /* what began just before it greeted again goes to where it is now */
        list_push(&h->work.sending, &a->sends);
    agent_seen(h, a);
    if (a->r.draining && a->r.drain_until > h->now)
        timer_set(h, &a->drain, a->r.drain_until);
    if (!was_live)
        note(h, EVENT_agent_joined, a->r.id.at, NULL, NULL,
             "%s joined swarm %s as %s with %u slots and %zu actions", a->r.id.at, a->r.swarm.at,
             enum_text(&enum_role, (int)a->r.role), a->slots, a->n_offers);
    welcome(h, from);
    holds_settle(h, a, m, again);
}
