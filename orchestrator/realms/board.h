/* SPDX-License-Identifier: MPL-2.0 */
/* One page of memory that a keeper and its children share: who of them is ready, who leads. A child that dies leaves nothing behind
 * but its seat, which the keeper clears. Refuses to know what a realm is. */
#ifndef HELIOS_REALMS_BOARD_H
#define HELIOS_REALMS_BOARD_H

#include "common/base.h"

#define BOARD_SEATS 4096 /* children of one keeper */

enum seat_state {
    SEAT_EMPTY, /* nobody, or not ready yet */
    SEAT_READY, /* its endpoints are there */
    SEAT_LEADS, /* it has the lease, or asks for it */
};

struct board {
    int page, bell;         /* descriptors: the memory; an eventfd that children ring when they have changed it */
    _Atomic uint8_t *seats; /* enum seat_state of each; NULL = no board */
};

int board_open(struct board *b); /* a fresh one, all empty */
int board_join(struct board *b, int page, int bell);
void board_close(struct board *b);

enum seat_state board_seat(const struct board *b, unsigned number);
void board_set(struct board *b, unsigned number, enum seat_state state);
unsigned board_count(const struct board *b, enum seat_state state);

void board_ring(const struct board *b);
void board_hear(const struct board *b); /* until it rings again */

#endif
