/* SPDX-License-Identifier: MPL-2.0 */
/* The shared state in Redis: one fenced batch after the other (C1–C8), recovery, and what goes
 * wrong with it. Knows hiredis; does not know what a record says. Single-threaded, never blocks
 * (but for resolving a host name), never reads a clock: every call gets `now` in ms since 1970 or
 * uses that of the last pump. Calls back from store_pump, store_commit, store_step_down, store_lead
 * and store_free. */
#ifndef HELIOS_SHELL_STORE_H
#define HELIOS_SHELL_STORE_H

#include "orchestrator/core/outbox.h"
#include "settings/settings.h"

struct store;

/* All are needed. None may call store_free. */
struct store_calls {
    /* store_lead was accepted, loading begins (again, when the connection broke in between: drop
     * what came before). */
    void (*on_load)(void *user);
    /* One record, kind by kind in the order of enum rec; the ledger's newest entries last, oldest
     * first. Negative: it cannot be read, and the store refuses to lead. */
    int (*on_loaded)(void *user, enum rec kind, struct bytes value);
    void (*on_ready)(void *user); /* all is loaded; commits are taken */
    /* What the batch says may leave; in the order of store_commit. */
    void (*on_durable)(void *user, struct batch *batch);
    /* The batch is the caller's again: batch_free. Not durable when on_durable did not come before.
     */
    void (*on_forget)(void *user, struct batch *batch);
    /* Commits do not flow (C5); also at each change of the reason. */
    void (*on_held)(void *user, const char *why);
    void (*on_resumed)(void *user); /* they flow again */
    /* Another one leads (C4): the store has stepped down. */
    void (*on_fenced)(void *user, const char *why);
    /* Redis has lost what it had acknowledged (C7). again: the own tail was contiguous and is
     * applied again. Otherwise the store has stepped down: what Redis has is all that there is. */
    void (*on_lost_data)(void *user, bool again, const char *what);
    void (*on_note)(void *user, const char *text); /* for the log */
};

struct store_config {
    const char *realm;
    const char *url;               /* redis://HOST:PORT/DB, sentinel://HOST:PORT,HOST:PORT/MASTER/DB or unix:PATH */
    const struct set_state *state; /* all but its url; read by store_new only */
    size_t entries;                /* ledger entries to load */
};

/* store_new: calls is borrowed. -EINVAL for an url that is none; *ret_why says so (static). It
 * connects at the first pump. */
int store_new(const struct store_config *config, const struct store_calls *calls, void *user,
              struct store **ret, const char **ret_why);
void store_free(struct store *s); /* on_forget for every batch that it still has */

/* For poll: the descriptor (-1 = none now), POLLIN|POLLOUT, and when to pump at the latest (ms
 * since 1970). */
int store_fd(const struct store *s);
short store_events(const struct store *s);
int64_t store_due(const struct store *s);
void store_pump(struct store *s, short revents, int64_t now);

/* store_can_commit: it is ready and fewer than state.inflight commits are on their way. */
bool store_can_commit(const struct store *s);
/* store_commit takes the batch; only when store_can_commit. It becomes one commit, whole or not at all (C2). */
void store_commit(struct store *s, struct batch **batch);
bool store_idle(const struct store *s); /* everything that it took is durable */
/* Send time of the oldest commit without an answer; INT64_MAX = none. */
int64_t store_unanswered_since(const struct store *s);
const char *store_held(const struct store *s); /* the reason while commits do not flow, else NULL */

/* The lease (L1–L3) as Redis has it. */
struct lease_seen {
    char holder[40]; /* "" = nobody */
    uint64_t epoch, renew;
    uint64_t pos_epoch; /* of the last commit: a new epoch must be greater than both */
    bool exists;
};
/* r: 0; -ESTALE when it was taken by another one; -EIO when the outcome is unknown. seen: of
 * store_lease_read, else NULL. */
typedef void store_answer(void *user, int r, const struct lease_seen *seen);

bool store_open(const struct store *s); /* connected and set up: the lease can be asked for */
/* -ENOTCONN when not open; else answer is called once, before store_free returns at the latest. */
int store_lease_read(struct store *s, store_answer *answer, void *user);
/* store_lease_take compares with what was seen, then sets holder and epoch. */
int store_lease_take(struct store *s, const struct lease_seen *seen, const char *holder,
                     uint64_t epoch, store_answer *answer, void *user);
int store_lease_renew(struct store *s, uint64_t epoch, uint64_t renew, store_answer *answer,
                      void *user);
int store_lease_hand_over(struct store *s, uint64_t epoch, store_answer *answer, void *user);

/* store_lead: the lease is ours; commits carry this epoch, the records are loaded, then on_ready.
 */
void store_lead(struct store *s, const char *holder, uint64_t epoch);
void store_step_down(struct store *s); /* on_forget for every batch */
/* A lease of an older epoch than was seen: on_lost_data. */
void store_went_back(struct store *s, uint64_t epoch, uint64_t seen);
/* The lease was lost: steps down, then on_fenced. */
void store_fenced(struct store *s, const char *why);

#endif
