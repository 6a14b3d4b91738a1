/* SPDX-License-Identifier: MPL-2.0 */
/* Pause, resume and drain of the realm (T10); of agents see roster.h, of tasks task.h. */
#ifndef HELIOS_WORK_DRAIN_H
#define HELIOS_WORK_DRAIN_H

#include "work.h"

void realm_pause(struct helios *h, struct bytes author, struct bytes reason);
void realm_drain(struct helios *h, int64_t within_ms, struct bytes author, struct bytes reason);
void realm_resume(struct helios *h, struct bytes author, struct bytes reason);
void realm_drain_arm(struct helios *h);                       /* after a restart */
void realm_drain_over(struct helios *h, struct timer *timer); /* what work.drain runs */

#endif
