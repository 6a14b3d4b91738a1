/* SPDX-License-Identifier: MPL-2.0 */
#include "seat.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

/* A variable that came down from elsewhere names descriptors that are not what it says. */
int seat_take(struct seat *s)
{
    const char *text = getenv(SEAT_VARIABLE);
    int keeper, page, bell;
    unsigned number;
    if (text == NULL)
        return 0;
    if (sscanf(text, "%d:%d:%d:%u", &keeper, &page, &bell, &number) != 4 || keeper != getppid() || number >= BOARD_SEATS)
        return -EINVAL;
    unsetenv(SEAT_VARIABLE);
    if (fcntl(page, F_SETFD, FD_CLOEXEC) < 0 || fcntl(bell, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    uint8_t drawn = 0;
    if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
        return -EIO;
    s->number = number;
    s->jitter = drawn;
    return board_join(&s->board, page, bell);
}

void seat_leave(struct seat *s)
{
    board_close(&s->board);
}

void seat_say(struct seat *s, enum seat_state state)
{
    if (!seat_taken(s) || s->said == state)
        return;
    s->said = state;
    board_set(&s->board, s->number, state);
    board_ring(&s->board);
}

/* It grows with each realm that is led, however many there are: where it stopped growing, realms would stop spreading. */
int64_t seat_wait_ms(void *seat)
{
    const struct seat *s = seat;
    int64_t leads = board_count(&s->board, SEAT_LEADS), kept = leads + board_count(&s->board, SEAT_READY);
    int64_t parts = 256 * leads + s->jitter;
    return MIN(parts * SPREAD_MS, parts * SPREAD_MAX_MS / MAX(kept, 1)) / 256;
}
