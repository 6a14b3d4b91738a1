/* SPDX-License-Identifier: MPL-2.0 */
/* How long it takes from a bad sample to the emergency task in an agent's hands. One process is the source of the samples and the
 * agent, so that both times are of one clock. When the task has come it completes it and says good samples, until the incident is over;
 * then the next one. What the controller must be told is in goals/reaction.py.
 *
 *   helios-bench-reaction AGENTS KPI EVENTS N     three endpoints of the controller, and how many times
 *
 * Prints the microseconds of each. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "proto/codec.h"
#include "proto/guard.h"
#include "proto/socket.h"

#define KPI "pain"
#define ENDED "incident.resolved"

enum {
    WARM_UP_MS = 5000, /* no act before three full windows were seen (L5) */
    CALM_MS = 1200,    /* a bad sample leaves the window */
    GOOD_EVERY_MS = 20,
    BEAT_MS = 300,
    WATCHDOG_S = 300,
};
enum { GOOD = 0, BAD = 1000000 };

static struct {
    void *agent, *source, *tap;
    struct buf in, out;
    char instance[32];
    uint64_t next_sample, done;
    int64_t next_good, next_beat;
    bool welcome, hit, ended; /* hit: the task is here */
} rig;

static void die(const char *what)
{
    fprintf(stderr, "helios-bench-reaction: %s\n", what);
    exit(1);
}

static void tell(void *socket, enum msg which, const void *message)
{
    buf_clear(&rig.out);
    message_encode(&rig.out, which, message);
    socket_send(socket, NULL, NULL, buf_bytes(&rig.out));
}

static void publish(double value)
{
    struct msg_sample item = {.kpi = BYTES(KPI), .value = value, .at = clock_now()};
    struct msg_samples m = {.source = BYTES("bench"), .instance = bytes_of(rig.instance), .first = rig.next_sample++, .items = {&item, 1}};
    tell(rig.source, MSG_samples, &m);
}

static void greet(void)
{
    struct msg_action actions[] = {{.name = BYTES("apply")}, {.name = BYTES("rollback")}};
    struct msg_hello m = {.agent = BYTES("medic"), .instance = bytes_of(rig.instance), .swarm = BYTES("clinic"),
                          .role = role_implementer, .slots = 4, .actions = {actions, ARRAY_SIZE(actions)}};
    tell(rig.agent, MSG_hello, &m);
}

static void complete(struct bytes body)
{
    struct arena arena = {0};
    struct msg_tasks m;
    if (message_decode(MSG_tasks, body, &m, &arena, NULL) < 0)
        die("cannot read the tasks");
    SEQ_EACH (t, struct msg_task, m.items) {
        struct msg_result item = {.task = t->id, .attempt = t->attempt, .outcome = outcome_COMPLETED};
        struct msg_results results = {.items = {&item, 1}};
        rig.hit |= bytes_is(t->action, "apply");
        rig.done++;
        tell(rig.agent, MSG_results, &results);
    }
    arena_done(&arena);
}

/* take answers whether the emergency task was among what came, before anything is done about it. */
static bool take(int64_t *ret_at)
{
    bool before = rig.hit;
    char topic[64];
    while (socket_receive(rig.agent, NULL, NULL, &rig.in) == 0) {
        int64_t at = clock_us();
        struct bytes body = buf_bytes(&rig.in);
        int which = guard_check(body) == 0 ? message_which(body) : -EPROTO;
        if (which == MSG_refuse)
            die("the controller refuses the agent");
        rig.welcome |= which == MSG_welcome;
        if (which == MSG_tasks)
            complete(body);
        if (rig.hit && !before)
            *ret_at = at;
        before = rig.hit;
    }
    while (zmq_recv(rig.tap, topic, sizeof(topic), ZMQ_DONTWAIT) >= 0)
        rig.ended |= memcmp(topic, ENDED, strlen(ENDED)) == 0;
    return rig.hit;
}

static void live(void)
{
    int64_t now = clock_now();
    if (now >= rig.next_beat) {
        struct msg_beat m = {.free = 4, .done = rig.done};
        rig.welcome ? tell(rig.agent, MSG_beat, &m) : greet();
        rig.next_beat = now + BEAT_MS;
    }
    if (now >= rig.next_good) {
        publish(GOOD);
        rig.next_good = now + GOOD_EVERY_MS;
    }
    zmq_pollitem_t items[] = {{.socket = rig.agent, .events = ZMQ_POLLIN}, {.socket = rig.tap, .events = ZMQ_POLLIN}};
    zmq_poll(items, ARRAY_SIZE(items), GOOD_EVERY_MS / 2);
}

static void live_for(int64_t ms)
{
    int64_t until = clock_now() + ms, at;
    for (; clock_now() < until; take(&at))
        live();
}

static int64_t react(void)
{
    int64_t at = 0, began;
    rig.hit = rig.ended = false;
    live_for(CALM_MS);
    began = clock_us();
    publish(BAD);
    rig.next_good = clock_now() + GOOD_EVERY_MS;
    while (!take(&at))
        live();
    for (int64_t again; !rig.ended; take(&again))
        live();
    return at - began;
}

static void open_all(char **endpoints)
{
    void *context = NULL;
    if (socket_context_new(8, &context) < 0 || socket_new(context, SOCKET_DEALER, 1000, &rig.agent) < 0 ||
        socket_new(context, SOCKET_PUB, 1000, &rig.source) < 0)
        die("no sockets");
    rig.tap = zmq_socket(context, ZMQ_SUB); /* one topic, or the controller would put every event into words for us */
    zmq_setsockopt(rig.tap, ZMQ_SUBSCRIBE, ENDED, strlen(ENDED));
    if (socket_connect(rig.agent, endpoints[0]) < 0 || socket_connect(rig.source, endpoints[1]) < 0 ||
        socket_connect(rig.tap, endpoints[2]) < 0)
        die("cannot connect");
}

int main(int argc, char **argv)
{
    if (argc != 5 || atol(argv[4]) < 1)
        die("usage: helios-bench-reaction AGENTS KPI EVENTS N");
    alarm(WATCHDOG_S);
    rig.next_sample = 1;
    snprintf(rig.instance, sizeof(rig.instance), "bench-%d", (int)getpid());
    open_all(argv + 1);
    while (!rig.welcome)
        live_for(BEAT_MS);
    live_for(WARM_UP_MS);
    for (long i = 0; i < atol(argv[4]); i++)
        printf("%lld\n", (long long)react());
    return 0;
}
