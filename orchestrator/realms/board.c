/* SPDX-License-Identifier: MPL-2.0 */
#include "board.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static int map(struct board *b)
{
    void *at = mmap(NULL, BOARD_SEATS, PROT_READ | PROT_WRITE, MAP_SHARED, b->page, 0);
    b->seats = at == MAP_FAILED ? NULL : at;
    return b->seats ? 0 : -errno;
}

int board_open(struct board *b)
{
    b->page = memfd_create("helios-realms", MFD_CLOEXEC);
    b->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->page < 0 || b->bell < 0 || ftruncate(b->page, BOARD_SEATS) < 0)
        return -errno;
    return map(b);
}

int board_join(struct board *b, int page, int bell)
{
    b->page = page;
    b->bell = bell;
    return map(b);
}

void board_close(struct board *b)
{
    if (b->seats == NULL)
        return;
    munmap((void *)b->seats, BOARD_SEATS);
    close(b->page);
    close(b->bell);
    b->seats = NULL;
}

enum seat_state board_seat(const struct board *b, unsigned number)
{
    return (enum seat_state)b->seats[number];
}

void board_set(struct board *b, unsigned number, enum seat_state state)
{
    b->seats[number] = (uint8_t)state;
}

unsigned board_count(const struct board *b, enum seat_state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < BOARD_SEATS; i++)
        n += board_seat(b, i) == state;
    return n;
}

/* A bell that is full rings already. */
void board_ring(const struct board *b)
{
    uint64_t once = 1;
    ssize_t n = write(b->bell, &once, sizeof(once));
    (void)n;
}

void board_hear(const struct board *b)
{
    uint64_t times;
    ssize_t n = read(b->bell, &times, sizeof(times));
    (void)n;
}
