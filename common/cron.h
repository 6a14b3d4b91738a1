/* SPDX-License-Identifier: MPL-2.0 */
/* When a schedule is due (rules S2 and S3 of docs/around-the-clock.md): a line of cron as bit masks, and the next of its times. Pure.
 * Times are milliseconds since 1970. */
#ifndef HELIOS_COMMON_CRON_H
#define HELIOS_COMMON_CRON_H

#include "zone.h"

enum cron_kind { CRON_FIELDS, CRON_EVERY, CRON_IMMEDIATE };

struct cron {
    uint64_t seconds, minutes; /* bit i: second i */
    uint32_t hours, days;      /* days: bit 1 to 31 */
    uint16_t months;           /* bit 1 to 12 */
    uint8_t weekdays;          /* bit 0 is Sunday */
    uint8_t kind;              /* enum cron_kind */
    bool last_day;             /* L */
    bool either;               /* day and weekday are both restricted: one of them is enough */
    bool each_hour;            /* the hour is not named: all that pass have their times, put back or not */
    int64_t every_ms;          /* of CRON_EVERY */
};

struct cron_mistake {
    size_t at; /* the character, from 0 */
    char text[160];
};

/* cron_parse; seed: of what `~` draws (cron_seed of the schedule's name). -EINVAL: *ret_mistake says what is wrong, and where. */
int cron_parse(struct bytes text, uint64_t seed, struct cron *ret, struct cron_mistake *ret_mistake);
uint64_t cron_seed(struct bytes name);

#define CRON_NEVER INT64_MAX
/* cron_next gives the first time after `after`. CRON_IMMEDIATE has none. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after);
/* cron_newest gives the last time that is > after and <= until; CRON_NEVER: there is none. */
int64_t cron_newest(const struct cron *c, const struct zone *z, int64_t after, int64_t until);

#endif
