/* SPDX-License-Identifier: MPL-2.0 */
/* The one loop of an agent process: ZeroMQ sockets, file descriptors and timers. Knows nothing of
 * what they mean. */
#ifndef HELIOS_AGENTS_LOOP_H
#define HELIOS_AGENTS_LOOP_H

#include <poll.h>

#include "common/heap.h"
#include "proto/wait.h"

/* Something to wait for. Zero it, fill it, hand it to loop_watch; its owner keeps it until
 * loop_unwatch. */
struct watch {
    void *socket; /* a ZeroMQ socket, borrowed, or NULL: then fd counts */
    int fd;
    short events; /* POLLIN, POLLOUT */
    void (*ready)(struct watch *w, short events);
    size_t place; /* 1-based; 0 = not watched */
};

/* Something to do later. Zero it, set due, hand it to loop_timer. It is out of the heap when due is
 * called. */
struct timer {
    struct heap_node node; /* key: ms of clock_now */
    void (*due)(struct timer *t);
};

struct loop {
    struct poll_set *set; /* owned */
    struct heap timers;   /* struct timer.node, soonest first */
    int64_t now;          /* of this turn, ms since 1970 that never jump */
};

void loop_init(struct loop *l);
void loop_done(struct loop *l);
void loop_watch(struct loop *l,
                struct watch *w); /* when it is watched already, its events are taken anew */
void loop_unwatch(struct loop *l, struct watch *w);
void loop_timer(struct loop *l, struct timer *t, int64_t at); /* moves it when it is set already */
void loop_no_timer(struct loop *l, struct timer *t);

enum { LOOP_LONG = 60000 };
/* loop_turn waits until something is ready or due, most_ms at most, then calls it. Every
 * watch that is ready gets one call; watches and timers may be added and taken out in the calls. */
void loop_turn(struct loop *l, int64_t most_ms);
/* For those who wait themselves (proto/outlet.h): what for, and for how many ms at most. */
size_t loop_items(const struct loop *l, const struct wait_item **ret);
int64_t loop_due(struct loop *l);

#endif
