/* SPDX-License-Identifier: MPL-2.0 */
/* What happened, for the checker (tests/history): told from the places where the simulator knows it for sure. */
#ifndef HELIOS_SIM_FACTS_H
#define HELIOS_SIM_FACTS_H

#include "redis.h"
#include "tests/history/history.h"
#include "world.h"

void facts_begin(void);
void facts_end(void);
void fact_add(const struct fact *f); /* its time is now */
#define fact(...) fact_add(&(struct fact){__VA_ARGS__})

extern const struct model_calls facts_calls; /* the model of Redis tells what is durable */
void facts_rewound(struct model *now); /* Redis has come back with less: with an older lease, perhaps */
/* facts_lost: data that was acknowledged is gone for good; nobody can keep the promises of before. */
bool facts_lost(void);
void facts_forget(void); /* all that was told so far */
uint64_t facts_commits(void);

void facts_live(const struct node *controller); /* what has not ended, of the core that leads */
bool facts_busy(const struct node *controller); /* its core still has tasks, optimizations or incidents */
void facts_samples(const struct node *controller, const struct node *agent);

#endif
