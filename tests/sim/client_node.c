/* SPDX-License-Identifier: MPL-2.0 */
#include "common/clock.h"
#include "message.h"
#include "nodes.h"
#include "proto/codec.h"
#include "proto/socket.h"

struct client {
    void *sockets[3];
    bool accepted, done;
    int64_t next;
};

static void start(struct node *n)
{
    struct client *c = n->process = NEW(struct client);
    for (int i = 0; i < 3; i++) {
        char where[64];
        snprintf(where, sizeof(where), "tcp://127.0.0.%d:7302", i + 1);
        socket_new(n, SOCKET_DEALER, 1000, &c->sockets[i]);
        socket_connect(c->sockets[i], where);
    }
}

static int64_t turn(struct node *n)
{
    struct client *c = n->process;
    int64_t now = clock_now();
    _cleanup_(buf_done) struct buf in = {0}, out = {0};
    for (int i = 0; i < 3; i++)
        while (socket_receive(c->sockets[i], NULL, NULL, &in) == 0) {
            message_trace("hears", "", buf_bytes(&in));
            if (message_which(buf_bytes(&in)) == MSG_accepted)
                c->accepted = true;
            if (message_which(buf_bytes(&in)) == MSG_done)
                c->done = true;
        }
    if (c->accepted)
        return INT64_MAX;
    if (now < c->next)
        return c->next;
    c->next = now + 1000;
    struct msg_request r = {.key = BYTES("k1"), .action = BYTES("work"), .priority = 2};
    struct msg_submit s = {BYTES("1"), BYTES("c1"), true, {&r, 1}};
    message_encode(&out, MSG_submit, &s);
    for (int i = 0; i < 3; i++)
        socket_send(c->sockets[i], NULL, NULL, buf_bytes(&out));
    return c->next;
}

static void stop(struct node *n)
{
    struct client *c = n->process;
    for (int i = 0; i < 3; i++)
        socket_close(c->sockets[i]);
    free(c);
}

const struct node_kind node_client = {"client", start, turn, stop};
