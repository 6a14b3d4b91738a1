/* SPDX-License-Identifier: MPL-2.0 */
/* Was something of ours killed for its memory? What the cgroup (v2 or v1) says; where there is none
 * nothing can be known. */
#ifndef HELIOS_AGENTS_MEMORY_H
#define HELIOS_AGENTS_MEMORY_H

#include "common/base.h"

int64_t memory_kills(void); /* how many processes of our cgroup the kernel has killed for memory; -1
                               = cannot be known */
/* memory_killed looks again and says whether there are more than *seen, which it brings up to date.
 */
bool memory_killed(int64_t *seen);
/* memory_hinted says whether the last words of a program that had a memory limit speak of memory
 * that it did not get. */
bool memory_hinted(struct bytes words);

#endif
