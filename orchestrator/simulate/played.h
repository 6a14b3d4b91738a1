/* SPDX-License-Identifier: MPL-2.0 */
/* The agents of a simulated realm: whoever a config's schedules, steps and committees ask for, with slots enough for all. They take as
 * long as they are told to, and always complete. */
#ifndef HELIOS_SIMULATE_PLAYED_H
#define HELIOS_SIMULATE_PLAYED_H

#include "common/heap.h"
#include "common/list.h"
#include "orchestrator/core/helios.h"

struct played {
    struct helios *h;
    const struct set_config *config;
    struct bytes takes; /* msgpack: the rows of `helios schedule list`; or nothing */
    struct seq agents;  /* owned; of struct played_agent */
    struct heap ends;   /* struct attempt.node: attempts that run, by their end */
    int64_t next_beat;
};

#define PLAYED_BEAT_MS 10000

void played_init(struct played *p, struct helios *h, const struct set_config *config);
void played_done(struct played *p);
void played_greet(struct played *p, int64_t now);
/* played_take takes in what the core says to an agent. */
void played_take(struct played *p, const struct said *said, int64_t now);
/* played_turn ends what is due and beats; answers when it is due again. */
int64_t played_turn(struct played *p, int64_t now);

#endif
