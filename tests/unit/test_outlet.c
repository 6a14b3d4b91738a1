/* SPDX-License-Identifier: MPL-2.0 */
/* One descriptor for all that a loop waits for (libhelios). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "proto/outlet.h"

static bool readable(const struct outlet *o, int ms)
{
    struct pollfd fd = {.fd = o->epoll, .events = POLLIN};
    return poll(&fd, 1, ms) == 1;
}

static void a_descriptor_tells_and_one_that_is_left_does_not(void **state)
{
    struct outlet o = OUTLET_CLOSED;
    int ends[2];
    (void)state;
    assert_int_equal(outlet_open(&o), 0);
    assert_int_equal(pipe(ends), 0);
    struct wait_item item = {.fd = ends[0], .events = POLLIN};
    outlet_follow(&o, &item, 1, INT64_MAX);
    assert_false(readable(&o, 0));
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(readable(&o, 1000));
    outlet_follow(&o, NULL, 0, INT64_MAX);
    assert_false(readable(&o, 0));
    close(ends[0]);
    close(ends[1]);
    outlet_done(&o);
}

static void a_number_that_was_closed_and_taken_again_is_followed(void **state)
{
    struct outlet o = OUTLET_CLOSED;
    int first[2], second[2];
    (void)state;
    assert_int_equal(outlet_open(&o), 0);
    assert_int_equal(pipe(first), 0);
    struct wait_item item = {.fd = first[0], .events = POLLIN};
    outlet_follow(&o, &item, 1, INT64_MAX);
    close(first[0]);
    close(first[1]);
    assert_int_equal(pipe(second), 0);
    assert_int_equal(second[0], first[0]);
    outlet_follow(&o, &item, 1, INT64_MAX);
    assert_int_equal(write(second[1], "x", 1), 1);
    assert_true(readable(&o, 1000));
    close(second[0]);
    close(second[1]);
    outlet_done(&o);
}

static void what_is_due_tells_until_somebody_has_looked(void **state)
{
    struct outlet o = OUTLET_CLOSED;
    (void)state;
    assert_int_equal(outlet_open(&o), 0);
    outlet_follow(&o, NULL, 0, 0);
    assert_true(readable(&o, 1000));
    outlet_follow(&o, NULL, 0, 5);
    assert_true(readable(&o, 10000));
    outlet_follow(&o, NULL, 0, INT64_MAX);
    assert_false(readable(&o, 0));
    outlet_done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_tells_and_one_that_is_left_does_not),
        cmocka_unit_test(a_number_that_was_closed_and_taken_again_is_followed),
        cmocka_unit_test(what_is_due_tells_until_somebody_has_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
