/* SPDX-License-Identifier: MPL-2.0 */
/* A history: what was asked, acknowledged, started, ended, committed and spent, in the order in which it happened; and the
 * promises that it must keep. The simulator adds its facts directly, the chaos harness writes them as JSON lines and history-check
 * reads them. Knows neither of the two, and nothing of the product: a history is judged by what was seen from outside.
 *
 * The order of history_add is the order of events; `at` (any clock, in ms) is used only for what is counted by the hour. */
#ifndef HELIOS_HISTORY_H
#define HELIOS_HISTORY_H

#include "common/buf.h"

/* X(kind, who, key, id, text, n, m, doc): what each field of a fact means; "" = not used.                                     */
#define FACTS(X)                                                                                                                  \
    X(asked, "client", "idempotency key", "", "", "digest of the body", "1 = at_most_once", "a client asked, once for each try") \
    X(accepted, "client", "idempotency key", "task", "", "digest of the body", "", "and was told that the task is durable")     \
    X(refused, "client", "idempotency key", "", "code", "digest of the body", "", "and was told that it is not taken")           \
    X(taken, "controller", "idempotency key", "task", "", "", "1 = at_most_once", "a task became durable")                            \
    X(told, "client", "", "task", "state", "", "", "a client was told how a task ended; may be told again")                      \
    X(dispatched, "controller", "agent", "task", "", "attempt", "epoch", "the commit that sends an attempt became durable")      \
    X(started, "agent", "", "task", "", "attempt", "1 = at_most_once", "an agent began to run an attempt")                       \
    X(ended, "agent", "", "task", "outcome", "attempt", "", "an attempt's run was over at its agent")                            \
    X(gone, "agent", "", "", "", "", "", "an agent's process died: what it ran is over")                                         \
    X(judged, "agent", "controller", "", "", "", "", "a controller took an agent for lost (T5: its attempts may follow)")        \
    X(counted, "controller", "", "task", "outcome", "attempt", "", "a result of an agent was counted, durably")                  \
    X(led, "controller", "", "", "", "epoch", "", "a controller took the lead: what an earlier epoch commits from now on is too late")   \
    X(commit, "controller", "digest", "", "", "epoch", "sequence", "a commit became durable; not again for a DUP")               \
    X(outcome, "controller", "", "task", "state", "", "", "a task's terminal state became durable")                              \
    X(live, "", "", "task", "why it is blocked", "1 = it is meant to wait", "", "at the end a task has not ended")               \
    X(spent, "target", "realm", "act", "", "limit a target and hour; 0 = 3", "limit in all an hour; 0 = 10",                    \
      "the commit that authorizes an emergency act became durable (X8)")                                                         \
    X(opened, "", "", "optimization", "its name", "", "", "an optimization was proposed")                                        \
    X(applied, "agent", "", "optimization", "", "", "", "its apply began to change the world")                                   \
    X(verdict, "controller", "", "optimization", "SUCCESS, FAILED, INCONCLUSIVE, ERROR", "", "", "its verdict became durable")    \
    X(undone, "agent", "", "optimization", "", "", "", "its undo was carried out")                                               \
    X(closed, "controller", "", "optimization", "ACCEPTED, ROLLED_BACK, STUCK, ABANDONED", "", "", "its end became durable")      \
    X(sent, "source instance", "controller", "", "", "samples", "", "published since that controller first heard the source")    \
    X(stored, "source instance", "controller", "", "", "samples", "", "taken in by it")                                          \
    X(dropped, "source instance", "controller", "", "reason", "samples", "", "counted by it as refused, or as lost")             \
    X(limited, "controller", "action", "", "", "durable attempts of it", "counted by its quota's record, as it is durable",      \
      "an attempt of an action that is limited by the day became durable (Q1)")                                                  \
    X(acted, "", "KPI or target", "act", "why", "1 = health was known", "1 stale | 2 absurd | 4 missing",                        \
      "an automatic act was authorized, with what was known then")                                                               \
    X(settled, "controller", "", "schedule", "", "cursor", "its times since the last one", "how far a schedule has come became durable") \
    X(occurs, "controller", "time", "schedule", "task or run", "", "", "what an occurrence started became durable")               \
    X(skips, "controller", "", "schedule", "why", "newest time", "how many", "that occurrences do not run was noted, durably")     \
    X(waits, "controller", "", "schedule", "", "time; 0 = none", "", "an occurrence that is settled and waits became durable")     \
    X(edge, "", "pipeline", "step", "the step before it", "its rule: 0 all, 1 any, 2 all_done", "", "of what runs have to do")     \
    X(promised, "client", "key", "run", "", "", "", "a client was told which run its key has")                                     \
    X(run, "controller", "pipeline", "run", "state", "retries", "at its end: steps that have not ended", "a run's state became durable")                                \
    X(begun, "controller", "", "step, or step and part", "task", "retries of its run", "", "a step's task became durable")                          \
    X(step, "controller", "its task, review or run", "step, or step and part", "state", "1 = its condition was false", "retries of its run", \
      "what a step has come to became durable")                                                                                  \
    X(review, "controller", "", "review", "QUORUM/THRESHOLD/SCORE", "", "", "a committee was asked: the rule, in %")                \
    X(said, "agent", "seat", "review", "vote", "", "score", "a reviewer's program ended well and had printed this")                \
    X(voted, "controller", "seat", "review", "vote", "weight in thousandths", "score", "the ledger tells of a vote; missing is none") \
    X(seat, "controller", "seat", "review", "vote", "weight in thousandths", "1 = veto", "the decision that follows has counted it so") \
    X(decided, "controller", "reason", "review", "state", "", "", "the ledger tells of a decision")                                \
    X(review_state, "controller", "", "review", "state", "", "", "a review's state became durable")                                \
    X(fault, "who suffers", "", "", "what", "", "", "a fault began or ended; for people")                                        \
    X(quiet, "", "", "", "", "", "", "faults and load have been over for long enough: all must be drained")

enum fact_kind {
#define X(name, who, key, id, text, n, m, doc) FACT_##name,
    FACTS(X)
#undef X
        FACT_KINDS
};

/* One thing that happened. Strings are NUL-terminated; NULL = "". */
struct fact {
    int64_t at; /* ms */
    enum fact_kind kind;
    const char *who, *key, *id, *text;
    uint64_t n, m;
};

struct history;
struct history *history_new(void);
void history_free(struct history *h);
void history_add(struct history *h, const struct fact *fact); /* copies its strings */
size_t history_size(const struct history *h);
const char *fact_name(enum fact_kind kind);

/* history_check answers how often a promise was broken (0 = all kept), and appends one line for each to the report: the
 * promise's name and a sentence; at most ten a promise. */
unsigned history_check(const struct history *h, struct buf *report);

/* JSON lines: {"at":1,"fact":"accepted","who":"c1","key":"k","id":"t-1","n":7}; what is empty may be left out. */
/* history_read appends the facts of a file; -EPROTO with a sentence in *ret_why (the caller's to free). */
int history_read(struct history *h, FILE *in, char **ret_why);
void history_write(const struct fact *fact, FILE *out);

/* The promises, for whoever lists them: `history-check --list`. */
struct promise {
    const char *name, *doc;
};
const struct promise *history_promises(size_t *ret_n);

#endif
