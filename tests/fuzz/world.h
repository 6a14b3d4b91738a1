/* SPDX-License-Identifier: MPL-2.0 */
/* The real core on virtual time for the targets: with the config of world.yaml, made anew for every input. */
#ifndef HELIOS_TESTS_FUZZ_WORLD_H
#define HELIOS_TESTS_FUZZ_WORLD_H

#include "tests/unit/realm_harness.h"

struct core *world_begin(void);  /* the same one each time, with a core that does not lead yet */
void world_live(struct core *c); /* some turns over an hour, then world_check */
/* world_check: all that was said is a message of a controller, all that was saved is a record that can be read. What was said is
 * forgotten then. */
void world_check(struct core *c);
void world_end(struct core *c);

#endif
