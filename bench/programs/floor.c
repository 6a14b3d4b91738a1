/* SPDX-License-Identifier: MPL-2.0 */
/* What no controller of this kind can be faster than: two round trips between a DEALER and a ROUTER in two processes, and two fenced
 * commits of one record each. A round trip through Helios is submit, commit, task, result, commit, done.
 *
 *   helios-floor ENDPOINT REDIS_SOCKET N     ENDPOINT: ipc://PATH of our own. Redis must know the functions of heliosd.
 *
 * Prints the medians of both in µs, and the floor. */
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "measure.h"

enum { BYTES_ON_THE_WAY = 150 };

/* echo answers every message of a ROUTER's peer as it came. */
static void echo(const char *endpoint)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    char id[256], body[4096];
    if (zmq_bind(router, endpoint) < 0)
        die("cannot bind");
    for (;;) {
        int n = zmq_recv(router, id, sizeof(id), 0), m = zmq_recv(router, body, sizeof(body), 0);
        if (n < 0 || m < 0)
            die("no message");
        zmq_send(router, id, (size_t)n, ZMQ_SNDMORE);
        zmq_send(router, body, (size_t)m, 0);
    }
}

static double round_trip(const char *endpoint, long n)
{
    double *us = calloc((size_t)n, sizeof(*us));
    pid_t pid = fork_child();
    if (pid == 0)
        echo(endpoint);
    void *context = zmq_ctx_new(), *dealer = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof(linger));
    if (zmq_connect(dealer, endpoint) < 0)
        die("cannot connect");
    char body[BYTES_ON_THE_WAY] = "";
    for (long i = -50; i < n; i++) {
        double began = now_s();
        zmq_send(dealer, body, sizeof(body), 0);
        zmq_recv(dealer, body, sizeof(body), 0);
        if (i >= 0)
            us[i] = (now_s() - began) * 1e6;
    }
    zmq_close(dealer);
    zmq_ctx_term(context);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    double m = median(us, n);
    free(us);
    return m;
}

#define KEY(name) "{helios:floor}:" name

static redisReply *good(redisReply *r)
{
    if (r == NULL || r->type == REDIS_REPLY_ERROR)
        die(r ? r->str : "Redis is gone");
    return r;
}

static double commit(const char *socket, long n)
{
    double *us = calloc((size_t)n, sizeof(*us));
    char value[BYTES_ON_THE_WAY] = "";
    redisContext *c = redisConnectUnix(socket);
    if (c == NULL || c->err)
        die("no connection to Redis");
    freeReplyObject(good(redisCommand(c, "DEL " KEY("pos") " " KEY("lease") " " KEY("history") " " KEY("task"))));
    freeReplyObject(good(redisCommand(c, "HSET " KEY("lease") " holder floor epoch 1 renew 0")));
    for (long i = 0; i < n; i++) {
        double began = now_s();
        freeReplyObject(good(redisCommand(c,
                                          "FCALL helios_commit 4 " KEY("pos") " " KEY("lease") " " KEY("history") " " KEY("task")
                                          " 1 %ld %ld 0123456789abcdef 100 0 1 t-1 %b 0",
                                          i, i + 1, value, sizeof(value))));
        us[i] = (now_s() - began) * 1e6;
    }
    freeReplyObject(good(redisCommand(c, "DEL " KEY("pos") " " KEY("lease") " " KEY("history") " " KEY("task"))));
    redisFree(c);
    double m = median(us, n);
    free(us);
    return m;
}

int main(int argc, char **argv)
{
    if (argc != 4 || atol(argv[3]) < 1)
        die("usage: helios-floor ENDPOINT REDIS_SOCKET N");
    alarm(WATCHDOG_S);
    double trip = round_trip(argv[1], atol(argv[3])), one = commit(argv[2], atol(argv[3]));
    printf("round_trip_us %.1f\ncommit_us %.1f\nfloor_us %.1f\n", trip, one, 2 * trip + 2 * one);
    return 0;
}
