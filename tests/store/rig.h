/* SPDX-License-Identifier: MPL-2.0 */
/* A store on a test's Redis, with everything that it calls back written down. */
#ifndef HELIOS_TESTS_STORE_RIG_H
#define HELIOS_TESTS_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>

#include "common/clock.h"
#include "orchestrator/shell/store.h"
#include "server.h"

#include <cmocka.h> /* wants the others before it */

struct rig {
    struct server server;
    struct set_state state; /* before rig_open */
    struct store *store;
    /* what was called back */
    unsigned loads, ready, durable, forgotten, held, resumed, fenced, lost, lost_again, answers;
    unsigned loaded[REC_COUNT];
    char why[256], note[256], last_said[64], last_entry[64];
    bool out_of_order;    /* a batch became durable before an older one, or twice */
    unsigned next_number; /* of batches, in their one says */
    int unreadable;       /* what on_loaded answers */
    int answer;           /* of the last lease call */
    struct lease_seen seen;
    uint64_t epoch;
};

void rig_make(struct rig *r, const char *options); /* starts Redis */
void rig_open(struct rig *r);                      /* makes the store */
void rig_close(struct rig *r);
void rig_done(struct rig *r);
void rig_turn(struct rig *r, int64_t end, const char *file,
              int line); /* one pump, waits at most 50 ms for an event */

/* UNTIL pumps the store until the condition holds, and fails after 20 s. */
#define UNTIL(r, condition)                                                                        \
    for (int64_t rig_end = clock_now() + 20000; !(condition);)                                     \
    rig_turn(r, rig_end, __FILE__, __LINE__)

void rig_lead(
    struct rig *r); /* takes the lease as "me" in the next epoch and waits until it is ready */

struct batch *batch_new(struct rig *r); /* says its number */
void batch_put(struct batch *b, enum rec kind, const char *id, const char *value);
void batch_drop(struct batch *b, enum rec kind, const char *id);
void batch_entry(struct batch *b, const char *value);
void rig_commit(struct rig *r, struct batch *b);
void rig_put(struct rig *r, const char *id,
             const char *value); /* a task record in a batch of its own */

#define KEY(name) "{helios:test}:" name

#endif
