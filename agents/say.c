/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the making of what members say. Refuses to know when. */
#include "agents/say.h"

#include <unistd.h>

#include "agents/agent.h"
#include "common/log.h"
#include "proto/codec.h"
#include "proto/guard.h"
#include "proto/socket.h"

enum {
    RESULTS_AT_ONCE = 500,
    RESULTS_BYTES = 256 * 1024,
    CHECKPOINT_BYTES = 512 * 1024, /* of checkpoints in one beat; the others come with the next */
};

/* ---- sending ---- */

int link_say(struct link *l, enum msg which, const void *message)
{
    static struct buf body; /* its room is kept */
    if (l->watch.socket == NULL)
        return -ENOTCONN;
    buf_clear(&body);
    message_encode(&body, which, message);
    int error = guard_check(buf_bytes(&body));
    return error ? error : socket_send(l->watch.socket, NULL, NULL, buf_bytes(&body));
}

/* ---- hello ---- */

static struct msg_param param_of(const struct param_rule *r)
{
    return (struct msg_param){bytes_of(r->name), bytes_of(enum_param_kind.values[r->kind]),
                              r->required};
}

/* offered lists what the member's manifest and role allow. The lists live in the arena. */
static struct seq offered(const struct member *m, struct arena *arena)
{
    const struct manifest *manifest = m->agent->manifest;
    struct msg_action *actions = arena_take(arena, (manifest->n + 1) * sizeof(*actions));
    size_t n = 0;
    for (size_t i = 0; i < manifest->n; i++) {
        const struct action *a = &manifest->actions[i];
        if (manifest_find(manifest, bytes_of(a->name), m->id, m->base, m->set->role) != a)
            continue;
        struct msg_param *params = arena_take(arena, (a->params.n + 1) * sizeof(*params));
        for (size_t p = 0; p < a->params.n; p++)
            params[p] = param_of(&a->params.rules[p]);
        actions[n++] = (struct msg_action){
            bytes_of(a->name), {params, a->params.n}, action_needs_signature(manifest, a)};
    }
    return (struct seq){actions, n};
}

/* held lists TASK/ATTEMPT of all attempts that are not settled. */
static struct seq held(const struct member *m, struct arena *arena)
{
    struct bytes *names = arena_take(arena, (HASH_COUNT(m->slots.tasks) + 1) * sizeof(*names));
    size_t n = 0;
    for (const struct attempt *a = m->slots.tasks; a; a = a->hh.next) {
        size_t room = strlen(a->asked.task) + 24;
        char *name = arena_take(arena, room);
        int length =
            snprintf(name, room, "%s/%llu", a->asked.task, (unsigned long long)a->asked.attempt);
        names[n++] = (struct bytes){name, (size_t)length};
    }
    return (struct seq){names, n};
}

void say_hello(struct link *l)
{
    struct member *m = l->member;
    struct arena arena = {0};
    struct msg_hello hello = {
        .agent = bytes_of(m->id),
        .instance = bytes_of(m->agent->instance),
        .swarm = m->set->swarm,
        .role = m->set->role,
        .title = m->set->title,
        .slots = (uint64_t)m->set->slots,
        .prefetch = (uint64_t)m->set->prefetch,
        .actions = offered(m, &arena),
        .holds = held(m, &arena),
        .epoch = m->agent->epoch,
        .host = bytes_of(m->agent->host),
        .pid = (uint64_t)getpid(),
        .version = BYTES(HELIOS_VERSION),
        .nth = ++m->hellos,
    };
    int error = link_say(l, MSG_hello, &hello);
    if (error && error != -EAGAIN && error != -ENOTCONN)
        log_error("link.hello", "%s cannot greet %s: %s", m->id, l->controller->where,
                  guard_reason(error));
    arena_done(&arena);
}

/* ---- beats ---- */

/* Checkpoints travel once: with the first beat after they were made, and again to whoever welcomes
 * us next. */
static struct msg_running running_of(struct attempt *a, size_t *room)
{
    struct msg_running r = {.task = bytes_of(a->asked.task),
                            .attempt = a->asked.attempt,
                            .percent = a->percent,
                            .note = buf_bytes(&a->note)};
    if (a->unsaid && a->saved.n <= *room) {
        r.checkpoint = buf_bytes(&a->saved);
        *room -= a->saved.n;
        a->unsaid = false;
    }
    return r;
}

void say_beat(struct link *l)
{
    struct member *m = l->member;
    struct arena arena = {0};
    struct msg_running *running = arena_take(&arena, (m->slots.n_running + 1) * sizeof(*running));
    size_t n = 0, room = CHECKPOINT_BYTES;
    list_each(a, &m->slots.running, struct attempt, link) running[n++] = running_of(a, &room);
    int error =
        link_say(l, MSG_beat, &(struct msg_beat){slots_free(m), m->slots.ended, {running, n}});
    if (error)
        slots_say_again(m);
    arena_done(&arena);
}

/* ---- results ---- */

/* send_batch sends the first n of the fresh results. One alone that the wire does not take is made
 * one that it takes. */
static int send_batch(struct link *l, struct msg_result *results, size_t n)
{
    int error;
    while ((error = link_say(l, MSG_results, &(struct msg_results){{results, n}})) &&
           error != -EAGAIN && n > 1)
        n /= 2;
    return error ? error : (int)n;
}

static size_t collect(struct member *m, struct msg_result *results)
{
    size_t n = 0, bytes = 0;
    list_each(a, &m->slots.fresh, struct attempt, link)
    {
        struct msg_result r = attempt_result(a);
        bytes += r.output.n + r.data.n + r.error.n;
        if (n == RESULTS_AT_ONCE || (n && bytes > RESULTS_BYTES))
            return n;
        results[n++] = r;
    }
    return n;
}

static void mark_sent(struct member *m, size_t n)
{
    struct attempt *a;
    for (; n && (a = list_first(&m->slots.fresh, struct attempt, link)); n--) {
        a->said = m->agent->loop.now;
        list_out(&a->link);
        list_push(&m->slots.sent, &a->link);
    }
}

void say_results(struct link *l)
{
    static struct msg_result results[RESULTS_AT_ONCE];
    struct member *m = l->member;
    size_t n;
    while ((n = collect(m, results))) {
        int sent = send_batch(l, results, n);
        if (sent > 0)
            mark_sent(m, (size_t)sent);
        else if (sent == -EAGAIN || sent == -ENOTCONN ||
                 !attempt_shrink(list_first(&m->slots.fresh, struct attempt, link),
                                 guard_reason(sent)))
            return; /* they stay fresh; the next beat tries again */
    }
}
