/* SPDX-License-Identifier: MPL-2.0 */
/* The connection: hiredis' asynchronous context with our own hooks, since hiredis has neither a
 * loop nor timeouts. Works with hiredis 0.14 and 1.x. Refuses to know what is asked. One rule keeps
 * it safe: `cleanup` is called for every context that ends, whoever ends it, and clears store.ac.
 */
#include "store_inside.h"

#include <poll.h>
#include <sys/ioctl.h>

#define READS_MOST 64 /* in one turn */

struct request {
    link_answer *fn;
    void *data;
};

static void add_read(void *data)
{
    ((struct store *)data)->reading = true;
}

static void del_read(void *data)
{
    ((struct store *)data)->reading = false;
}

static void add_write(void *data)
{
    ((struct store *)data)->writing = true;
}

static void del_write(void *data)
{
    ((struct store *)data)->writing = false;
}

static void cleanup(void *data)
{
    struct store *s = data;
    if (s->ac && s->ac->err && !s->drop)
        store_hold(s, "the connection to %s is lost: %s", link_peer(s), s->ac->errstr);
    s->ac = NULL;
    s->reading = s->writing = false;
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct store *s = ac->data;
    s->connected = status == REDIS_OK;
    s->heard_at = s->now;
}

void link_connect(struct store *s)
{
    redisAsyncContext *ac =
        s->path ? redisAsyncConnectUnix(s->path) : redisAsyncConnect(s->host, s->port);
    s->connected = s->drop = false;
    s->unanswered = 0;
    s->heard_at = s->now;
    if (ac == NULL || ac->err) {
        store_hold(s, "%s at %s cannot be reached: %s", link_peer(s), s->path ? s->path : s->host,
                   ac ? ac->errstr : "out of memory");
        if (ac)
            redisAsyncFree(ac);
        return; /* the pump sees that there is no context */
    }
    s->ac = ac;
    ac->data = s;
    ac->ev.data = s;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    reader_guard(s);
    redisAsyncSetConnectCallback(ac, on_connect); /* it waits for writing from here on */
}

/* Never from inside a callback of hiredis: see store_drop. */
void link_close(struct store *s)
{
    if (s->ac)
        redisAsyncFree(s->ac);
}

short store_events(const struct store *s)
{
    return (short)((s->reading ? POLLIN : 0) | (s->writing ? POLLOUT : 0));
}

static bool more_waits(const struct store *s)
{
    int n = 0;
    return s->ac && s->state == STORE_LOADING && !s->drop && s->reading && ioctl(s->ac->c.fd, FIONREAD, &n) == 0 && n > 0;
}

/* hiredis reads 16 KiB a call; a page of records is many times that, the answer to a commit is a word. What an answer made us ask
 * leaves at once. */
void link_io(struct store *s, short revents)
{
    if (s->ac && (revents & (POLLIN | POLLERR | POLLHUP)))
        redisAsyncHandleRead(s->ac);
    for (int i = 0; i < READS_MOST && (revents & POLLIN) && more_waits(s); i++)
        redisAsyncHandleRead(s->ac);
    if (s->ac && s->connected && s->writing)
        revents |= POLLOUT;
    if (s->ac && (revents & POLLOUT))
        redisAsyncHandleWrite(s->ac);
}

int64_t link_deadline(const struct store *s)
{
    bool waits = s->ac && (!s->connected || s->unanswered);
    return waits ? s->heard_at + s->timeout_ms : INT64_MAX;
}

static void on_reply(redisAsyncContext *ac, void *reply, void *data)
{
    struct store *s = ac->data;
    struct request *request = data;
    s->unanswered--;
    s->heard_at = s->now;
    request->fn(s, s->drop ? NULL : reply, request->data);
    free(request);
}

int link_send(struct store *s, link_answer *fn, void *data, struct args *a)
{
    if (s->ac == NULL || s->drop)
        return -ENOTCONN;
    struct request *request = NEW(struct request);
    *request = (struct request){fn, data};
    struct bytes command = args_command(a);
    if (redisAsyncFormattedCommand(s->ac, on_reply, request, command.at, command.n) != REDIS_OK) {
        free(request);
        return -ENOTCONN;
    }
    if (s->unanswered++ == 0)
        s->heard_at = s->now;
    return 0;
}
