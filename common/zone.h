/* SPDX-License-Identifier: MPL-2.0 */
/* A time zone: the bytes of a TZif file (RFC 9636, versions 1 to 4, with the POSIX rule at its end) as offsets from UTC. Pure: who reads
 * the file is somebody else. Times are seconds since 1970; `local` ones are what a clock on the wall shows, as if it were UTC. */
#ifndef HELIOS_COMMON_ZONE_H
#define HELIOS_COMMON_ZONE_H

#include "base.h"

struct zone; /* NULL is UTC, wherever one is asked for */

/* zone_parse reads a file's bytes. -EINVAL: it is none (damaged, or with leap seconds, which no clock of ours counts). */
int zone_parse(struct bytes file, struct zone **ret);
void zone_free(struct zone *z);

/* A stretch of time with one offset: begin is in it, end is not. */
struct zone_span {
    int64_t begin, end;
    int32_t offset;  /* local = time + offset */
    char name[16];   /* CET, CEST, … */
};
struct zone_span zone_span(const struct zone *z, int64_t at);

/* zone_moment gives when a clock on the wall first shows `local`; a time that it never shows is the next moment that there is. */
int64_t zone_moment(const struct zone *z, int64_t local);

/* Days since 1970 and the calendar (proleptic Gregorian). */
struct civil {
    int64_t year;
    int month, day; /* from 1 */
};
struct civil civil_of(int64_t day);
int64_t civil_day(int64_t year, int month, int day);
int civil_month_days(int64_t year, int month);
static inline int civil_weekday(int64_t day) /* Sunday is 0 */
{
    return (int)(((day + 4) % 7 + 7) % 7);
}
static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#endif
