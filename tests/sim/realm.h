/* SPDX-License-Identifier: MPL-2.0 */
/* Who is there in a run, and with which settings: those of realm/, some of them turned by the seed. */
#ifndef HELIOS_SIM_REALM_H
#define HELIOS_SIM_REALM_H

#include "settings/settings.h"
#include "world.h"

int realm_open(char **ret_why);
void realm_close(void);
void realm_begin(int64_t load_until); /* makes and starts all nodes */
void realm_end(void);
const struct set_config *realm_config(void); /* as the file has it */

#endif
