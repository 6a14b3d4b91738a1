/* SPDX-License-Identifier: MPL-2.0 */
/* One history: the real core on virtual time, a source of samples, agents that do as they are told, and the oracle beside it. What
 * goes wrong is a family's business (families.c). */
#ifndef HELIOS_TESTS_SAFETY_WORLD_H
#define HELIOS_TESTS_SAFETY_WORLD_H

#include "common/rand.h"
#include "oracle.h"
#include "orchestrator/core/helios.h"

enum garbage { SOUND, NOT_A_NUMBER, INFINITE, NEGATIVE, HUGE_ONE, OUT_OF_BOUNDS, FAR_FUTURE, GARBAGE_COUNT };

struct row_of_redis; /* a record as Redis would have it */
struct world {
    struct helios *h;
    struct set_config config;
    struct set_kpi kpis[KPIS];
    struct set_optimization plans[PLANS];
    struct oracle oracle;
    struct rand rand;
    struct row_of_redis *kept; /* owned */
    int64_t now;
    unsigned step; /* of the history */
    uint64_t epoch, seq, instance;

    /* What a family changes. */
    double level[KPIS];    /* before any change */
    double factor[PLANS];  /* what each change makes of it */
    double noise;          /* share of the level */
    bool quiet[KPIS];      /* gives no samples */
    enum garbage garbage[KPIS];
    int64_t skew;          /* of the source's clock */
    int64_t stuck_at;      /* the source repeats what it said then; 0 = it does not */
    double stuck[KPIS];
    bool again, lost, late; /* the next message of samples comes twice, never, or after the one that follows it */
    bool mute;             /* the analyst advises against everything */
    unsigned agents;       /* how many there are */
    bool gone[AGENTS_MOST];
    unsigned draw[8];      /* a family's own, drawn at its begin */

    bool in[PLANS];        /* applied and not undone */
    struct buf waiting;    /* the late message */
};

void world_begin(struct world *w, uint64_t seed);
void world_lead(struct world *w);
void world_step(struct world *w);
void world_end(struct world *w);

/* What a family may do in the middle. */
void world_pause(struct world *w, int64_t ms); /* the controller stands still */
void world_take_over(struct world *w);
void world_mode(struct world *w, enum mode mode);
void world_freeze(struct world *w, bool frozen);
/* An order that names nobody: whether it was obeyed is the oracle's to judge. */
void world_order_nothing(struct world *w, const char *verb);
unsigned world_draw(struct world *w, unsigned from, unsigned to); /* from..to */

#endif
