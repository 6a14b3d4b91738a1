/* SPDX-License-Identifier: MPL-2.0 */
/* What an optimization does in each state: the verbs of its machine, and what is due when its timer
 * runs out. */
#ifndef HELIOS_DECIDE_TRIAL_H
#define HELIOS_DECIDE_TRIAL_H

#include "optimization.h"

typedef void opt_verb(struct helios *h, struct optimization *o);
/* Entering a state. */
opt_verb trial_baseline, trial_apply, trial_settle, trial_verify, trial_undo, trial_check;
/* trial_would says what would be applied; from there on nothing is done but holding its place as long as the act would have taken:
 * dry-run (X10). */
opt_verb trial_would;
/* Its timer ran out in this state. */
opt_verb trial_due;
/* trial_resume goes on after a restart: windows begin again, tasks that are alive are waited for. */
opt_verb trial_resume;

#endif
