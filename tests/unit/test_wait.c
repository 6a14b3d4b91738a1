/* SPDX-License-Identifier: MPL-2.0 */
/* Waiting: a message that is there already is seen although its descriptor stays silent, and descriptors are seen beside sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "proto/socket.h"
#include "proto/wait.h"

static struct {
    void *context, *router, *dealer;
    int pipe[2];
} rig;

static int set_up(void **state)
{
    char where[256];
    (void)state;
    assert_int_equal(socket_context_new(4, &rig.context), 0);
    assert_int_equal(socket_new(rig.context, SOCKET_ROUTER, 100, &rig.router), 0);
    assert_int_equal(socket_new(rig.context, SOCKET_DEALER, 100, &rig.dealer), 0);
    assert_int_equal(socket_bind(rig.router, "tcp://127.0.0.1:*", where, sizeof(where)), 0);
    assert_int_equal(socket_connect(rig.dealer, where), 0);
    assert_int_equal(pipe(rig.pipe), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    socket_close(rig.router);
    socket_close(rig.dealer);
    socket_context_free(rig.context);
    close(rig.pipe[0]);
    close(rig.pipe[1]);
    return 0;
}

static struct wait_item *items(void)
{
    static struct wait_item all[3];
    all[0] = (struct wait_item){.socket = rig.router, .fd = -1, .events = POLLIN};
    all[1] = (struct wait_item){.fd = rig.pipe[0], .events = POLLIN};
    all[2] = (struct wait_item){.fd = -1, .events = POLLIN};
    return all;
}

static void send_one(void)
{
    assert_int_equal(socket_send(rig.dealer, NULL, NULL, BYTES("hello")), 0);
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(wait_for(items(), 3, 0, 0), 0);
    assert_int_equal(wait_for(items(), 3, 1, 100), 0);
}

/* Nothing was done with it since it had nothing, so it is not asked; what comes then is seen all the same. */
static void a_quiet_socket_wakes(void **state)
{
    (void)state;
    struct routing from;
    struct buf body = {0};
    assert_int_equal(wait_for(items(), 3, 0, 0), 0);
    struct wait_item *all = items();
    all[0].quiet = true;
    assert_int_equal(wait_for(all, 3, 0, 0), 0);
    send_one();
    while (wait_for(all, 3, 10000, 0) == 0) /* it may also tell of the handshake */
        ;
    assert_int_equal(all[0].revents, POLLIN);
    assert_int_equal(socket_receive(rig.router, &from, NULL, &body), 0);
    assert_int_equal(socket_receive(rig.router, &from, NULL, &body), -EAGAIN);
    buf_done(&body);
}

static void a_message_wakes(void **state)
{
    (void)state;
    send_one();
    struct wait_item *all = items();
    assert_int_equal(wait_for(all, 3, 10000, 0), 1);
    assert_int_equal(all[0].revents, POLLIN);
    assert_int_equal(all[1].revents, 0);
    assert_int_equal(wait_for(items(), 3, 10000, 50), 1); /* it is still there */
}

/* Two messages come; the first one is taken, which eats the sign of the second. */
static void what_is_left_is_not_overslept(void **state)
{
    (void)state;
    struct routing from;
    struct buf body = {0};
    send_one();
    send_one();
    for (int i = 0; i < 3; i++) { /* one was there from the test before */
        assert_int_equal(wait_for(items(), 3, 10000, 0), 1);
        assert_int_equal(socket_receive(rig.router, &from, NULL, &body), 0);
        assert_int_equal(body.n, 5);
    }
    assert_int_equal(wait_for(items(), 3, 0, 0), 0);
    buf_done(&body);
}

static void descriptors_are_seen(void **state)
{
    (void)state;
    assert_int_equal(write(rig.pipe[1], "x", 1), 1);
    struct wait_item *all = items();
    assert_int_equal(wait_for(all, 3, 10000, 0), 1);
    assert_int_equal(all[1].revents, POLLIN);
    send_one();
    while (wait_for(items(), 3, 10000, 0) < 2)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(a_quiet_socket_wakes),
        cmocka_unit_test(a_message_wakes),
        cmocka_unit_test(what_is_left_is_not_overslept),
        cmocka_unit_test(descriptors_are_seen),
    };
    return cmocka_run_group_tests_name("wait", tests, set_up, tear_down);
}
