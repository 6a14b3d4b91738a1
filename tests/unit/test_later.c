/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that wait for company: they leave in their order, before the next one to their peer, or by time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/shell/later.h"

static struct {
    char text[256]; /* what was sent: PEER:BODY, one after the other */
} sent;

static void send(void *user, enum endpoint endpoint, const struct routing *to, struct bytes body)
{
    (void)user;
    size_t n = strlen(sent.text);
    snprintf(sent.text + n, sizeof(sent.text) - n, "%d%c:" BYTES_F " ", (int)endpoint, to->at[0], BYTES_A(body));
}

static struct said to(enum endpoint endpoint, char peer, const char *body)
{
    return (struct said){.endpoint = endpoint, .to = {1, {peer}}, .body = bytes_of(body), .soon = true};
}

static void keep(struct later *l, enum endpoint endpoint, char peer, const char *body, int64_t now)
{
    struct said s = to(endpoint, peer, body);
    later_keep(l, &s, now, send, NULL);
}

static int set_up(void **state)
{
    static struct later l;
    later_init(&l);
    sent.text[0] = '\0';
    *state = &l;
    return 0;
}

static int tear_down(void **state)
{
    later_done(*state);
    return 0;
}

static void they_leave_before_the_next_one(void **state)
{
    struct later *l = *state;
    keep(l, ENDPOINT_agents, 'a', "1", 100);
    keep(l, ENDPOINT_agents, 'b', "2", 100);
    keep(l, ENDPOINT_control, 'a', "3", 100); /* the same id at another endpoint is somebody else */
    keep(l, ENDPOINT_agents, 'a', "4", 102);
    assert_string_equal(sent.text, "");
    struct said next = to(ENDPOINT_agents, 'a', "");
    later_flush(l, next.endpoint, &next.to, send, NULL);
    assert_string_equal(sent.text, "0a:1 0a:4 ");
    later_flush(l, next.endpoint, &next.to, send, NULL); /* once */
    assert_string_equal(sent.text, "0a:1 0a:4 ");
}

static void none_waits_longer(void **state)
{
    struct later *l = *state;
    assert_int_equal(later_tick(l, 100, send, NULL), INT64_MAX);
    keep(l, ENDPOINT_agents, 'a', "1", 100);
    keep(l, ENDPOINT_agents, 'b', "2", 103);
    assert_int_equal(later_tick(l, 100 + LATER_MS - 1, send, NULL), 100 + LATER_MS);
    assert_string_equal(sent.text, "");
    assert_int_equal(later_tick(l, 100 + LATER_MS, send, NULL), 103 + LATER_MS);
    assert_string_equal(sent.text, "0a:1 ");
    assert_int_equal(later_tick(l, INT64_MAX, send, NULL), INT64_MAX);
    assert_string_equal(sent.text, "0a:1 0b:2 ");
}

static size_t bytes_sent;

static void count(void *user, enum endpoint endpoint, const struct routing *route, struct bytes body)
{
    (void)user, (void)endpoint, (void)route;
    bytes_sent += body.n;
}

static void many_leave_at_once(void **state)
{
    struct later *l = *state;
    char body[1000];
    memset(body, 'x', sizeof(body));
    struct said s = to(ENDPOINT_agents, 'a', "");
    s.body = (struct bytes){body, sizeof(body)};
    for (int i = 0; i < 100; i++)
        later_keep(l, &s, 100, count, NULL);
    assert_in_range(bytes_sent, 100000 - LATER_BYTES - 1000, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_leave_before_the_next_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none_waits_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_leave_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("later", tests, NULL, NULL);
}
