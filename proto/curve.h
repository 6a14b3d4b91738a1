/* SPDX-License-Identifier: MPL-2.0 */
/* CURVE on sockets, and the questions that ZeroMQ asks of us about each peer that knocks (ZAP, RFC 27). Knows ZeroMQ; refuses
 * to know who is let in. All answer 0 or -errno. */
#ifndef HELIOS_PROTO_CURVE_H
#define HELIOS_PROTO_CURVE_H

#include "proto/key.h"

/* curve_there: was libzmq built with it? */
bool curve_there(void);
int curve_new_pair(char ret_public[KEY_TEXT], char ret_secret[KEY_TEXT]);

/* Before socket_bind: peers must prove a key, and are asked about in this domain. */
int curve_serve(void *socket, const char *secret, const char *domain);
/* Before socket_connect: we prove ours, and talk to nobody but the owner of `server`. */
int curve_join(void *socket, const struct key *ours, const char *server);

/* One question: may the owner of this key come in? */
struct zap_question {
    char request[64]; /* of the answer; as libzmq numbers it */
    char domain[32];
    char public[KEY_TEXT]; /* the peer's; proved */
};
/* zap_open binds the socket on which libzmq asks; before any server socket is bound. It is polled and
 * closed as others are. */
int zap_open(void *context, void **ret_socket);
/* zap_next: 0 and a question, which must be answered before the next; -EAGAIN when there is none.
 * What is no question of CURVE is refused here. */
int zap_next(void *socket, struct zap_question *ret);
/* user: what socket_receive_of hands out with each message of that peer; at most 255 bytes; NULL = refused. */
int zap_answer(void *socket, const struct zap_question *q, const char *user);

#endif
