/* SPDX-License-Identifier: MPL-2.0 */
/* The order in which recovered tasks go on. */
#ifndef HELIOS_WORK_ORDER_H
#define HELIOS_WORK_ORDER_H

struct helios;
struct task;

/* tasks_sorted answers the tasks that are awake, oldest first, and NULL behind the last; the array is the caller's. */
struct task **tasks_sorted(struct helios *h);

#endif
