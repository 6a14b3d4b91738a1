/* SPDX-License-Identifier: MPL-2.0 */
/* The board of a keeper: how long a child leaves a lease to others, and what it takes for a keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include "orchestrator/realms/seat.h"

#include <cmocka.h>

static void sit(struct seat *s, const struct board *board, unsigned number)
{
    char text[64];
    snprintf(text, sizeof(text), "%d:%d:%d:%u", (int)getppid(), dup(board->page), dup(board->bell), number);
    setenv(SEAT_VARIABLE, text, 1);
    *s = (struct seat){0};
    assert_int_equal(seat_take(s), 0);
    assert_true(seat_taken(s));
    assert_null(getenv(SEAT_VARIABLE)); /* it is not passed on */
}

/* with: so many that the keeper keeps, of which so many lead. */
static int64_t wait_with(struct board *board, struct seat *seat, unsigned kept, unsigned leads)
{
    for (unsigned i = 0; i < kept; i++)
        board_set(board, 100 + i, i < leads ? SEAT_LEADS : SEAT_READY);
    int64_t wait = seat_wait_ms(seat);
    for (unsigned i = 0; i < kept; i++)
        board_set(board, 100 + i, SEAT_EMPTY);
    return wait;
}

static void the_wait_grows_with_what_is_led_here(void **state)
{
    static const struct {
        unsigned kept, leads;
        int64_t least, most;
    } rows[] = {
        {0, 0, 0, 49},       {1, 0, 0, 49},          {10, 1, 50, 99},     {40, 10, 500, 549},  {40, 40, 2000, 2049},
        {50, 0, 0, 39},      {50, 49, 1960, 1999},   {200, 1, 10, 19},    {200, 199, 1990, 1999}, {2000, 1999, 1999, 1999},
    };
    struct board board = {0};
    struct seat seat;
    (void)state;
    assert_int_equal(board_open(&board), 0);
    sit(&seat, &board, 5);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (seat.jitter = 0; seat.jitter < 256; seat.jitter += 51)
            assert_in_range(wait_with(&board, &seat, rows[i].kept, rows[i].leads), rows[i].least, rows[i].most);
    for (unsigned leads = 1; leads <= 200; leads++)
        assert_true(wait_with(&board, &seat, 200, leads) > wait_with(&board, &seat, 200, leads - 1));
    seat_leave(&seat);
    board_close(&board);
}

static void what_a_child_says_is_seen_and_rings(void **state)
{
    struct board board = {0};
    struct seat seat;
    uint64_t rung = 0;
    (void)state;
    assert_int_equal(board_open(&board), 0);
    sit(&seat, &board, 7);
    seat_say(&seat, SEAT_READY);
    seat_say(&seat, SEAT_LEADS);
    seat_say(&seat, SEAT_LEADS); /* no news */
    assert_int_equal(board_seat(&board, 7), SEAT_LEADS);
    assert_int_equal(read(board.bell, &rung, sizeof(rung)), sizeof(rung));
    assert_int_equal(rung, 2);
    seat_leave(&seat);
    board_close(&board);
}

static void who_has_no_keeper_says_nothing_to_nobody(void **state)
{
    static const char *const wrong[] = {"", "1", "1:0:0:0", "x:y:z:0", "-1:0:0:99999"};
    struct seat seat = {0};
    (void)state;
    unsetenv(SEAT_VARIABLE);
    assert_int_equal(seat_take(&seat), 0);
    assert_false(seat_taken(&seat));
    seat_say(&seat, SEAT_LEADS);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        setenv(SEAT_VARIABLE, wrong[i], 1);
        assert_int_equal(seat_take(&seat), -EINVAL);
        assert_false(seat_taken(&seat));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_grows_with_what_is_led_here),
        cmocka_unit_test(what_a_child_says_is_seen_and_rings),
        cmocka_unit_test(who_has_no_keeper_says_nothing_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
