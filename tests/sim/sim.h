/* SPDX-License-Identifier: MPL-2.0 */
/* One run of the simulated realm: two or three controllers, six agents in two swarms, two clients, a Redis; load and faults, then all
 * heals, and after a quiet period everything must be drained and every promise kept. */
#ifndef HELIOS_SIM_SIM_H
#define HELIOS_SIM_SIM_H

#include "common/buf.h"

struct result {
    unsigned broken;   /* promises; 0 = all kept */
    struct buf report; /* a line for each */
    uint64_t trace_hash;
    size_t events, facts, commits, started;
    bool lost; /* Redis had lost what it had acknowledged, and nobody could repair it */
};

int sim_open(char **ret_why); /* reads the realm's settings, once a process */
void sim_close(void);
/* sim_run plays one seed. only: the one fault of its weather; NULL = what the seed draws. */
void sim_run(uint64_t seed, const char *only, struct result *ret);
void sim_trace(bool hashed, bool printed);

#endif
