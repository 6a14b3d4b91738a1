/* SPDX-License-Identifier: MPL-2.0 */
/* The four sockets of a controller. Knows ZeroMQ through proto/socket.h; does not look into a
 * message. */
#ifndef HELIOS_SHELL_BUS_H
#define HELIOS_SHELL_BUS_H

#include "orchestrator/core/outbox.h"
#include "settings/settings.h"

#define BUS_ENDPOINT_MAX 256

struct bus {
    void *context; /* owned, as the sockets */
    void *sockets[ENDPOINTS];
    char endpoints[ENDPOINTS][BUS_ENDPOINT_MAX]; /* as bound: real ports */
    struct buf body;                             /* of the message received last */
    uint64_t unsent; /* messages that a peer was too slow or too gone for */
};

/* bus_open binds all four. -EPERM for TCP beyond loopback while not insecure (Z1); ret_failed names
 * the endpoint. */
int bus_open(struct bus *b, const struct set_listen *listen, bool insecure,
             const char **ret_failed);
void bus_close(struct bus *b); /* fine on a zeroed or half-opened bus */

/* bus_receive takes one message of an endpoint: 0, -EAGAIN when there is none, -EBADMSG for one of
 * wrong frames. The body is valid until the next call. What arrives on `events` are subscriptions:
 * they are taken and mean nothing. */
int bus_receive(struct bus *b, enum endpoint endpoint, struct routing *ret_from,
                struct bytes *ret_body);
/* bus_say sends and never waits: a slow tap loses events (W2), a slow agent is judged by its beats.
 */
void bus_say(struct bus *b, const struct said *said);
/* bus_announce writes DIR/endpoints.json: {realm, agents, control, kpi, events, pid}. */
int bus_announce(const struct bus *b, struct bytes realm, const char *dir);

#endif
