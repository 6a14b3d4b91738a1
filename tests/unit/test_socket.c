/* SPDX-License-Identifier: MPL-2.0 */
/* Sockets, over inproc and loopback: frames that are expected, and those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <time.h>
#include <zmq.h>

#include "proto/names.h"
#include "proto/socket.h"

struct wire {
    void *context, *server, *client;
    struct buf topic, body;
    struct routing from;
};

static void *new_socket(struct wire *w, enum socket_kind kind)
{
    void *socket = NULL;
    assert_int_equal(socket_new(w->context, kind, 10, &socket), 0);
    return socket;
}

static void wire_up(struct wire *w, enum socket_kind server, enum socket_kind client, const char *endpoint)
{
    char real[64];
    *w = (struct wire){0};
    assert_int_equal(socket_context_new(16, &w->context), 0);
    w->server = new_socket(w, server);
    w->client = new_socket(w, client);
    assert_int_equal(socket_bind(w->server, endpoint, real, sizeof(real)), 0);
    assert_null(strchr(real, '*'));
    assert_int_equal(socket_connect(w->client, real), 0);
}

static void wire_down(struct wire *w)
{
    socket_close(w->server);
    socket_close(w->client);
    socket_context_free(w->context);
    buf_done(&w->topic);
    buf_done(&w->body);
}

static void wait_for(void *socket, short event)
{
    zmq_pollitem_t item = {.socket = socket, .events = event};
    assert_int_equal(zmq_poll(&item, 1, 5000), 1);
}

static void send_frames(void *socket, size_t n)
{
    wait_for(socket, ZMQ_POLLOUT);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(zmq_send(socket, "x", 1, i + 1 < n ? ZMQ_SNDMORE : 0), 1);
}

static int receive(struct wire *w)
{
    return socket_receive(w->server, &w->from, NULL, &w->body);
}

static void a_question_is_answered(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "tcp://127.0.0.1:*");
    assert_int_equal(receive(&w), -EAGAIN);
    assert_int_equal(socket_send(w.client, NULL, NULL, BYTES("question")), 0);
    wait_for(w.server, ZMQ_POLLIN);
    assert_int_equal(receive(&w), 0);
    assert_string_equal(buf_str(&w.body), "question");
    assert_int_equal(w.from.n, 5);
    assert_int_equal(socket_send(w.server, &w.from, NULL, BYTES("answer")), 0);
    wait_for(w.client, ZMQ_POLLIN);
    assert_int_equal(socket_receive(w.client, NULL, NULL, &w.body), 0);
    assert_string_equal(buf_str(&w.body), "answer");
    struct routing nobody = {.n = 5, .at = "\0abcd"};
    assert_int_equal(socket_send(w.server, &nobody, NULL, BYTES("lost")), -EHOSTUNREACH);
    wire_down(&w);
}

static void a_tap_gets_topic_and_event(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_XPUB, SOCKET_SUB, "tcp://127.0.0.1:*");
    wait_for(w.server, ZMQ_POLLIN); /* the subscription itself: one frame */
    assert_int_equal(socket_receive(w.server, NULL, NULL, &w.body), 0);
    assert_true(bytes_eq(buf_bytes(&w.body), BYTES("\1")));
    assert_int_equal(socket_send(w.server, NULL, "task.lost", BYTES("event")), 0);
    wait_for(w.client, ZMQ_POLLIN);
    assert_int_equal(socket_receive(w.client, NULL, &w.topic, &w.body), 0);
    assert_string_equal(buf_str(&w.topic), "task.lost");
    assert_string_equal(buf_str(&w.body), "event");
    /* a topic alone is no event */
    assert_int_equal(socket_send(w.server, NULL, NULL, BYTES("task.bare")), 0);
    wait_for(w.client, ZMQ_POLLIN);
    assert_int_equal(socket_receive(w.client, NULL, &w.topic, &w.body), -EBADMSG);
    wire_down(&w);
}

/* Z3, Z6: a message of many frames is thrown away piece by piece, and no piece of it is taken for a
 * message. */
static void unexpected_frames_are_thrown_away(void **state)
{
    (void)state;
    static const size_t frames[] = {2, 3, 1024, 1025, 1026, 5000};
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        struct wire w;
        wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "inproc://frames");
        send_frames(w.client, frames[i]);
        assert_int_equal(socket_send(w.client, NULL, NULL, BYTES("good")), 0);
        int answer, refused = 0;
        while ((answer = receive(&w)) == -EBADMSG)
            refused++;
        assert_int_equal(answer, 0);
        assert_string_equal(buf_str(&w.body), "good");
        assert_in_range(refused, 1, 1 + frames[i] / 1024);
        assert_int_equal(receive(&w), -EAGAIN);
        wire_down(&w);
    }
}

/* A peer that names itself is refused: identity never comes from a routing id (Z2). */
static void long_routing_ids_are_refused(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "inproc://names");
    void *named = new_socket(&w, SOCKET_DEALER);
    zmq_setsockopt(named, ZMQ_ROUTING_ID, "a-name-of-more-than-15-bytes", 28);
    assert_int_equal(socket_connect(named, "inproc://names"), 0);
    assert_int_equal(socket_send(named, NULL, NULL, BYTES("hello")), 0);
    wait_for(w.server, ZMQ_POLLIN);
    assert_int_equal(receive(&w), -EBADMSG);
    assert_int_equal(receive(&w), -EAGAIN);
    socket_close(named);
    wire_down(&w);
}

/* W2: a queue that is full is an answer, never a wait. */
static void a_full_queue_answers_at_once(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "inproc://full");
    int answer = 0;
    for (int i = 0; i < 1000 && !answer; i++)
        answer = socket_send(w.client, NULL, NULL, BYTES("x"));
    assert_int_equal(answer, -EAGAIN);
    wire_down(&w);
}

static void options_are_set(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "inproc://options");
    static const struct {
        int option, value;
    } rows[] = {{ZMQ_LINGER, 0},
                {ZMQ_RCVHWM, 10},
                {ZMQ_SNDHWM, 10},
                {ZMQ_HANDSHAKE_IVL, 2000}, {ZMQ_BACKLOG, 1024},
                {ZMQ_HEARTBEAT_IVL, 2000}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int value = -1;
        size_t n = sizeof(value);
        assert_int_equal(zmq_getsockopt(w.server, rows[i].option, &value, &n), 0);
        assert_int_equal(value, rows[i].value);
    }
    int64_t largest = 0;
    size_t n = sizeof(largest);
    assert_int_equal(zmq_getsockopt(w.server, ZMQ_MAXMSGSIZE, &largest, &n), 0);
    assert_int_equal(largest, 1024 * 1024);
    wire_down(&w);
}

static void failures_are_answers(void **state)
{
    (void)state;
    struct wire w;
    wire_up(&w, SOCKET_ROUTER, SOCKET_DEALER, "inproc://taken");
    assert_int_equal(socket_bind(w.client, "inproc://taken", NULL, 0), -EADDRINUSE);
    assert_int_equal(socket_connect(w.client, "carrier-pigeon://roof"), -EPROTONOSUPPORT);
    void *socket = NULL, *full;
    assert_int_equal(socket_context_new(1, &full), 0);
    assert_int_equal(socket_new(full, SOCKET_DEALER, 1, &socket), 0);
    void *second = NULL;
    assert_int_equal(socket_new(full, SOCKET_DEALER, 1, &second), -EMFILE);
    assert_null(second);
    socket_close(socket);
    socket_context_free(full);
    wire_down(&w);
}

/* Here libzmq asks for addresses: nobody answers for `nobody.invalid` before the test ends. */
static sem_t asked, answered;

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strcmp(node, "nobody.invalid") != 0)
        return real(node, service, hints, ret);
    sem_post(&asked);
    sem_wait(&answered);
    sem_post(&answered);
    return EAI_AGAIN;
}

static void a_name_that_nobody_answers_for_holds_no_other_up(void **state)
{
    (void)state;
    static const char *const rows[] = {"tcp://127.0.0.1:*", "tcp://localhost:*"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct wire w = {0};
        char real[64], peer[64];
        struct timespec soon;
        clock_gettime(CLOCK_MONOTONIC, &soon);
        soon.tv_sec += 5;
        assert_int_equal(sem_init(&asked, 0, 0) | sem_init(&answered, 0, 0), 0);
        assert_int_equal(socket_context_new(16, &w.context), 0);
        void *vain = new_socket(&w, SOCKET_DEALER);
        w.server = new_socket(&w, SOCKET_DEALER);
        w.client = new_socket(&w, SOCKET_DEALER);
        assert_int_equal(socket_connect(vain, "tcp://nobody.invalid:7301"), 0);
        assert_int_equal(sem_clockwait(&asked, CLOCK_MONOTONIC, &soon), 0);
        assert_int_equal(socket_bind(w.server, "tcp://127.0.0.1:*", real, sizeof(real)), 0);
        snprintf(peer, sizeof(peer), "%.*s%s", (int)(strrchr(rows[i], ':') - rows[i]), rows[i], strrchr(real, ':'));
        assert_int_equal(socket_connect(w.client, peer), 0);
        send_frames(w.client, 1);
        wait_for(w.server, ZMQ_POLLIN);
        sem_post(&answered);
        socket_close(vain);
        wire_down(&w);
    }
}

static void each_name_has_its_thread(void **state)
{
    (void)state;
    assert_int_equal(names_thread("tcp://127.0.0.1:7301"), 0);
    assert_int_equal(names_thread("tcp://[::1]:7301"), 0);
    assert_int_equal(names_thread("ipc:///run/helios/agents"), 0);
    assert_int_equal(names_thread("tcp://"), 0);
    size_t one = names_thread("tcp://one.example:7301"), two = names_thread("tcp://two.example:7301");
    assert_true(one && two && one != two);
    assert_int_equal(names_thread("tcp://one.example:7303"), one);
    for (int i = 0; i < 100; i++) {
        char endpoint[64];
        snprintf(endpoint, sizeof(endpoint), "tcp://h%d.example:7301", i);
        assert_in_range(names_thread(endpoint), 1, NAMES_THREADS - 1);
    }
    assert_int_equal(names_thread("tcp://one.example:7301"), one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered),
        cmocka_unit_test(a_tap_gets_topic_and_event),
        cmocka_unit_test(unexpected_frames_are_thrown_away),
        cmocka_unit_test(long_routing_ids_are_refused),
        cmocka_unit_test(a_full_queue_answers_at_once),
        cmocka_unit_test(options_are_set),
        cmocka_unit_test(failures_are_answers),
        cmocka_unit_test(a_name_that_nobody_answers_for_holds_no_other_up),
        cmocka_unit_test(each_name_has_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
