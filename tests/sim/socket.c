/* SPDX-License-Identifier: MPL-2.0 */
/* proto/socket.h on the virtual network, with what ZeroMQ does: a ROUTER gives each session a name that is never used again, a
 * connecting socket keeps what it could not send yet and dials again, what waits for a peer that is gone vanishes, and whoever is
 * too slow for a full queue loses. Refuses to know what the messages say. */
#include "proto/socket.h"

#include "message.h"
#include "net.h"
#include "nodes.h"
#include "toy.h"

#define REDIAL_LOW (100 * MS)
#define REDIAL_HIGH (250 * MS)

struct socket {
    struct list link; /* in node.sockets */
    struct port port;
    enum socket_kind kind;
    size_t hwm;
    char endpoint[64]; /* bound */
    char peer[64];     /* of one that connects */
    struct end *up;    /* of one that connects: its session; NULL = none now */
    bool met;          /* it had one: a PUB knows its subscriber from then on */
    struct moment redial;
    struct list ends;    /* of one that is bound: struct end.link */
    struct list inbox;   /* struct frame.link */
    struct list waiting; /* struct frame.link: until there is a session */
    size_t n_inbox, n_waiting;
};

/* ---- sessions ---- */

static void on_take(struct port *p, struct end *mine, struct frame *f)
{
    struct socket *s = container_of(p, struct socket, port);
    if (s->kind == SOCKET_SUB)
        toy_heard(p->node, mine->from_node, f->sent);
    list_push(&s->inbox, &f->link);
    s->n_inbox++;
    node_wake(p->node, world.now);
}

static void redial_later(struct socket *s)
{
    moment_at(&s->redial, world.now + draw_between(REDIAL_LOW, REDIAL_HIGH));
}

static void on_down(struct port *p, struct end *mine)
{
    struct socket *s = container_of(p, struct socket, port);
    if (s->up == mine) {
        s->up = NULL;
        redial_later(s);
    }
}

static void on_up(struct port *p, struct end *mine)
{
    list_push(&container_of(p, struct socket, port)->ends, &mine->link);
}

static const struct port_kind port_socket = {on_up, on_take, on_down};

static struct socket *bound_at(const char *endpoint)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        list_each(s, &world.nodes[i]->sockets, struct socket, link) if (strcmp(s->endpoint,
                                                                              endpoint) ==
                                                                       0) return s;
    return NULL;
}

static void on_redial(struct moment *e)
{
    struct socket *s = container_of(e, struct socket, redial);
    struct socket *to = bound_at(s->peer);
    bool answers = to && to->port.node->up && to->port.node->paused_until <= world.now &&
                   s->port.node->paused_until <= world.now;
    if (!answers || !net_open(s->port.node, to->port.node)) {
        redial_later(s);
        return;
    }
    s->up = &net_session(&s->port, &to->port)->ends[0];
    s->met = true;
    struct frame *f;
    while ((f = list_first(&s->waiting, struct frame, link))) {
        list_out(&f->link);
        net_send(s->up, f);
    }
    s->n_waiting = 0;
}

/* ---- proto/socket.h ---- */

int socket_context_new(size_t sockets, void **ret_context)
{
    (void)sockets;
    *ret_context = world.me;
    return 0;
}

void socket_context_free(void *context)
{
    (void)context;
}

int socket_new(void *context, enum socket_kind kind, int hwm, void **ret_socket)
{
    struct socket *s = NEW(struct socket);
    s->port = (struct port){context, &port_socket};
    s->kind = kind;
    s->hwm = (size_t)hwm;
    s->redial.run = on_redial;
    list_init(&s->ends);
    list_init(&s->inbox);
    list_init(&s->waiting);
    list_push(&s->port.node->sockets, &s->link);
    *ret_socket = s;
    return 0;
}

void socket_close(void *socket)
{
    struct socket *s = socket;
    if (s == NULL)
        return;
    if (s->up)
        net_hang_up(s->up);
    list_each(e, &s->ends, struct end, link) net_hang_up(e);
    moment_off(&s->redial);
    frames_free(&s->inbox);
    frames_free(&s->waiting);
    list_out(&s->link);
    free(s);
}

void socket_linger(void *socket, int linger_ms)
{
    (void)socket, (void)linger_ms; /* what was sent is on its way already */
}

int socket_bind(void *socket, const char *endpoint, char *ret_endpoint, size_t room)
{
    struct socket *s = socket;
    if (bound_at(endpoint))
        return -EADDRINUSE;
    snprintf(s->endpoint, sizeof(s->endpoint), "%s", endpoint);
    if (ret_endpoint)
        snprintf(ret_endpoint, room, "%s", endpoint);
    return 0;
}

int socket_connect(void *socket, const char *endpoint)
{
    struct socket *s = socket;
    snprintf(s->peer, sizeof(s->peer), "%s", endpoint);
    moment_at(&s->redial, world.now + draw_between(1, 2 * MS));
    return 0;
}

static struct end *routed(struct socket *s, const struct routing *to)
{
    uint32_t number;
    memcpy(&number, to->at + 1, sizeof(number));
    list_each(e, &s->ends, struct end, link) if (e->number == number) return e;
    return NULL;
}

static void send_one(struct end *e, struct bytes body)
{
    net_send(e, frame_new(body));
    if (net_sends_twice())
        net_send(e, frame_new(body));
}

static int send_connected(struct socket *s, struct bytes body)
{
    if (s->up && net_full(s->up, s->hwm))
        return s->kind == SOCKET_PUB ? 0 : -EAGAIN;
    if (s->up) {
        send_one(s->up, body);
        return 0;
    }
    if (s->kind == SOCKET_PUB && !s->met)
        return 0; /* nobody has subscribed */
    if (s->n_waiting >= s->hwm)
        return s->kind == SOCKET_PUB ? 0 : -EAGAIN;
    struct frame *f = frame_new(body);
    f->sent = world.now;
    list_push(&s->waiting, &f->link);
    s->n_waiting++;
    return 0;
}

int socket_send(void *socket, const struct routing *to, const char *topic, struct bytes body)
{
    struct socket *s = socket;
    if (s->kind == SOCKET_XPUB)
        return 0; /* nobody listens */
    (void)topic;
    trap_hit(s->port.node, POINT_say);
    if (node_muted())
        return 0;
    struct end *e = to ? routed(s, to) : NULL;
    if (world.tracing)
        message_trace("says", e ? e->from_node->name : s->peer, body);
    if (to == NULL)
        return send_connected(s, body);
    if (e == NULL)
        return -EHOSTUNREACH;
    if (net_full(e, s->hwm))
        return -EAGAIN;
    send_one(e, body);
    return 0;
}

/* No keys here: nobody proves anything. */
int socket_receive_of(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret,
                      char *ret_user)
{
    *ret_user = '\0';
    return socket_receive(socket, ret_from, ret_topic, ret);
}

int socket_receive(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret)
{
    struct socket *s = socket;
    struct frame *f = list_first(&s->inbox, struct frame, link);
    (void)ret_topic;
    if (f == NULL)
        return -EAGAIN;
    list_out(&f->link);
    s->n_inbox--;
    if (ret_from) {
        *ret_from = (struct routing){.n = 5};
        memcpy(ret_from->at + 1, &f->from, sizeof(f->from));
    }
    buf_clear(ret);
    buf_add(ret, f->body, f->n);
    free(f);
    return 0;
}

bool socket_readable(void *socket)
{
    return !list_empty(&((struct socket *)socket)->inbox);
}
