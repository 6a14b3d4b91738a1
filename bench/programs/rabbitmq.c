/* SPDX-License-Identifier: MPL-2.0 */
/* RabbitMQ as a task queue: a quorum queue, persistent messages that the broker confirms, workers that prefetch and acknowledge each
 * task after its result; results go to a queue in memory.
 *
 *   helios-bench-rabbitmq PORT N WORKERS     prints tasks/s */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure.h"

enum { CHANNEL = 1, PREFETCH = 100, WINDOW = 1000, FRAME_MOST = 131072, PERSISTENT = 2 };

typedef amqp_connection_state_t connection;

static int port;

static void check(connection c, const char *what)
{
    if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL)
        die(what);
}

static connection connect_here(void)
{
    connection c = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(c);
    if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK)
        die("no connection");
    if (amqp_login(c, "/", 0, FRAME_MOST, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type !=
        AMQP_RESPONSE_NORMAL)
        die("no login");
    amqp_channel_open(c, CHANNEL);
    check(c, "no channel");
    return c;
}

static void declare(connection c, const char *queue, bool quorum)
{
    amqp_table_entry_t kind = {.key = amqp_cstring_bytes("x-queue-type"), .value.kind = AMQP_FIELD_KIND_UTF8};
    kind.value.value.bytes = amqp_cstring_bytes("quorum");
    amqp_table_t table = {quorum, &kind};
    amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(queue), false, quorum, false, false, table);
    check(c, "no queue");
    amqp_queue_purge(c, CHANNEL, amqp_cstring_bytes(queue));
    check(c, "no empty queue");
}

static void publish(connection c, const char *queue, amqp_bytes_t body, bool persistent)
{
    amqp_basic_properties_t p = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = PERSISTENT};
    if (amqp_basic_publish(c, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(queue), false, false, persistent ? &p : NULL, body))
        die("cannot publish");
}

static void consume(connection c, const char *queue, bool without_ack)
{
    amqp_basic_consume(c, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, false, without_ack, false, amqp_empty_table);
    check(c, "cannot consume");
}

static void next(connection c, amqp_envelope_t *ret)
{
    amqp_maybe_release_buffers(c);
    if (amqp_consume_message(c, ret, NULL, 0).reply_type != AMQP_RESPONSE_NORMAL)
        die("no message");
}

static void work(int worker)
{
    connection c = connect_here();
    (void)worker;
    amqp_basic_qos(c, CHANNEL, 0, PREFETCH, false);
    check(c, "no prefetch");
    consume(c, "tasks", false);
    for (;;) {
        amqp_envelope_t e;
        next(c, &e);
        publish(c, "results", e.message.body, false);
        if (amqp_basic_ack(c, CHANNEL, e.delivery_tag, false))
            die("cannot acknowledge");
        amqp_destroy_envelope(&e);
    }
}

/* take_confirm waits for one word of the broker; answers how many tasks are confirmed then. */
static long take_confirm(connection c, long confirmed)
{
    amqp_frame_t frame;
    amqp_maybe_release_buffers(c);
    if (amqp_simple_wait_frame(c, &frame))
        die("no confirmation");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
        return confirmed;
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    return ack->multiple ? (long)ack->delivery_tag : confirmed + 1;
}

static void submit(long n)
{
    connection c = connect_here();
    char task[TASK_BYTES + 1];
    long confirmed = 0;
    amqp_confirm_select(c, CHANNEL);
    check(c, "no confirmations");
    for (long i = 0; i < n; i++) {
        write_task(task, i);
        publish(c, "tasks", (amqp_bytes_t){TASK_BYTES, task}, true);
        while (i + 1 - confirmed >= WINDOW)
            confirmed = take_confirm(c, confirmed);
    }
    while (confirmed < n)
        confirmed = take_confirm(c, confirmed);
}

static void take(long n)
{
    connection c = connect_here();
    consume(c, "results", true);
    for (long got = 0; got < n; got++) {
        amqp_envelope_t e;
        next(c, &e);
        amqp_destroy_envelope(&e);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || atol(argv[2]) < 1)
        die("usage: helios-bench-rabbitmq PORT N WORKERS");
    port = atoi(argv[1]);
    alarm(WATCHDOG_S);
    connection c = connect_here();
    declare(c, "tasks", true);
    declare(c, "results", false);
    start_workers(atoi(argv[3]), work);
    run_flow(atol(argv[2]), submit, take);
    kill_workers();
    return 0;
}
