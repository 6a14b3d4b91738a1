/* SPDX-License-Identifier: MPL-2.0 */
/* Peers that behave, for the target `core`: agents and a source of figures whose whole talk is a few bytes of the input, so that
 * cycles, trials and incidents are reached by short ones. */
#ifndef HELIOS_TESTS_FUZZ_STAFF_H
#define HELIOS_TESTS_FUZZ_STAFF_H

#include "world.h"

/* staff_join: an analyst, an implementer and a verifier of each swarm say hello. */
void staff_join(struct core *c, struct bytes none);
/* staff_figures: a reading a byte, of one KPI after the other; 200 ms go by for each round, and the staff beats. */
void staff_figures(struct core *c, struct bytes readings);
/* staff_answer: the staff's open tasks end, a byte each: well, with a failure, or not at all. */
void staff_answer(struct core *c, struct bytes outcomes);

#endif
