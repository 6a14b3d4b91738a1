/* SPDX-License-Identifier: MPL-2.0 */
/* The event stream of all controllers; the highest epoch counts. Subscribed to whole, so that gaps in the numbers can be counted; patterns are
 * applied here (W1). */
#ifndef HELIOS_TOOL_EVENTS_H
#define HELIOS_TOOL_EVENTS_H

#include <jansson.h>

#include "client.h"
#include "paint.h"

struct events {
    void *socket;        /* owned; a SUB */
    uint64_t epoch, seq; /* of the last one */
    uint64_t gaps, seen;
    struct buf topic, in;
};

int events_open(struct events *e, struct client *c);
void events_close(struct events *e);
/* events_next gives the next event as JSON (a new reference) or NULL when none is there now. Counts
 * gaps. */
json_t *events_next(struct events *e);
/* event_line appends it as one line for people. */
void event_line(struct buf *out, const json_t *event);
bool event_matches(const json_t *event, const char *const *patterns, size_t n); /* none = all */
int event_level(const json_t *event);                                           /* enum level */

#endif
