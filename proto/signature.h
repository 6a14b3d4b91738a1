/* SPDX-License-Identifier: MPL-2.0 */
/* What a submitter signs with its own key (Ed25519), so that who carries a task cannot change it (Z7).
 * Knows bytes and keys; knows no clock and does not remember what it has seen.
 *
 *   signed   = head, then params as a text
 *   head     = "helios task 1\0", realm, action, swarm, role, agent as texts, expires, nonce
 *   a text   = 4 bytes length, then its bytes      expires = 8 bytes      numbers: big-endian
 *   what travels beside the task = public key (32), signature (64), head                          */
#ifndef HELIOS_PROTO_SIGNATURE_H
#define HELIOS_PROTO_SIGNATURE_H

#include "proto/key.h"

#define NONCE_BYTES 16
#define SIGNATURE_MOST 1024 /* bytes beside a task */

struct statement {
    struct bytes realm, action;
    struct bytes swarm, role, agent; /* who may run it; empty = any */
    struct bytes params;             /* msgpack, as submitted; nothing = the empty map */
    int64_t expires;                 /* ms since 1970, of the wall clock */
    unsigned char nonce[NONCE_BYTES];
};

/* signature_new_pair fills public, secret and role of *k. -errno when there is no randomness. */
int signature_new_pair(struct key *k);
/* signature_make signs with k->secret and appends what travels. s->nonce is the caller's. */
int signature_make(const struct key *k, const struct statement *s, struct buf *out);
/* signature_draw fills the nonce. */
int signature_draw(struct statement *s);

/* signature_open checks what came beside a task with these params against the keys that are trusted.
 * 0 and the statement, views into both, with who made it. -EBADMSG: it is none; -ENOKEY: none of
 * these keys made it; -EKEYREJECTED: it was not made for these bytes. */
int signature_open(struct bytes beside, struct bytes params, const struct key *trusted, size_t n,
                   struct statement *ret, const struct key **ret_signer);

#endif
