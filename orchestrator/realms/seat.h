/* SPDX-License-Identifier: MPL-2.0 */
/* The child's side of the board: a heliosd that a keeper has started says here that it is ready and whether it leads, and learns how
 * long it should leave a lease to others, so that realms spread over keepers that know nothing of each other. */
#ifndef HELIOS_REALMS_SEAT_H
#define HELIOS_REALMS_SEAT_H

#include "board.h"

#define SEAT_VARIABLE "HELIOS_SEAT" /* KEEPER'S PID:PAGE:BELL:NUMBER */

#define SPREAD_MS 50       /* a lease is left to others for so long for each realm that is led here, */
#define SPREAD_MAX_MS 2000 /* or for the share of this that is led of all that are kept here, if that is less */

struct seat {
    struct board board; /* without seats: there is no keeper */
    unsigned number;
    enum seat_state said;
    int64_t jitter; /* 0 … 255 of 256 of what one realm counts: parts those who lead equally many */
};

/* seat_take finds the keeper that started us, if one did. -EINVAL: the variable is there, but it is not ours. */
int seat_take(struct seat *s);
void seat_leave(struct seat *s);
static inline bool seat_taken(const struct seat *s)
{
    return s->board.seats != NULL;
}
void seat_say(struct seat *s, enum seat_state state); /* nothing without a keeper */
int64_t seat_wait_ms(void *seat);                     /* of a lease; for struct lease */

#endif
