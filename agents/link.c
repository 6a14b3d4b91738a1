/* SPDX-License-Identifier: MPL-2.0 */
/* Owns greeting, beats and the obedience to epochs (L4, A6). Refuses to know what runs. */
#include "agents/link.h"

#include "agents/agent.h"
#include "agents/say.h"
#include "common/log.h"
#include "proto/codec.h"
#include "proto/guard.h"
#include "proto/socket.h"

enum {
    GREET_MS = 1000,
    NEVER_MS = 60000, /* a refusal "not without a change": somebody may make that change */
    AGAIN_MS = 5000,  /* a result that is not acknowledged is sent again after this long */
    UNANSWERED = 3,
    MESSAGES_A_TURN = 256,
    HWM = 10000,
};

static struct loop *loop_of(const struct link *l)
{
    return &l->member->agent->loop;
}

/* leader gives the welcomed link of the highest epoch that was seen, or NULL: nobody else is obeyed
 * or told. */
static struct link *leader(struct member *m)
{
    for (size_t i = 0; i < m->agent->n_controllers; i++)
        if (m->links[i].state == LINK_WELCOMED && m->links[i].epoch == m->agent->epoch)
            return &m->links[i];
    return NULL;
}

void links_beat(struct member *m)
{
    struct link *l = leader(m);
    if (l)
        say_beat(l);
}

void links_results(struct member *m)
{
    struct link *l = leader(m);
    if (l)
        say_results(l);
}

/* ---- the socket ---- */

static void on_readable(struct watch *w, short events);

static void disconnect(struct link *l)
{
    loop_unwatch(loop_of(l), &l->watch);
    socket_close(l->watch.socket);
    l->watch.socket = NULL;
}

static void connect_link(struct link *l)
{
    struct controller *c = l->controller;
    disconnect(l);
    l->generation = c->generation;
    l->unanswered = 0;
    if (c->agents == NULL)
        return;
    int error = socket_new(c->agent->zmq, SOCKET_DEALER, HWM, &l->watch.socket);
    if (!error)
        error = controller_connect(c, l->watch.socket, c->agents);
    if (error == -ENOKEY && !l->told)
        log_error("link.key", "%s asks for a key: make one with `helios keys new NAME --role agent`, name it in "
                  "security.key, and let it be allowed there", c->where);
    l->told = l->told || error == -ENOKEY;
    if (error && error != -ENOKEY)
        log_error("link.connect", "%s cannot connect to %s: %s", l->member->id, c->agents,
                  strerror(-error));
    if (error) {
        disconnect(l);
        return;
    }
    l->watch.events = POLLIN;
    l->watch.ready = on_readable;
    loop_watch(loop_of(l), &l->watch);
}

/* ---- what the controller says ---- */

/* obey says whether an epoch is to be followed, and remembers the highest (A6). */
static bool obey(struct link *l, uint64_t epoch)
{
    struct agent *a = l->member->agent;
    if (epoch < a->epoch) {
        if (!l->told)
            log_warn("link.epoch",
                     "%s does not obey %s: its epoch %llu is lower than %llu, which was seen",
                     l->member->id, l->controller->where, (unsigned long long)epoch,
                     (unsigned long long)a->epoch);
        l->told = true;
        return false;
    }
    a->epoch = epoch;
    return true;
}

static void greet_again(struct link *l, int64_t in_ms)
{
    l->state = LINK_GREETING;
    l->unanswered = 0;
    loop_timer(loop_of(l), &l->timer, loop_of(l)->now + in_ms);
}

static void on_welcome(struct link *l, const void *message)
{
    const struct msg_welcome *w = message;
    l->unanswered = 0;
    if (!obey(l, w->epoch)) {
        greet_again(l, GREET_MS);
        return;
    }
    if (l->state == LINK_WELCOMED && l->epoch == w->epoch)
        return; /* two hellos had crossed its answer */
    log_info("link.welcomed", "%s was welcomed by %s of realm " BYTES_F ", epoch %llu",
             l->member->id, l->controller->where, BYTES_A(w->realm), (unsigned long long)w->epoch);
    l->state = LINK_WELCOMED;
    l->epoch = w->epoch;
    l->beat_ms = MAX(10, (int64_t)MIN(w->beat_ms, (uint64_t)NEVER_MS));
    l->told = false;
    slots_say_again(l->member);
    slots_again(l->member, INT64_MAX);
    agent_dirty(l->member);
    loop_timer(loop_of(l), &l->timer, loop_of(l)->now);
}

static void on_refuse(struct link *l, const void *message)
{
    const struct msg_refuse *r = message;
    bool standby = bytes_is(r->code, "not_leader"); /* as it should be */
    if (!l->told && !standby)
        log_warn("link.refused", "%s was refused by %s: " BYTES_F, l->member->id,
                 l->controller->where, BYTES_A(r->reason));
    l->told = l->told || !standby;
    greet_again(l, r->retry_ms ? (int64_t)MIN(r->retry_ms, (uint64_t)NEVER_MS) : NEVER_MS);
}

static void on_beat_ok(struct link *l, const void *message)
{
    const struct msg_beat_ok *b = message;
    l->unanswered = 0;
    if (l->state == LINK_GREETING && b->again && b->epoch >= l->member->agent->epoch)
        greet_again(l, 0); /* a standby leads now: it need not wait for the next hello (L4) */
    if (l->state != LINK_WELCOMED)
        return;
    if (!obey(l, b->epoch) || b->again) {
        greet_again(l, b->again ? 0 : GREET_MS);
        return;
    }
    l->epoch = b->epoch;
    SEQ_EACH(c, struct msg_cancel, b->cancels)
    slots_cancel(l->member, c->task, c->attempt);
    l->member->draining = b->drain;
    if (b->drain)
        agent_dirty(l->member);
}

static void on_tasks(struct link *l, const void *message)
{
    const struct msg_tasks *t = message;
    if (!obey(l, t->epoch))
        return;
    SEQ_EACH(item, struct msg_task, t->items)
    slots_take(l->member, item);
}

static void on_results_ok(struct link *l, const void *message)
{
    const struct msg_results_ok *r = message;
    SEQ_EACH(s, struct msg_settled, r->items)
    {
        if (!bytes_is(s->code, "ok"))
            log_info("result.not_counted",
                     "the result of " BYTES_F "/%llu of %s does not count: " BYTES_F,
                     BYTES_A(s->task), (unsigned long long)s->attempt, l->member->id,
                     BYTES_A(s->code));
        slots_settle(l->member, s->task, s->attempt);
    }
    agent_dirty(l->member);
}

static void (*const handlers[MSG_COUNT])(struct link *l, const void *message) = {
    [MSG_welcome] = on_welcome, [MSG_refuse] = on_refuse,         [MSG_beat_ok] = on_beat_ok,
    [MSG_tasks] = on_tasks,     [MSG_results_ok] = on_results_ok,
};

union from_controller {
    struct msg_welcome welcome;
    struct msg_refuse refuse;
    struct msg_beat_ok beat_ok;
    struct msg_tasks tasks;
    struct msg_results_ok results_ok;
};

static void take_message(struct link *l, struct bytes body)
{
    union from_controller message;
    struct arena arena = {0};
    struct decode_error why = {"no such message"};
    int error = guard_check(body);
    int which = error ? error : message_which(body);
    if (which >= 0 && handlers[which])
        error = message_decode((enum msg)which, body, &message, &arena, &why);
    else
        error = error ? error : -EPROTO;
    if (error)
        log_warn("link.message", "%s cannot read a message of %s: %s", l->member->id,
                 l->controller->where, error == -EPROTO ? why.text : guard_reason(error));
    else
        handlers[which](l, &message);
    arena_done(&arena);
}

static void on_readable(struct watch *w, short events)
{
    static struct buf body;
    struct link *l = container_of(w, struct link, watch);
    int error = 0;
    (void)events;
    for (int i = 0; i < MESSAGES_A_TURN && error != -EAGAIN && w->socket; i++) {
        error = socket_receive(w->socket, NULL, NULL, &body);
        if (error == 0 && l->state != LINK_LEFT)
            take_message(l, buf_bytes(&body));
    }
}

/* ---- time ---- */

static void lose(struct link *l)
{
    if (l->state == LINK_WELCOMED)
        log_warn("link.lost", "%s: %u beats to %s were not answered: greeting it anew",
                 l->member->id, l->unanswered, l->controller->where);
    l->state = LINK_GREETING;
    connect_link(l);
}

/* Whose key is not let in hears nothing at all; a controller that is down looks the same. */
static void tell_silence(struct link *l)
{
    const char *key = l->member->agent->key.name;
    if (l->told || l->state != LINK_GREETING || l->watch.socket == NULL)
        return;
    l->told = true;
    log_warn("link.silent", "%s: %s has not answered %u greetings: is it down%s%s%s?", l->member->id,
             l->controller->where, l->unanswered, *key ? ", is the key " : "", key,
             *key ? " not allowed there (`helios keys allow`), or is its own key another one" : "");
}

static void on_timer(struct timer *t)
{
    struct link *l = container_of(t, struct link, timer);
    int64_t now = loop_of(l)->now;
    bool lost = l->unanswered >= UNANSWERED;
    if (lost || l->state == LINK_GREETING)
        controller_look(l->controller);
    if (lost)
        tell_silence(l);
    if (lost || (l->state == LINK_GREETING && l->generation != l->controller->generation))
        lose(l);
    l->unanswered++;
    if (l->state == LINK_WELCOMED) {
        say_beat(l);
        slots_again(l->member, now - AGAIN_MS);
        loop_timer(loop_of(l), t, now + l->beat_ms);
    } else {
        say_hello(l);
        loop_timer(loop_of(l), t, now + GREET_MS);
    }
}

void links_new(struct member *m)
{
    struct agent *a = m->agent;
    m->links = xalloc(a->n_controllers * sizeof(*m->links));
    for (size_t i = 0; i < a->n_controllers; i++) {
        struct link *l = &m->links[i];
        *l = (struct link){
            .member = m, .controller = &a->controllers[i], .timer = {.due = on_timer}};
        connect_link(l);
        loop_timer(&a->loop, &l->timer, a->loop.now);
    }
}

void links_free(struct member *m)
{
    for (size_t i = 0; m->links && i < m->agent->n_controllers; i++) {
        loop_no_timer(&m->agent->loop, &m->links[i].timer);
        disconnect(&m->links[i]);
    }
    free(m->links);
    m->links = NULL;
}

void links_greet(struct member *m)
{
    for (size_t i = 0; i < m->agent->n_controllers; i++)
        if (m->links[i].state != LINK_LEFT)
            greet_again(&m->links[i], 0);
}

void links_bye(struct member *m, const char *reason)
{
    const int linger_ms = 500; /* the only message that may leave after we are done */
    for (size_t i = 0; i < m->agent->n_controllers; i++) {
        struct link *l = &m->links[i];
        if (l->state == LINK_WELCOMED) {
            socket_linger(l->watch.socket, linger_ms);
            link_say(l, MSG_bye, &(struct msg_bye){bytes_of(reason)});
        }
        l->state = LINK_LEFT;
        loop_no_timer(loop_of(l), &l->timer);
    }
}
