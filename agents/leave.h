/* SPDX-License-Identifier: MPL-2.0 */
/* Leaving on purpose: drained by the controller, or stopped by a signal. */
#ifndef HELIOS_AGENTS_LEAVE_H
#define HELIOS_AGENTS_LEAVE_H

struct agent;
struct member;

void leave_init(struct agent *a);
/* agent_leave: the first time what runs may end within a->patience_ms, which is stop.wait at first, the second time it may not. */
void agent_leave(struct agent *a);
/* leave_if_done: a member that is to leave goes when nothing is left to say; the process goes with
 * its last member. */
void leave_if_done(struct member *m);

#endif
