/* SPDX-License-Identifier: MPL-2.0 */
/* The judge of a history: what was given to the controller and what came out of it. It asks the product nothing: it keeps the
 * samples, beats and orders itself, and knows the rules from docs/semantics.md. Where the product may be stricter, it is lenient. */
#ifndef HELIOS_TESTS_SAFETY_ORACLE_H
#define HELIOS_TESTS_SAFETY_ORACLE_H

#include "common/base.h"
#include "realm.h"

/* What no history may show. */
#define FORBIDDEN(X)                                                                               \
    X(unasked, "an act in observe or advise (X10)")                                                \
    X(frozen, "an act while automation is frozen (X10)")                                           \
    X(blind, "an act on missing or stale data (H3)")                                               \
    X(early, "an act before three windows were seen (L5)")                                         \
    X(baseless, "an act although no acceptable sample was bad (H1)")                               \
    X(calm, "an emergency act although health was not low (H4)")                                   \
    X(budget, "more emergency acts within an hour than the budget (X8)")                           \
    X(cooldown, "the same act again within its cooldown (X6)")                                     \
    X(crowd, "more at once than max_concurrent (X6)")                                              \
    X(touches, "two at once that touch the same (X6)")                                             \
    X(breaker, "an act that moved nothing twice in a row, again (X7)")                             \
    X(brake, "much vanished at once and automation went on (X9)")                                  \
    X(dwell, "bad or good without its dwell (H4)")                                                 \
    X(selector, "something was selected by nothing (X11)")                                         \
    X(why, "an act that the ledger does not explain (X13)")

enum forbidden {
#define X(name, doc) FORBIDDEN_##name,
    FORBIDDEN(X)
#undef X
        FORBIDDEN_COUNT
};
extern const char *const forbidden_names[], *const forbidden_docs[];

enum allowance { OBSERVE, ADVISE, ACT };

#define OPTIMIZATIONS_MOST 256
#define READINGS_MOST 32

struct seen_kpi {
    int64_t first, last;  /* acceptable, since it leads; 0 = none */
    int64_t bad;          /* newest acceptable sample that was bad */
    int64_t given_up;     /* when it became stale; 0 = it is not */
    int64_t at[READINGS_MOST];
    double values[READINGS_MOST];
    unsigned n;           /* ever; the ring holds the newest */
};
struct seen_agent {
    bool there;
    int64_t beat, lost; /* newest sign of life; when three beats had been missed */
};
struct seen_optimization {
    char id[24];
    int plan;
    int64_t step;
    bool proposed, applied, ended;
    int64_t applied_at;
};
struct oracle {
    int64_t now, started, excused;
    enum allowance mode;
    bool frozen, must_freeze;
    int64_t must_since;
    const char *vanished; /* static: KPIs or agents */
    int gone, left;       /* of them */
    struct seen_kpi kpis[KPIS];
    struct seen_agent agents[AGENTS_MOST];
    struct seen_optimization optimizations[OPTIMIZATIONS_MOST];
    unsigned n_optimizations;
    int64_t ended_at[PLANS], vain_at[PLANS];
    unsigned vain[PLANS];
    int64_t low, under_since, over_since; /* own health: newest time under LEAVE; since when under ENTER, over LEAVE */
    bool frozen_seen;
    unsigned acts, urgent, would;
    unsigned broken[FORBIDDEN_COUNT];
    char first[320]; /* what was broken first, as a sentence */
};

void oracle_lead(struct oracle *o, int64_t now); /* a controller leads that has seen nothing */
void oracle_paused(struct oracle *o, int64_t now);
void oracle_order(struct oracle *o, enum allowance mode, bool frozen);
void oracle_sample(struct oracle *o, int kpi, double value, int64_t at, int64_t now);
void oracle_beat(struct oracle *o, int agent, int64_t now);
void oracle_step(struct oracle *o, int64_t now);
void oracle_entry(struct oracle *o, struct bytes entry);  /* a row of the ledger */
void oracle_apply(struct oracle *o, struct bytes key, int plan); /* it left for an agent */
void oracle_selected(struct oracle *o, const char *what);
unsigned oracle_broken(const struct oracle *o);

#endif
