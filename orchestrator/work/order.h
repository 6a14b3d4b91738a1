/* SPDX-License-Identifier: MPL-2.0 */
/* The order of submission, restored after loading: records come in no order at all. */
#ifndef HELIOS_WORK_ORDER_H
#define HELIOS_WORK_ORDER_H

struct helios;

/* tasks_sort puts all live tasks in the order of their numbers: what walks tasks_by_id meets the
 * oldest first. */
void tasks_sort(struct helios *h);

#endif
