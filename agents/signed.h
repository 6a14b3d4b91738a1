/* SPDX-License-Identifier: MPL-2.0 */
/* Which signed tasks this process runs (Z7): who may sign, and what was run already, so that no
 * controller can invent, alter, redirect or replay one. Knows no slots and no controllers. */
#ifndef HELIOS_AGENTS_SIGNED_H
#define HELIOS_AGENTS_SIGNED_H

#include "agents/journal.h"
#include "common/buf.h"
#include "common/hash.h"
#include "proto/signature.h"

enum {
    SIGNED_TOLERANCE_MS = 2000, /* past its expiry, of our wall clock: as H1 has it for samples */
    SIGNED_MOST = 10000,        /* remembered at once; more are refused until some have expired */
};

struct signed_guard {
    struct key *signers; /* owned */
    size_t n_signers;
    const char *realm;       /* borrowed; what a signature must be for */
    struct signed_row *rows; /* owned hash by nonce, oldest first */
    int64_t floor; /* highest expiry that was forgotten: at or under it nothing new is taken, though
                      the clock be set back */
    struct journal journal;
};

/* One attempt that wants to start; views. */
struct signed_ask {
    const char *task;
    uint64_t attempt;
    struct bytes action, params, signature;
    struct bytes agent, swarm, role; /* of the member that is to run it */
};

void signed_init(struct signed_guard *g);
/* signed_trust adds the signers of a file, or of all *.signer.pub in a directory. -errno with a
 * sentence in *ret_why, the caller's. */
int signed_trust(struct signed_guard *g, const char *path, char **ret_why);
/* signed_open reads what an earlier process remembered. -errno. */
int signed_open(struct signed_guard *g, const char *path);
void signed_done(struct signed_guard *g);

/* signed_admit: may this attempt start now? true: it is remembered durably, under *ret_nonce. false:
 * one sentence in *why. wall: ms since 1970 of the wall clock. */
bool signed_admit(struct signed_guard *g, const struct signed_ask *ask, int64_t wall,
                  unsigned char ret_nonce[NONCE_BYTES], struct buf *why);
/* signed_completed: it came to a good end; no other attempt of it starts here. */
void signed_completed(struct signed_guard *g, const unsigned char nonce[NONCE_BYTES]);

#endif
