/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of `helios schedule` share. */
#ifndef HELIOS_TOOL_SCHEDULE_H
#define HELIOS_TOOL_SCHEDULE_H

#include "sub.h"

int schedule_set(const struct args *a);
int schedule_simulate(const struct args *a);
/* schedule_week appends a picture of what `heliosd --simulate` said. */
void schedule_week(struct buf *out, const json_t *answer);

/* schedule_when appends a moment as the clock in its zone shows it: Sun 22 Nov 02:00 CET. */
void schedule_when(struct buf *out, int64_t ms, int64_t offset_s, const char *zone);
/* schedule_span appends the two largest units: 3h 12m. */
void schedule_span(struct buf *out, int64_t ms);

static inline int64_t json_whole(const json_t *row, const char *key)
{
    return whole_of(json_number_value(json_object_get(row, key)));
}
static inline const char *json_word(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

#endif
