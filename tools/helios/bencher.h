/* SPDX-License-Identifier: MPL-2.0 */
/* Work for measuring: submits tasks straight to the leader and takes the time until they are done. Round trips go one after the
 * other; a flow keeps a window of tasks on their way. Nothing is asked twice here, so tasks need no keys; they may have some. */
#ifndef HELIOS_TOOL_BENCHER_H
#define HELIOS_TOOL_BENCHER_H

#include "common/buf.h"
#include "proto/schema.h"

#define BENCH_BATCH_MOST 1000 /* as many as a submit takes */

struct bencher {
    void *socket;               /* borrowed; to the leader's control endpoint */
    struct msg_request request; /* borrowed; what each task asks for */
    const char *client;         /* borrowed; our name */
    int64_t until;              /* clock_now: not longer than this */
    const char *keys;           /* borrowed; each task's idempotency key begins so; NULL = they have none */
    uint64_t n_keys;
    struct buf in, out;         /* owned */
    uint64_t accepted, done, failed;
    char why[256]; /* why it went no further; "" = it did */
};

struct bench_flow {
    uint64_t tasks;
    size_t batch;       /* 1 … BENCH_BATCH_MOST in one message */
    uint64_t window;    /* tasks on their way, at most */
    uint64_t rate;      /* tasks a second, at most; 0 = as fast as they go */
    bool submit_only;   /* over when all are accepted */
};

/* bench_trips makes n round trips, `every` ms apart (0 = at once), and fills microseconds[n]. -ETIME and why when one does not end. */
int bench_trips(struct bencher *b, uint64_t n, int64_t every_ms, int64_t *ret_us);
/* bench_flow sends and awaits all; answers the microseconds that it took, or -ETIME or -EPROTO and why. */
int64_t bench_flow(struct bencher *b, const struct bench_flow *flow);
void bencher_done(struct bencher *b);

/* share_of answers the value below which `share` (0..1) of n sorted ones lie. */
int64_t share_of(const int64_t *sorted, size_t n, double share);

#endif
