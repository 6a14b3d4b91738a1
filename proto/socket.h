/* SPDX-License-Identifier: MPL-2.0 */
/* ZeroMQ sockets with the options that every process of Helios uses: bounds, heartbeats, linger, no
 * routing ids. The only file that knows ZeroMQ beside the loops, which wait for sockets. All answer 0 or -errno. */
#ifndef HELIOS_PROTO_SOCKET_H
#define HELIOS_PROTO_SOCKET_H

#include "common/buf.h"

struct routing { /* the automatic routing id of a ROUTER's peer: 5 bytes in libzmq 4.3 */
    uint8_t n;
    char at[15];
};

enum socket_kind { SOCKET_ROUTER, SOCKET_DEALER, SOCKET_PUB, SOCKET_SUB, SOCKET_XPUB };

/* One context a process. sockets: the most that it may have. -EMFILE… */
int socket_context_new(size_t sockets, void **ret_context);
void socket_context_free(void *context); /* after all its sockets; NULL is fine */

/* socket_new makes a socket; it is the caller's and ends with socket_close. hwm in messages. A SUB
 * gets every topic. -EMFILE… */
int socket_new(void *context, enum socket_kind kind, int hwm, void **ret_socket);
void socket_close(void *socket); /* NULL is fine */
/* socket_linger: what was sent may still leave for so long after socket_close; 0 at first. */
void socket_linger(void *socket, int linger_ms);
/* socket_bind binds; ret_endpoint (may be NULL) gets the real endpoint when the port was `*` . */
int socket_bind(void *socket, const char *endpoint, char *ret_endpoint, size_t room);
int socket_connect(void *socket, const char *endpoint);
/* socket_send sends one payload frame, never blocking. to: of a ROUTER, else NULL. topic: of a
 * PUB/XPUB, else NULL. -EAGAIN when the peer's queue is full, -EHOSTUNREACH when it is gone. */
int socket_send(void *socket, const struct routing *to, const char *topic, struct bytes body);
/* socket_receive takes one message, never blocking: 0 and its one payload frame in *ret (replaced),
 * -EAGAIN when there is none, -EBADMSG when it had other frames than expected (it is thrown away
 * whole). from: of a ROUTER, else NULL. topic: of a SUB of events (a second frame is expected
 * then), else NULL. */
int socket_receive(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret);
/* socket_receive_of also says by whom: ret_user gets what was answered to ZeroMQ's question about this
 * peer (curve.h), "" when nobody asked. */
#define SOCKET_USER 64 /* bytes of ret_user */
int socket_receive_of(void *socket, struct routing *ret_from, struct buf *ret_topic, struct buf *ret,
                      char *ret_user);

#endif
