/* SPDX-License-Identifier: MPL-2.0 */
/* Who is connected to this process, and how much each has sent that nobody has taken yet. ZeroMQ bounds neither: a message
 * without an end is kept until its last frame, subscriptions are kept for ever, connections come until no descriptor is
 * left. Here the greediest, or the youngest, are cut off; whoever is honest comes back. Descriptors belong to the process, and
 * so does this table. Refuses to know what was sent; knows TCP alone: an ipc endpoint is guarded by its file's mode. */
#ifndef HELIOS_PROTO_CROWD_H
#define HELIOS_PROTO_CROWD_H

#include "common/buf.h"

/* crowd_host: others connect to us. Takes all descriptors that we may have and can look through, and keeps a quarter of them
 * free: for our own files, and so that accepting never fails, which libzmq would try again without a pause. */
void crowd_host(void);

/* crowd_port: connections from or to the port of this endpoint are looked after. weight: bytes of our memory that one byte of
 * theirs may take. */
void crowd_port(const char *endpoint, unsigned weight);
/* crowd_took: so many bytes of the wire came as a message from this descriptor; -1 = from nobody. */
void crowd_took(int fd, size_t bytes);

/* crowd_look cuts whom it must, tells of each, and says when to look again. Times in ms. */
typedef void crowd_cut_fn(void *user, uint16_t port, const char *why);
int64_t crowd_look(int64_t now, crowd_cut_fn *told, void *user);

#endif
