/* SPDX-License-Identifier: MPL-2.0 */
/* The bare Redis list as a task queue, as fast as it goes: what Helios is compared with. Owns no state of tasks: a list of what waits,
 * one of what each worker has, one of results.
 *
 *   redis-list SOCKET tasks N WORKERS [PREFETCH]   one client pushes N tasks of 64 bytes, 256 a pipeline, another process of it takes N
 *                                                  results; workers move PREFETCH (32) tasks at a time to a list of their own, acknowledge
 *                                                  by LREM and push a result of 64 bytes. Prints tasks/s.
 *   redis-list SOCKET trips N                      one task at a time, from push to result. Prints the median, µs. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

enum { PIPELINE = 256, PREFETCH_MOST = 256 };

static const char *path;
static int prefetch = 32;

static redisContext *connect_here(void)
{
    redisContext *c = redisConnectUnix(path);
    if (c == NULL || c->err)
        die("no connection");
    return c;
}

static redisReply *take(redisContext *c)
{
    redisReply *r;
    if (redisGetReply(c, (void **)&r) != REDIS_OK || r->type == REDIS_REPLY_ERROR)
        die("no good reply");
    return r;
}

static void drop(redisContext *c, int n)
{
    while (n--)
        freeReplyObject(take(c));
}

/* ---- a worker ---- */

/* finish acknowledges what was done and pushes its results; answers how many replies that will bring. */
static int finish(redisContext *c, int worker, redisReply **tasks, int n)
{
    for (int i = 0; i < n; i++) {
        redisAppendCommand(c, "LREM taken:%d 1 %b", worker, tasks[i]->str, (size_t)tasks[i]->len);
        redisAppendCommand(c, "RPUSH results %b", tasks[i]->str, (size_t)tasks[i]->len);
        freeReplyObject(tasks[i]);
    }
    return 2 * n;
}

static int fetch(redisContext *c, redisReply **tasks)
{
    int n = 0;
    for (int i = 0; i < prefetch; i++) {
        redisReply *r = take(c);
        if (r->type == REDIS_REPLY_STRING)
            tasks[n++] = r;
        else
            freeReplyObject(r);
    }
    return n;
}

static void work(int worker)
{
    redisContext *c = connect_here();
    redisReply *tasks[PREFETCH_MOST];
    for (int n = 0;;) {
        int replies = finish(c, worker, tasks, n);
        for (int i = 0; i < prefetch; i++)
            redisAppendCommand(c, "LMOVE tasks taken:%d RIGHT LEFT", worker);
        drop(c, replies);
        n = fetch(c, tasks);
        if (n == 0) { /* nothing there: wait for one */
            redisAppendCommand(c, "BLMOVE tasks taken:%d RIGHT LEFT 0", worker);
            tasks[n++] = take(c);
        }
    }
}

/* ---- the client ---- */

static void push_all(long n)
{
    redisContext *c = connect_here();
    char task[TASK_BYTES + 1];
    for (long i = 0; i < n;) {
        int sent = 0;
        for (; sent < PIPELINE && i < n; sent++, i++) {
            write_task(task, i);
            redisAppendCommand(c, "LPUSH tasks %b", task, (size_t)TASK_BYTES);
        }
        drop(c, sent);
    }
    redisFree(c);
}

static void take_all(long n)
{
    redisContext *c = connect_here();
    for (long got = 0; got < n;) {
        redisAppendCommand(c, "BLMPOP 0 1 results LEFT COUNT 200");
        redisReply *r = take(c);
        if (r->type != REDIS_REPLY_ARRAY)
            die("no results");
        got += (long)r->element[1]->elements;
        freeReplyObject(r);
    }
    redisFree(c);
}

static void run_trips(redisContext *c, long n)
{
    redisContext *results = connect_here();
    double *took = calloc((size_t)n, sizeof(*took));
    char task[TASK_BYTES + 1];
    for (long i = 0; i < n; i++) {
        write_task(task, i);
        double began = now_s();
        int done = 0;
        redisAppendCommand(results, "BLPOP results 0");
        redisBufferWrite(results, &done);
        redisAppendCommand(c, "LPUSH tasks %b", task, (size_t)TASK_BYTES);
        drop(c, 1);
        drop(results, 1);
        took[i] = now_s() - began;
    }
    printf("%.1f\n", median(took, n) * 1e6);
    free(took);
    redisFree(results);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage: redis-list SOCKET tasks|trips N [WORKERS [PREFETCH]]");
    path = argv[1];
    long n = atol(argv[3]);
    prefetch = argc > 5 ? atoi(argv[5]) : prefetch;
    if (n < 1 || prefetch < 1 || prefetch > PREFETCH_MOST)
        die("N is at least 1, PREFETCH 1 to 256");
    alarm(WATCHDOG_S);
    redisContext *c = connect_here();
    redisAppendCommand(c, "FLUSHALL");
    drop(c, 1);
    start_workers(argc > 4 ? atoi(argv[4]) : 1, work);
    if (strcmp(argv[2], "tasks") == 0)
        run_flow(n, push_all, take_all);
    else
        run_trips(c, n);
    kill_workers();
    redisFree(c);
    return 0;
}
