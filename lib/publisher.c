/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sockets of a client's samples. Refuses to invent or to repeat any. */
#include "lib/publisher.h"

#include <poll.h>
#include <sys/random.h>

#include "common/clock.h"
#include "proto/codec.h"
#include "proto/socket.h"

enum { HWM = 10000, LOOK_MS = 10, LINGER_MS = 500 };

static void disconnect(struct publisher *p, size_t i)
{
    if (p->sockets[i])
        socket_linger(p->sockets[i], LINGER_MS);
    socket_close(p->sockets[i]);
    free(p->endpoints[i]);
    p->sockets[i] = NULL;
    p->endpoints[i] = NULL;
    p->heard[i] = false;
}

/* follow connects to where the controller takes samples now. XPUB, since that one tells who listens. */
static int follow(struct publisher *p, struct talk *t, size_t i)
{
    const char *kpi = t->places.at[i].endpoints[ENDPOINT_kpi];
    if (kpi == NULL || (p->endpoints[i] && strcmp(p->endpoints[i], kpi) == 0))
        return 0;
    disconnect(p, i);
    int error = socket_new(t->context, SOCKET_XPUB, HWM, &p->sockets[i]);
    error = error ? error : talk_connect(t, i, p->sockets[i], ENDPOINT_kpi);
    if (error)
        disconnect(p, i);
    else
        p->endpoints[i] = xdup(kpi);
    return error;
}

/* hear takes in who has begun (1) or ended (0) to listen; answers how many controllers do. */
static size_t hear(struct publisher *p, struct talk *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->places.n; i++) {
        while (p->sockets[i] && socket_receive(p->sockets[i], NULL, NULL, &t->in) == 0)
            p->heard[i] = t->in.n && t->in.at[0] == 1;
        n += p->heard[i];
    }
    return n;
}

static int follow_all(struct publisher *p, struct talk *t)
{
    int error = 0;
    for (size_t i = 0; i < t->places.n; i++) {
        int r = follow(p, t, i);
        error = error ? error : r;
    }
    return error;
}

static int await(struct publisher *p, struct talk *t, int64_t patience_ms)
{
    int64_t until = clock_now() + patience_ms;
    int error = follow_all(p, t);
    while (hear(p, t) == 0 && clock_now() < until && !error) {
        struct wait_item items[CLIENT_CONTROLLERS];
        size_t n = 0;
        for (size_t i = 0; i < t->places.n; i++)
            if (p->sockets[i])
                items[n++] = (struct wait_item){.socket = p->sockets[i], .events = POLLIN};
        if (wait_for(items, n, LOOK_MS, 0) == -EINTR)
            return -EINTR;
    }
    return error ? error : hear(p, t) ? 0 : -ENOTCONN;
}

static int name_instance(struct publisher *p)
{
    unsigned char drawn[16];
    if (p->instance[0])
        return 0;
    if (getrandom(drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
        return -errno;
    for (size_t i = 0; i < sizeof(drawn); i++)
        sprintf(p->instance + 2 * i, "%02x", drawn[i]);
    return 0;
}

int publisher_send(struct publisher *p, struct talk *t, const char *source, const char *kpi, double value, int64_t at,
                   int64_t patience_ms)
{
    _cleanup_(buf_done) struct buf body = {0};
    struct msg_sample sample = {bytes_of(kpi), value, at};
    int error = name_instance(p);
    error = error ? error : await(p, t, patience_ms);
    if (error)
        return error;
    struct msg_samples message = {bytes_of(source), bytes_of(p->instance), ++p->sent, {&sample, 1}};
    message_encode(&body, MSG_samples, &message);
    for (size_t i = 0; i < t->places.n; i++)
        if (p->sockets[i])
            socket_send(p->sockets[i], NULL, NULL, buf_bytes(&body));
    return 0;
}

void publisher_done(struct publisher *p)
{
    for (size_t i = 0; i < CLIENT_CONTROLLERS; i++)
        disconnect(p, i);
}
