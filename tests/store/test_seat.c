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

static void the_wait_grows_with_what_is_led_here(void **state)
{
    struct board board = {0};
    struct seat seat;
    (void)state;
    assert_int_equal(board_open(&board), 0);
    sit(&seat, &board, 5);
    for (unsigned leads = 0; leads < 100; leads++) {
        int64_t wait = seat_wait_ms(&seat);
        assert_in_range(wait, MIN(leads * SPREAD_MS, SPREAD_MAX_MS - SPREAD_MS), SPREAD_MAX_MS);
        board_set(&board, 100 + leads, SEAT_LEADS);
    }
    board_set(&board, 100, SEAT_READY); /* who only stands by does not count */
    assert_int_equal(board_count(&board, SEAT_LEADS), 99);
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
