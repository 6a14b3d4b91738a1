/* SPDX-License-Identifier: MPL-2.0 */
/* A conversation with the controllers of a realm: sockets and a clock around client.h, which knows who leads
 * and what to say again. Says nothing to people: what went wrong stands in `why`. */
#ifndef HELIOS_CLIENT_TALK_H
#define HELIOS_CLIENT_TALK_H

#include "client/place.h"
#include "proto/wait.h"

struct talk {
    struct places places;              /* owned */
    struct key key;                    /* ours; none when its public is "" */
    void *context;                     /* owned; NULL = not open */
    void *sockets[CLIENT_CONTROLLERS]; /* owned; NULL = it cannot be reached now */
    struct client_core core;
    int64_t looked;     /* clock_now: when endpoints were read last */
    struct buf in, why; /* the last message; the last failure in one sentence */
    void (*on_event)(void *whom, const struct client_event *event);
    void *whom;
};

/* talk_open connects. places are taken over; identity: a key file, or NULL; name: as of client_init. The talk is to
 * be closed in any case, and must not be moved. -EINVAL the key is none, -ENOKEY one is asked for. */
int talk_open(struct talk *t, const struct places *places, const char *identity, const char *name);
void talk_close(struct talk *t);

/* talk_connect connects a socket to an endpoint of the i-th controller, with our key when it asks for one. */
int talk_connect(struct talk *t, size_t i, void *socket, enum endpoint endpoint);

/* talk_turn sends what is due, waits at most wait_ms (or until there is something to read on `other`: a
 * socket, may be NULL) and takes in what came. -EINTR when a signal came. */
int talk_turn(struct talk *t, int64_t wait_ms, void *other);
/* talk_due: in how many ms it must turn again though nothing comes. */
int64_t talk_due(struct talk *t);
/* talk_guard bounds what peers send and we have not taken; answers in how many ms it must be called again. */
int64_t talk_guard(int64_t now);
/* talk_items fills in what a turn waits for; answers how many, at most CLIENT_CONTROLLERS. */
size_t talk_items(const struct talk *t, struct wait_item *items);

#endif
