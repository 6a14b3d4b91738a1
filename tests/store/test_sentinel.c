/* SPDX-License-Identifier: MPL-2.0 */
/* Where the Redis is: sentinels played by the test, which may say anything, and a cluster that sends elsewhere. The real ones are in
 * tests/stories/test_sentinel.py and test_redis_cluster.py. */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

/* One listener on loopback that gives everybody the same answer. */
struct fake {
    int fd, port;
    int peer; /* who is connected; -1 = nobody */
    unsigned asked;
};

static void fake_open(struct fake *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    f->asked = 0;
    f->peer = -1;
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(f->fd, 8), 0);
    assert_int_equal(getsockname(f->fd, (struct sockaddr *)&address, &n), 0);
    f->port = ntohs(address.sin_port);
}

/* fake_serve answers who has asked meanwhile, and hangs up when he does. Never waits: he is in this very thread. */
static void fake_serve(struct fake *f, struct bytes answer)
{
    char question[4096];
    if (f->peer < 0)
        f->peer = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ssize_t got = f->peer < 0 ? -1 : read(f->peer, question, sizeof(question));
    if (got > 0) {
        f->asked++;
        assert_int_equal(write(f->peer, answer.at, answer.n), (ssize_t)answer.n);
        shutdown(f->peer, SHUT_WR);
    } else if (got == 0 || (f->peer >= 0 && errno != EAGAIN)) {
        close(f->peer);
        f->peer = -1;
    }
}

static void fake_close(struct fake *f)
{
    if (f->peer >= 0)
        close(f->peer);
    close(f->fd);
}

/* open_at makes a store that asks the fakes' sentinels. */
static void open_at(struct rig *r, const struct fake *fakes, size_t n)
{
    struct buf url = {0};
    buf_text(&url, "sentinel://");
    for (size_t i = 0; i < n; i++)
        buf_printf(&url, "%s127.0.0.1:%d", i ? "," : "", fakes[i].port);
    buf_text(&url, "/shop");
    snprintf(r->server.url, sizeof(r->server.url), "%s", buf_str(&url));
    buf_done(&url);
    rig_open(r);
}

static void what_a_sentinel_may_say(void **state)
{
    static const struct {
        struct bytes answer;
        const char *why;
    } rows[] = {
        {BYTES("*-1\r\n"), "knows no master shop"},
        {BYTES("-NOAUTH Authentication required.\r\n"), "refuses: NOAUTH"},
        {BYTES("*0\r\n"), "says no address"},
        {BYTES("*1\r\n$1\r\nh\r\n"), "says no address"},
        {BYTES("*2\r\n$0\r\n\r\n$4\r\n6379\r\n"), "says no address"},
        {BYTES("*2\r\n$1\r\nh\r\n$5\r\n65536\r\n"), "says no address"},
        {BYTES("*2\r\n$1\r\nh\r\n$1\r\n0\r\n"), "says no address"},
        {BYTES("*2\r\n:1\r\n:2\r\n"), "says no address"},
        {BYTES("*2\r\n*1\r\n$1\r\nh\r\n$1\r\n5\r\n"), "says no address"},
        {BYTES(":7\r\n"), "says no address"},
        {BYTES("what?\r\n"), "the sentinel is lost"},
        {BYTES(""), "the sentinel is lost"},
    };
    struct rig r = {.state = {.durability = durability_always, .timeout_ms = 2000, .inflight = 8}};
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fake fake;
        fake_open(&fake);
        r.why[0] = '\0';
        open_at(&r, &fake, 1);
        UNTIL(&r, (fake_serve(&fake, rows[i].answer), strstr(r.why, rows[i].why)));
        assert_false(store_open(r.store));
        rig_close(&r);
        fake_close(&fake);
    }
}

/* The first is dead, the second knows nothing, the third names the master: all in the first round, without a pause. */
static void sentinels_are_asked_in_turn(void **state)
{
    struct rig r = {.state = {.durability = durability_always, .timeout_ms = 2000, .inflight = 8}};
    struct fake fakes[3], master;
    char answer[64];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        fake_open(&fakes[i]);
    fake_open(&master);
    fake_close(&fakes[0]);
    snprintf(answer, sizeof(answer), "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%d\r\n", snprintf(NULL, 0, "%d", master.port), master.port);
    open_at(&r, fakes, 3);
    UNTIL(&r, (fake_serve(&fakes[1], BYTES("*-1\r\n")), fake_serve(&fakes[2], bytes_of(answer)),
               fake_serve(&master, BYTES("*3\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n")), strstr(r.why, "no master but a slave")));
    assert_int_equal(fakes[1].asked, 1);
    assert_int_equal(fakes[2].asked, 1);
    rig_close(&r);
    for (size_t i = 1; i < 3; i++)
        fake_close(&fakes[i]);
    fake_close(&master);
}

/* Redis itself, and a node that has not our slot before it. */
static void a_cluster_says_where_to_go(void **state)
{
    struct rig r;
    struct fake node;
    char answer[96];
    (void)state;
    fake_open(&node);
    fake_close(&node);
    int port = node.port; /* free a moment ago */
    char options[96];
    snprintf(options, sizeof(options), DURABLE " --port %d", port);
    rig_make(&r, options);
    fake_open(&node);
    snprintf(r.server.url, sizeof(r.server.url), "redis://127.0.0.1:%d", node.port);
    snprintf(answer, sizeof(answer), "-MOVED 866 127.0.0.1:%d\r\n", port);
    rig_open(&r);
    UNTIL(&r, (fake_serve(&node, bytes_of(answer)), store_open(r.store)));
    rig_lead(&r);
    rig_put(&r, "t-1", "v");
    UNTIL(&r, r.durable == 1);
    assert_int_equal(node.asked, 1);
    fake_close(&node);
    rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_sentinel_may_say),
        cmocka_unit_test(sentinels_are_asked_in_turn),
        cmocka_unit_test(a_cluster_says_where_to_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
