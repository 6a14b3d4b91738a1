/* SPDX-License-Identifier: MPL-2.0 */
/* One descriptor that stands for all that a loop waits for, so that somebody else's loop can wait for it.
 * It is readable when there is something to do; nobody reads from it. */
#ifndef HELIOS_PROTO_OUTLET_H
#define HELIOS_PROTO_OUTLET_H

#include "proto/wait.h"

struct outlet {
    int epoll, timer; /* -1 = not open */
    struct outlet_entry *entries; /* owned; what the descriptor stands for */
    size_t n, room;
};

#define OUTLET_CLOSED ((struct outlet){.epoll = -1, .timer = -1})
int outlet_open(struct outlet *o); /* 0 when it is open already; -errno */
void outlet_done(struct outlet *o);
/* outlet_follow: from now on it is these items, and due_ms (INT64_MAX = never). To be called after every turn, when
 * all that is there was taken; a socket that has a message all the same makes it readable at once. */
void outlet_follow(struct outlet *o, const struct wait_item *items, size_t n, int64_t due_ms);

#endif
