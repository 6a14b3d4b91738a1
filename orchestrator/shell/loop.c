/* SPDX-License-Identifier: MPL-2.0 */
/* The one loop of heliosd: everything that happens, happens in one of its turns. Owns the waiting. */
#include <poll.h>

#include "common/clock.h"
#include "common/log.h"
#include "proto/crowd.h"
#include "proto/wait.h"
#include "shell.h"

enum { ITEMS = ENDPOINTS + 3 };

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

/* spin_us: an answer of Redis that waits for no disk is there sooner than we were woken; one that does takes longer, and whoever works
 * for it needs the processor. */
static int64_t spin_us(const struct shell *s)
{
    enum { SPIN_US = 40 };
    bool soon = !store_idle(s->store) && s->config->state.durability != durability_always;
    return soon ? SPIN_US : 0;
}

/* loop_wait answers which endpoints have something. */
static unsigned loop_wait(struct shell *s, int64_t due)
{
    struct wait_item items[ITEMS];
    size_t n = 0;
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        items[n++] = (struct wait_item){.socket = s->bus.sockets[e], .fd = -1, .events = POLLIN, .quiet = !s->bus.touched[e]};
    size_t signals = n++, store = n++;
    items[signals] = (struct wait_item){.fd = s->signal_fd, .events = POLLIN};
    items[store] = (struct wait_item){.fd = store_fd(s->store), .events = store_events(s->store)};
    if (s->bus.zap) /* who knocks is answered by door_tick */
        items[n++] = (struct wait_item){.socket = s->bus.zap, .fd = -1, .events = POLLIN};
    int64_t wait = MIN(MAX(due - clock_now(), 0), 60000);
    int r = wait_for(items, n, wait, spin_us(s));
    unsigned endpoints = 0;
    for (enum endpoint e = 0; e < ENDPOINTS; e++) {
        endpoints |= items[e].revents ? ENDPOINT_BIT(e) : 0;
        s->bus.touched[e] = items[e].revents != 0;
    }
    int64_t now = clock_now();
    store_pump(s->store, r > 0 ? items[store].revents : 0, now);
    if (r > 0 && items[signals].revents)
        signals_take(s, now);
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
