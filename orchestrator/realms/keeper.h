/* SPDX-License-Identifier: MPL-2.0 */
/* A keeper: one heliosd that runs a heliosd for each realm of its settings and leads nothing itself. So a realm's crash and load are
 * its own, and all that holds for one realm holds for each of many. */
#ifndef HELIOS_REALMS_KEEPER_H
#define HELIOS_REALMS_KEEPER_H

#include "plan.h"

/* keeper_run keeps the realms until it is told to stop, and answers the exit code. */
int keeper_run(const struct plan_from *from);
/* keeper_check says whether all of them could run; *ret_report as plan_make. */
int keeper_check(const struct plan_from *from, char **ret_report);

#endif
