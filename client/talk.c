/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sockets of a conversation. Refuses to know what is said. */
#include "client/talk.h"

#include <poll.h>
#include <sys/random.h>

#include "common/clock.h"
#include "proto/crowd.h"
#include "proto/curve.h"
#include "proto/socket.h"

enum { SOCKETS = 64, LOOK_MS = 500, HWM = 10000, AT_ONCE = 256 };

int talk_connect(struct talk *t, size_t i, void *socket, enum endpoint endpoint)
{
    const struct place *p = &t->places.at[i];
    int r = 0;
    buf_clear(&t->why);
    if (p->key[0] && t->key.public[0] == '\0') {
        buf_printf(&t->why, "%s asks for a key: make one with `helios keys new NAME --role operator`, have it allowed "
                            "there, and name it with --identity or $HELIOS_IDENTITY", p->where);
        return -ENOKEY;
    }
    if (p->key[0])
        r = curve_join(socket, &t->key, p->key);
    r = r < 0 ? r : socket_connect(socket, p->endpoints[endpoint]);
    if (r < 0)
        buf_printf(&t->why, "cannot connect to %s: %s", p->endpoints[endpoint], strerror(-r));
    return r;
}

static int connect_one(struct talk *t, size_t i)
{
    socket_close(t->sockets[i]);
    t->sockets[i] = NULL;
    if (t->places.at[i].endpoints[ENDPOINT_control] == NULL)
        return 0;
    int r = socket_new(t->context, SOCKET_DEALER, HWM, &t->sockets[i]);
    return r < 0 ? r : talk_connect(t, i, t->sockets[i], ENDPOINT_control);
}

static void on_send(void *user, size_t controller, struct bytes message)
{
    struct talk *t = user;
    if (t->sockets[controller])
        socket_send(t->sockets[controller], NULL, NULL, message);
}

static void on_tell(void *user, const struct client_event *e)
{
    struct talk *t = user;
    if (t->on_event)
        t->on_event(t->whom, e);
}

static int read_key(struct talk *t, const char *path)
{
    _autofree_ char *wrong = NULL;
    if (path == NULL || key_read(path, true, &t->key, &wrong) == 0)
        return 0;
    buf_text(&t->why, wrong);
    return -EINVAL;
}

int talk_open(struct talk *t, const struct places *places, const char *identity, const char *name)
{
    static const struct client_calls calls = {on_send, on_tell};
    uint64_t seed;
    *t = (struct talk){.places = *places};
    int r = read_key(t, identity);
    if (r)
        return r;
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) || (r = socket_context_new(SOCKETS, &t->context)) < 0) {
        buf_printf(&t->why, "no sockets can be had: %s", strerror(r ? -r : errno));
        return r ? r : -EIO;
    }
    client_init(&t->core, name, t->places.n, seed, &calls, t);
    for (size_t i = 0; i < t->places.n && r == 0; i++)
        r = connect_one(t, i);
    return r;
}

void talk_close(struct talk *t)
{
    if (t->context)
        client_done(&t->core);
    for (size_t i = 0; i < t->places.n; i++)
        socket_close(t->sockets[i]);
    socket_context_free(t->context);
    places_done(&t->places);
    key_forget(&t->key);
    buf_done(&t->in);
    buf_done(&t->why);
    *t = (struct talk){0};
}

/* A controller that was started again may listen elsewhere. */
static void look_again(struct talk *t, int64_t now)
{
    if (t->core.leader < t->places.n || now - t->looked < LOOK_MS)
        return;
    t->looked = now;
    for (size_t i = 0; i < t->places.n; i++)
        if (place_look(&t->places.at[i]))
            connect_one(t, i);
}

/* A controller that never stops talking does not keep us from the time. */
static void receive_all(struct talk *t, int64_t now)
{
    for (size_t i = 0; i < t->places.n; i++)
        for (int r = 0, n = 0; t->sockets[i] && r != -EAGAIN && n < AT_ONCE; n++) {
            r = socket_receive(t->sockets[i], NULL, NULL, &t->in);
            if (r == 0)
                client_message(&t->core, i, buf_bytes(&t->in), now);
        }
}

/* Whatever listens there may be no controller; what it cannot say is told as silence. */
static void on_cut(void *user, uint16_t port, const char *why)
{
    (void)user;
    (void)port;
    (void)why;
}

int64_t talk_guard(int64_t now)
{
    return crowd_look(now, on_cut, NULL) - now;
}

size_t talk_items(const struct talk *t, struct wait_item *items)
{
    size_t n = 0;
    for (size_t i = 0; i < t->places.n; i++)
        if (t->sockets[i])
            items[n++] = (struct wait_item){.socket = t->sockets[i], .events = POLLIN};
    return n;
}

int64_t talk_due(struct talk *t)
{
    int64_t now = clock_now(), due = client_tick(&t->core, now);
    look_again(t, now);
    return MIN(due == INT64_MAX ? INT64_MAX : MAX((int64_t)0, due - now), talk_guard(now));
}

int talk_turn(struct talk *t, int64_t wait_ms, void *other)
{
    struct wait_item items[CLIENT_CONTROLLERS + 1];
    int64_t wait = MIN(talk_due(t), MAX(wait_ms, (int64_t)0));
    size_t n = talk_items(t, items);
    if (other)
        items[n++] = (struct wait_item){.socket = other, .events = POLLIN};
    int r = wait_for(items, n, wait, 0);
    receive_all(t, clock_now());
    return r == -EINTR ? r : 0;
}
