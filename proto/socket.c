/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the options of sockets and the frames of messages. Refuses to know what the frames say, and
 * never blocks. */
#include "socket.h"

#include <zmq.h>

#include "crowd.h"
#include "names.h"

/* Unexpected frames thrown away in one call. */
enum { DRAIN_AT_ONCE = 1024 };

/* Options that every socket gets. Milliseconds, but the keepalive's seconds. No linger: what must not
 * be lost is sent again by its owner, never kept by a dying socket. */
static const struct {
    int option, value;
} common_options[] = {
    {ZMQ_LINGER, 0},
    {ZMQ_BACKLOG, 1024}, /* a flood of connects fills 100; who does not fit tries again a second later */
    {ZMQ_RCVBUF, 256 * 1024}, /* what the kernel holds comes to us even after a connection was cut */
    {ZMQ_HANDSHAKE_IVL, 2000},
    {ZMQ_HEARTBEAT_IVL, 2000},
    {ZMQ_HEARTBEAT_TIMEOUT, 6000},
    {ZMQ_TCP_KEEPALIVE, 1},
    {ZMQ_TCP_KEEPALIVE_IDLE, 30},
    {ZMQ_IMMEDIATE, 0},
};

static const int types[] = {
    [SOCKET_ROUTER] = ZMQ_ROUTER, [SOCKET_DEALER] = ZMQ_DEALER, [SOCKET_PUB] = ZMQ_PUB,
    [SOCKET_SUB] = ZMQ_SUB,       [SOCKET_XPUB] = ZMQ_XPUB,
};

/* As GUARD_MAX_BYTES; an int64_t, or libzmq refuses it. Nothing comes to a publisher but topics and, with keys, the
 * handshake of 300 bytes. */
static const int64_t largest_bytes = 1024 * 1024, largest_topic = 1024;

/* What comes as a message is soon gone; each byte of a topic is a node of libzmq's tree, and stays. */
enum { PASSING = 1, STAYING = 64 };

/* libzmq takes all topics that wait into its tree before it does anything else. */
enum { TOPICS_AT_ONCE = 100 };

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int set_thread(void *socket, size_t number)
{
    uint64_t only = 1ULL << number;
    return zmq_setsockopt(socket, ZMQ_AFFINITY, &only, sizeof(only));
}

static int set_options(void *socket, enum socket_kind kind, int hwm)
{
    const int64_t *largest =
        kind == SOCKET_PUB || kind == SOCKET_XPUB ? &largest_topic : &largest_bytes;
    int error = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, largest, sizeof(*largest));
    for (size_t i = 0; i < ARRAY_SIZE(common_options) && !error; i++)
        error = set_int(socket, common_options[i].option, common_options[i].value);
    if (!error)
        error = set_int(socket, ZMQ_RCVHWM, kind == SOCKET_XPUB ? TOPICS_AT_ONCE : hwm);
    if (!error)
        error = set_int(socket, ZMQ_SNDHWM, hwm);
    /* Without it, messages to a peer that is gone would vanish in silence. */
    if (!error && kind == SOCKET_ROUTER)
        error = set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    if (!error && kind == SOCKET_SUB)
        error = zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (!error)
        error = set_thread(socket, 0);
    return error ? -zmq_errno() : 0;
}

int socket_context_new(size_t sockets, void **ret_context)
{
    void *context = zmq_ctx_new();
    if (context == NULL)
        return -zmq_errno();
    if (zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)sockets) ||
        zmq_ctx_set(context, ZMQ_IO_THREADS, NAMES_THREADS)) {
        int error = -zmq_errno();
        zmq_ctx_term(context);
        return error;
    }
    *ret_context = context;
    return 0;
}

void socket_context_free(void *context)
{
    if (context)
        zmq_ctx_term(context);
}

int socket_new(void *context, enum socket_kind kind, int hwm, void **ret_socket)
{
    void *socket = zmq_socket(context, types[kind]);
    if (socket == NULL)
        return -zmq_errno();
    int error = set_options(socket, kind, hwm);
    if (error) {
        zmq_close(socket);
        return error;
    }
    *ret_socket = socket;
    return 0;
}

void socket_close(void *socket)
{
    if (socket)
        zmq_close(socket);
}

void socket_linger(void *socket, int linger_ms)
{
    set_int(socket, ZMQ_LINGER, linger_ms);
}

static unsigned weight(void *socket)
{
    int type = 0;
    size_t n = sizeof(type);
    zmq_getsockopt(socket, ZMQ_TYPE, &type, &n);
    return type == ZMQ_XPUB ? STAYING : PASSING;
}

int socket_bind(void *socket, const char *endpoint, char *ret_endpoint, size_t room)
{
    char real[256];
    size_t n = sizeof(real);
    if (zmq_bind(socket, endpoint) || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, real, &n))
        return -zmq_errno();
    crowd_port(real, weight(socket));
    if (ret_endpoint)
        snprintf(ret_endpoint, room, "%s", real);
    return 0;
}

int socket_connect(void *socket, const char *endpoint)
{
    crowd_port(endpoint, PASSING);
    return set_thread(socket, names_thread(endpoint)) || zmq_connect(socket, endpoint) ? -zmq_errno() : 0;
}

int socket_send(void *socket, const struct routing *to, const char *topic, struct bytes body)
{
    if (to && zmq_send(socket, to->at, to->n, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return -zmq_errno();
    if (topic && zmq_send(socket, topic, strlen(topic), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return -zmq_errno();
    /* libzmq takes a message whole: once its first frame is in, the last one is never refused for
     * want of room. */
    return zmq_send(socket, body.at, body.n, ZMQ_DONTWAIT) < 0 ? -zmq_errno() : 0;
}

/* more says whether the frame that was received last has another one behind it. */
static bool more(void *socket)
{
    int yes = 0;
    size_t n = sizeof(yes);
    return zmq_getsockopt(socket, ZMQ_RCVMORE, &yes, &n) == 0 && yes;
}

/* take receives a frame and counts what it took on the wire: a flag, its length in 1 byte or 8, and when
 * it was encrypted, what libzmq puts around it. */
static int take(void *socket, zmq_msg_t *ret)
{
    if (zmq_msg_recv(ret, socket, ZMQ_DONTWAIT) < 0)
        return -zmq_errno();
    enum { SHORT_FRAME = 2, LONG_FRAME = 9, SHORT_MAX = 255, SEALED = 33 };
    int mechanism = ZMQ_NULL;
    size_t n = sizeof(mechanism);
    zmq_getsockopt(socket, ZMQ_MECHANISM, &mechanism, &n);
    size_t bytes = zmq_msg_size(ret) + (mechanism == ZMQ_CURVE ? SEALED : 0);
    crowd_took(zmq_msg_get(ret, ZMQ_SRCFD), bytes + (bytes > SHORT_MAX ? LONG_FRAME : SHORT_FRAME));
    return 0;
}

/* drain throws the rest of a message away, a bounded part of it in one call. When frames are left,
 * ZMQ_RCVMORE stays set and the next socket_receive goes on here: a frame in the middle is never
 * taken for the start of a message. */
static int drain(void *socket)
{
    for (int i = 0; i < DRAIN_AT_ONCE && more(socket); i++) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        int error = take(socket, &frame);
        zmq_msg_close(&frame);
        if (error)
            return error;
    }
    return -EBADMSG;
}

/* The body's own frame knows the user; those before it need not. */
static void take_user(const zmq_msg_t *frame, char *ret_user)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    snprintf(ret_user, SOCKET_USER, "%s", user ? user : "");
}

static int receive_frame(void *socket, struct buf *ret, char *ret_user)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    int error = take(socket, &frame);
    if (!error) {
        buf_clear(ret);
        buf_add(ret, zmq_msg_data(&frame), zmq_msg_size(&frame));
        if (ret_user)
            take_user(&frame, ret_user);
    }
    zmq_msg_close(&frame);
    return error;
}

/* receive_routing answers -EBADMSG for an id that does not fit: only a peer that set its own has
 * one. */
static int receive_routing(void *socket, struct routing *ret)
{
    int n = zmq_recv(socket, ret->at, sizeof(ret->at), ZMQ_DONTWAIT);
    if (n < 0)
        return -zmq_errno();
    ret->n = (uint8_t)MIN(n, (int)sizeof(ret->at));
    return n > (int)sizeof(ret->at) || !more(socket) ? -EBADMSG : 0;
}

int socket_receive_of(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret,
                      char *ret_user)
{
    if (more(socket))
        return drain(socket);
    int error = ret_from ? receive_routing(socket, ret_from) : 0;
    if (!error && ret_topic) {
        error = receive_frame(socket, ret_topic, NULL);
        if (!error && !more(socket))
            error = -EBADMSG;
    }
    if (!error)
        error = receive_frame(socket, ret, ret_user);
    if (error == -EBADMSG || (!error && more(socket)))
        return drain(socket);
    return error;
}

int socket_receive(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret)
{
    return socket_receive_of(socket, ret_from, ret_topic, ret, NULL);
}
