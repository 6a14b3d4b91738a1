/* SPDX-License-Identifier: MPL-2.0 */
/* orchestrator/shell/store_link.c on the virtual network: requests in order, answers in order, NULL for all whose outcome is
 * unknown. Answers are read by hiredis. Refuses to know what is asked. */
#include <poll.h>

#include "net.h"
#include "orchestrator/shell/store_inside.h"
#include "redis_node.h"

struct request {
    struct list link; /* in connection.requests */
    link_answer *fn;
    void *data;
    bool commit;
};
struct connection {
    redisAsyncContext ac; /* first: store.ac points here */
    struct port port;
    struct end *end; /* NULL: not yet, or no more */
    bool failed, closing;
    struct moment dial;
    redisReader *reader;
    struct list requests, answers; /* struct request.link, struct frame.link; oldest first */
};

static struct connection *connection_of(const struct store *s)
{
    return (struct connection *)s->ac;
}

static void on_take(struct port *p, struct end *mine, struct frame *f)
{
    struct connection *c = container_of(p, struct connection, port);
    (void)mine;
    list_push(&c->answers, &f->link);
    node_wake(p->node, world.now);
}

static void on_down(struct port *p, struct end *mine)
{
    struct connection *c = container_of(p, struct connection, port);
    (void)mine;
    c->end = NULL;
    c->failed = true;
    node_wake(p->node, world.now);
}

static const struct port_kind port_link = {NULL, on_take, on_down};

/* A blocked way answers nothing at all; a server that is down refuses. */
static void on_dial(struct moment *e)
{
    struct connection *c = container_of(e, struct connection, dial);
    struct port *redis = redis_port();
    if (redis && !net_open(c->port.node, redis->node)) {
        moment_at(e, world.now + SECOND);
        return;
    }
    c->failed = redis == NULL;
    c->end = redis ? &net_session(&c->port, redis)->ends[0] : NULL;
    node_wake(c->port.node, world.now);
}

void link_connect(struct store *s)
{
    struct connection *c = NEW(struct connection);
    c->port = (struct port){world.me, &port_link};
    c->dial.run = on_dial;
    c->reader = redisReaderCreate();
    list_init(&c->requests);
    list_init(&c->answers);
    moment_at(&c->dial, world.now + draw_between(100, 1 * MS));
    s->ac = &c->ac;
    s->connected = s->drop = false;
    s->unanswered = 0;
    s->heard_at = s->now;
}

void link_close(struct store *s)
{
    struct connection *c = connection_of(s);
    struct request *r;
    if (c == NULL)
        return;
    c->closing = true;
    while ((r = list_first(&c->requests, struct request, link))) {
        list_out(&r->link);
        r->fn(s, NULL, r->data);
        free(r);
    }
    if (c->end)
        net_hang_up(c->end);
    moment_off(&c->dial);
    frames_free(&c->answers);
    redisReaderFree(c->reader);
    free(c);
    s->ac = NULL;
    s->reading = s->writing = false;
}

short store_events(const struct store *s)
{
    (void)s;
    return POLLIN;
}

static void take(struct store *s, struct connection *c, redisReply *reply)
{
    struct request *r = list_first(&c->requests, struct request, link);
    assert(r);
    list_out(&r->link);
    if (r->commit)
        trap_hit(c->port.node, POINT_answered);
    s->unanswered--;
    s->heard_at = s->now;
    r->fn(s, s->drop ? NULL : reply, r->data);
    free(r);
    freeReplyObject(reply);
}

void link_io(struct store *s, short revents)
{
    struct connection *c = connection_of(s);
    struct frame *f;
    void *reply;
    if (c == NULL || !(revents & POLLIN))
        return;
    if (c->end && !s->connected) {
        s->connected = true;
        s->heard_at = s->now;
    }
    while ((f = list_first(&c->answers, struct frame, link))) {
        list_out(&f->link);
        redisReaderFeed(c->reader, f->body, f->n);
        free(f);
        if (redisReaderGetReply(c->reader, &reply) == REDIS_OK && reply)
            take(s, c, reply);
    }
    if (c->failed) {
        if (!s->drop)
            store_hold(s, "the connection to Redis is lost: Server closed the connection");
        link_close(s);
    }
}

int64_t link_deadline(const struct store *s)
{
    bool waits = s->ac && (!s->connected || s->unanswered);
    return waits ? s->heard_at + s->timeout_ms : INT64_MAX;
}

/* Behind the number of its words. */
static bool is_commit(struct bytes command)
{
    static const char begin[] = "\r\n$5\r\nFCALL\r\n$13\r\nhelios_commit\r\n";
    const char *words = memchr(command.at, '\r', command.n);
    size_t left = command.n - (size_t)(words - command.at);
    return left >= strlen(begin) && memcmp(words, begin, strlen(begin)) == 0;
}

int link_send(struct store *s, link_answer *fn, void *data, struct args *a)
{
    struct connection *c = connection_of(s);
    if (c == NULL || s->drop || c->closing)
        return -ENOTCONN;
    struct request *r = NEW(struct request);
    struct bytes command = args_command(a);
    *r = (struct request){.fn = fn, .data = data, .commit = is_commit(command)};
    list_push(&c->requests, &r->link);
    if (r->commit)
        trap_hit(c->port.node, POINT_commit);
    if (!node_muted() && c->end)
        net_send(c->end, frame_new(command));
    if (s->unanswered++ == 0)
        s->heard_at = s->now;
    return 0;
}
