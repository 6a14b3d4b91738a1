/* SPDX-License-Identifier: MPL-2.0 */
/* What can be said of one schedule alone, whether a file or a command brought it. */
#ifndef HELIOS_SETTINGS_SCHEDULES_H
#define HELIOS_SETTINGS_SCHEDULES_H

#include "common/cron.h"
#include "settings/settings.h"

#define SCHEDULE_AFTER_MOST 64  /* names in `after` */
#define SCHEDULE_CHAIN_MOST 100 /* schedules that wait for each other, one behind the other */

struct schedule_mistake {
    const void *member; /* of the struct, that is wrong */
    size_t at;          /* the character in it, from 0 */
    char text[240];     /* goes on behind the member's name: "is no time zone" */
};
/* schedule_check: -EINVAL when it could never run. Other schedules are not looked at. */
int schedule_check(const struct set_schedule *s, struct schedule_mistake *ret);

#endif
