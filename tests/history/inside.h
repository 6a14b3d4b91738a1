/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the history share: its facts, rows grouped by name, and how a broken promise is said. */
#ifndef HELIOS_HISTORY_INSIDE_H
#define HELIOS_HISTORY_INSIDE_H

#include "history.h"

struct history {
    struct fact *facts; /* owned; in the order in which they happened */
    size_t n, room;
    size_t seen[FACT_KINDS]; /* how many of each kind */
    struct word *words;      /* owned; every string once */
};

/* history_word finds a text among the strings of the facts; NULL: none has it. */
const char *history_word(const struct history *h, const char *text);

#define each_fact(f, h) (const struct fact *f = (h)->facts; f < (h)->facts + (h)->n; f++)

/* ---- rows by name: two words of the history and a number ---- */
struct group {
    size_t size;      /* of a row's data */
    struct row *rows; /* owned; in the order in which they came */
};
/* group_row finds or adds the row; its data is zeroed when it is new. */
void *group_row(struct group *g, const char *a, const char *b, uint64_t n);
void *group_seek(const struct group *g, const char *a, const char *b, uint64_t n); /* NULL */
void *group_next(const struct group *g, const void *data); /* the first after NULL; NULL at the end */
void group_done(struct group *g);

/* ---- one check under way ---- */
struct check {
    const struct history *h;
    const char *promise;
    struct buf *report;
    unsigned broken;
};
/* broken says one sentence of a promise that was not kept. */
void broken(struct check *c, const char *format, ...) FORMAT_LIKE(2, 3);

/* X(name, doc): the promises; each is one function promise_NAME of the file that its noun names. */
#define PROMISES(X)                                                                                \
    X(ended_once, "every acknowledged submit reaches exactly one terminal outcome, which never "   \
                  "changes and is the one that is told")                                           \
    X(keys, "the same key with the same body answers the same task; with another body it is "      \
            "refused (T3)")                                                                        \
    X(durable_first, "nothing is said before it is durable (C1)")                                  \
    X(commits, "one committer an epoch, epochs only grow, the sequence has no gaps (C2, C4)")      \
    X(counted_once, "a result counts once, and only for the current attempt (T5)")                 \
    X(attempts_apart, "an attempt starts once, and not while another one runs on an agent that "   \
                      "is neither dead nor taken for lost (T5)")                                   \
    X(at_most_once, "at_most_once never starts twice (T2)")                                        \
    X(budgets, "no more emergency acts than a target and the realm have in any hour (X8)")         \
    X(optimizations, "no optimization is left half applied: kept by a verdict, undone, or handed " \
                     "to a person (X1, X3)")                                                       \
    X(reviews, "a review is decided once, for ever, and as the votes say that the ledger tells "   \
               "of and its reviewers gave; a missing one is none (V2, V3)")                        \
    X(limits, "every attempt of a limited action is counted before it begins (Q1)")                \
    X(samples, "samples sent = stored + counted losses (H1)")                                      \
    X(acts, "no automatic act on missing, stale or absurd data (H3)")                              \
    X(blocked, "nothing is blocked without a reason (T11)")                                        \
    X(occurrences, "no occurrence of a schedule starts twice, none is passed without a start or a "   \
                   "noted skip in the same commit, cursors never go back (S1)")                    \
    X(runs, "a run that was accepted is durable, keeps its key and ends (P3, P10)")                \
    X(steps, "no step begins before what it comes after has ended as its rule says, none begins "  \
             "twice, none that has completed runs again; its task's end is its own, and all of "   \
             "them are their run's (P2, P3, P7)")                                              \
    X(drained, "after a quiet period everything has ended")

#define X(name, doc) void promise_##name(struct check *c);
PROMISES(X)
#undef X

#endif
