/* SPDX-License-Identifier: MPL-2.0 */
/* What a step or a part asks for: a task, a run of another pipeline, a review. */
#ifndef HELIOS_FLOW_BEGIN_H
#define HELIOS_FLOW_BEGIN_H

#include "fill.h"

/* begin_work asks for it in the name of the step's or part's id. 0: it is under way, and *ret_task (owned) names it. 1: a dry run,
 * over at once; ret_would is told what would be done. Negative: a sentence in err (FILL_ERR bytes). */
int begin_work(struct helios *h, const struct fill *fill, const struct plan_step *plan, struct bytes id,
               struct bytes *ret_task, struct buf *ret_would, char *err);
/* work_goes_on: what the step or part waits for is still there. */
bool work_goes_on(struct helios *h, const struct plan_step *plan, struct bytes task);
/* work_stop asks it to stop; its end comes as any other. True: it is over, and nobody says so. */
bool work_stop(struct helios *h, const struct plan_step *plan, struct bytes task, const char *reason);

#endif
