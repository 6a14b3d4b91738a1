/* SPDX-License-Identifier: MPL-2.0 */
/* The tasks of an optimization: apply and rollback by the implementer, inspect by the verifier. A
 * change to several targets goes leg by leg, one target at a time; it is undone last leg first. */
#ifndef HELIOS_DECIDE_CHANGE_H
#define HELIOS_DECIDE_CHANGE_H

#include "optimization.h"

/* change_apply submits the apply of the next leg. Negative when the task was refused; the reason is
 * in r.error. */
int change_apply(struct helios *h, struct optimization *o);
/* change_take_back cancels an apply that no agent has got yet. */
void change_take_back(struct helios *h, struct optimization *o, const char *why);
/* change_undo submits the rollback of the newest leg that is not undone. -ENOENT when the plan has
 * none: a person must. */
int change_undo(struct helios *h, struct optimization *o);
bool change_undone(const struct optimization *o); /* no leg is left */
/* change_inspect asks the verifier for the plan's check; nothing where none is declared. */
void change_inspect(struct helios *h, struct optimization *o);
void change_cancel_inspection(struct helios *h, struct optimization *o);
/* A task of the optimization ended: finds out which, and steps on. */
void change_on_done(struct helios *h, struct optimization *o, const struct rec_task *ended);
/* change_lost: none of the tasks that the record waits for is alive (after a restart). */
bool change_lost(struct helios *h, const struct optimization *o);

#endif
