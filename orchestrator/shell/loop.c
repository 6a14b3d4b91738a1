/* SPDX-License-Identifier: MPL-2.0 */
/* The one loop of heliosd: everything that happens, happens in one of its turns. Owns the waiting. */
#include <poll.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/log.h"
#include "proto/crowd.h"
#include "shell.h"

enum { ITEM_SIGNALS = ENDPOINTS, ITEMS = ENDPOINTS + 3 };

struct cuts {
    struct shell *shell;
    unsigned n;
    const char *why; /* of the last one */
};

static void on_cut(void *user, uint16_t port, const char *why)
{
    struct cuts *c = user;
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        if (bus_port(&c->shell->bus, e) == port)
            helios_refused(c->shell->core, e, why);
    c->n++;
    c->why = why;
}

/* watch_crowd bounds what peers leave with us; one line a look, however many they are. */
static int64_t watch_crowd(struct shell *s)
{
    struct cuts cuts = {.shell = s};
    int64_t due = crowd_look(clock_now(), on_cut, &cuts);
    if (cuts.n)
        log_warn("peers.cut", "connections cut off: %u; the last: %s", cuts.n, cuts.why);
    return due;
}

/* loop_wait answers which endpoints have something. */
static unsigned loop_wait(struct shell *s, int64_t due)
{
    zmq_pollitem_t items[ITEMS];
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        items[e] = (zmq_pollitem_t){.socket = s->bus.sockets[e], .events = ZMQ_POLLIN};
    items[ITEM_SIGNALS] = (zmq_pollitem_t){.fd = s->signal_fd, .events = ZMQ_POLLIN};
    int n = ITEM_SIGNALS + 1;
    if (s->bus.zap) /* who knocks is answered by door_tick */
        items[n++] = (zmq_pollitem_t){.socket = s->bus.zap, .events = ZMQ_POLLIN};
    int store = n;
    short wanted = store_events(s->store);
    if (store_fd(s->store) >= 0)
        items[n++] = (zmq_pollitem_t){.fd = store_fd(s->store),
                                      .events = (short)((wanted & POLLIN ? ZMQ_POLLIN : 0) |
                                                        (wanted & POLLOUT ? ZMQ_POLLOUT : 0))};
    int64_t wait = MAX(due - clock_now(), 0);
    if (zmq_poll(items, n, (long)MIN(wait, 60000)) < 0)
        n = 0; /* interrupted: nothing is known to be ready */
    short ready = n > store ? items[store].revents : 0;
    int64_t now = clock_now();
    store_pump(s->store,
               (short)((ready & (ZMQ_POLLIN | ZMQ_POLLERR) ? POLLIN : 0) |
                       (ready & ZMQ_POLLOUT ? POLLOUT : 0)),
               now);
    if (n > ITEM_SIGNALS && items[ITEM_SIGNALS].revents)
        signals_take(s, now);
    unsigned endpoints = 0;
    for (enum endpoint e = 0; e < ENDPOINTS && n > 0; e++)
        if (items[e].revents)
            endpoints |= ENDPOINT_BIT(e);
    return endpoints;
}

void loop_run(struct shell *s)
{
    int64_t due = shell_begin(s);
    while (!loop_over(s)) {
        due = MIN(due, watch_crowd(s));
        due = shell_turn(s, loop_wait(s, due));
    }
}
