/* SPDX-License-Identifier: MPL-2.0 */
/* The four sockets of a controller. Knows ZeroMQ through proto/socket.h; does not look into a
 * message. */
#ifndef HELIOS_SHELL_BUS_H
#define HELIOS_SHELL_BUS_H

#include "later.h"
#include "orchestrator/core/outbox.h"
#include "settings/settings.h"

#define BUS_ENDPOINT_MAX 256

struct bus {
    void *context; /* owned, as the sockets */
    void *sockets[ENDPOINTS];
    void *zap;          /* on which ZeroMQ asks about keys; NULL = none is asked for */
    const char *secret; /* borrowed; our key */
    char endpoints[ENDPOINTS][BUS_ENDPOINT_MAX]; /* as bound: real ports */
    bool cut[ENDPOINTS];                         /* closed; to be bound again */
    bool touched[ENDPOINTS]; /* something was done with it since it was seen to have nothing (proto/wait.h) */
    struct buf body;                             /* of the message received last */
    char user[SOCKET_USER]; /* of the same: the public key of its sender; "" without keys */
    struct later later;     /* what waits for the next message to the same peer */
    uint64_t unsent;        /* messages that a peer was too slow or too gone for */
};

/* bus_open binds all four. secret: our key's, borrowed; everybody must prove one then; NULL = no keys. -EPERM for TCP beyond
 * loopback without keys while not insecure (Z1); ret_failed names the endpoint. */
int bus_open(struct bus *b, const struct set_listen *listen, bool insecure, const char *secret,
             const char **ret_failed);
const char *bus_name(enum endpoint e); /* also the domain of its keys */
uint16_t bus_port(const struct bus *b, enum endpoint e); /* 0 for one that has none */
/* bus_cut drops all who are connected to an endpoint; bus_mend binds it again, as soon as its address is free, and answers
 * when to call again. */
void bus_cut(struct bus *b, enum endpoint e);
int64_t bus_mend(struct bus *b, int64_t now);
void bus_close(struct bus *b); /* fine on a zeroed or half-opened bus */

/* bus_receive takes one message of an endpoint: 0, -EAGAIN when there is none, -EBADMSG for one of
 * wrong frames. The body is valid until the next call. What arrives on `events` are subscriptions
 * (orchestrator/core/audience.h). */
int bus_receive(struct bus *b, enum endpoint endpoint, struct routing *ret_from,
                struct bytes *ret_body);
/* bus_say sends and never waits: a slow tap loses events (W2), a slow agent is judged by its beats.
 */
void bus_say(struct bus *b, const struct said *said);
/* bus_tick sends what has waited long enough for company (later.h), or all of it, and answers when to call again. */
int64_t bus_tick(struct bus *b, bool all);
/* bus_announce writes DIR/endpoints.json: {realm, agents, control, kpi, events, key, pid}; key: our public one, "" without. */
int bus_announce(const struct bus *b, struct bytes realm, const char *key, const char *dir);

#endif
