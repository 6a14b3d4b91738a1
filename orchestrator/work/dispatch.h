/* SPDX-License-Identifier: MPL-2.0 */
/* Attempts start here. */
#ifndef HELIOS_WORK_DISPATCH_H
#define HELIOS_WORK_DISPATCH_H

#include "work.h"

#define TASKS_A_MESSAGE 256
#define TASKS_BYTES                                                                                \
    (512 * 1024) /* under the 1 MiB of a message with one more task of the largest size */

bool dispatch_open(const struct helios *h); /* may anything start at all? */
void dispatch(struct helios *h);            /* starts all that can start now */

#endif
