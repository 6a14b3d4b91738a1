/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the count of listeners of each event. Refuses to know who they are. */
#include "audience.h"

void audience_take(struct audience *a, struct bytes told)
{
    enum { LEAVES, JOINS };
    if (told.n == 0 || (unsigned char)told.at[0] > JOINS)
        return;
    bool joins = told.at[0] == JOINS;
    struct bytes start = {told.at + 1, told.n - 1};
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        struct bytes topic = bytes_of(event_kinds[i].topic);
        if (topic.n < start.n || !bytes_eq((struct bytes){topic.at, start.n}, start))
            continue;
        if (joins)
            a->listeners[i]++;
        else if (a->listeners[i])
            a->listeners[i]--;
    }
}

bool audience_hears(const struct audience *a, enum event event)
{
    return a == NULL || a->listeners[event] > 0;
}
