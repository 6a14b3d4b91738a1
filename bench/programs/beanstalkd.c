/* SPDX-License-Identifier: MPL-2.0 */
/* beanstalkd as a task queue, by its own protocol of lines: puts in windows, workers that reserve 32 jobs at once and delete each
 * after its result, which is a job of another tube.
 *
 *   helios-bench-beanstalkd PORT N WORKERS     prints tasks/s */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

enum { FETCH = 32, WINDOW = 256, LINE_MOST = 256 };

struct server {
    FILE *in, *out; /* of one socket; a stream of both would have to seek between them */
};

struct job {
    unsigned long id;
    char body[TASK_BYTES + 1];
};

static int port;

static struct server connect_here(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("no connection");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct server server = {fdopen(s, "r"), fdopen(dup(s), "w")};
    if (server.in == NULL || server.out == NULL || setvbuf(server.out, NULL, _IOFBF, 1 << 16) != 0)
        die("no streams");
    return server;
}

/* hear answers true when the next line begins with this word. */
static int hear(struct server s, const char *word, char line[LINE_MOST])
{
    if (fgets(line, LINE_MOST, s.in) == NULL)
        die("no answer");
    return strncmp(line, word, strlen(word)) == 0;
}

static void must_hear(struct server s, const char *word)
{
    char line[LINE_MOST];
    if (!hear(s, word, line))
        die(line);
}

/* take_job answers false when there was none. */
static int take_job(struct server s, struct job *ret)
{
    char line[LINE_MOST], rest[2];
    unsigned size;
    if (!hear(s, "RESERVED", line))
        return 0;
    if (sscanf(line, "RESERVED %lu %u", &ret->id, &size) != 2 || size != TASK_BYTES)
        die(line);
    if (fread(ret->body, 1, TASK_BYTES, s.in) != TASK_BYTES || fread(rest, 1, 2, s.in) != 2)
        die("half a job");
    return 1;
}

static void put(struct server s, const char *body)
{
    fprintf(s.out, "put 0 0 60 %d\r\n%.*s\r\n", TASK_BYTES, TASK_BYTES, body);
}

static int reserve(struct server s, struct job *jobs)
{
    int n = 0;
    for (int i = 0; i < FETCH; i++)
        fputs("reserve-with-timeout 0\r\n", s.out);
    fflush(s.out);
    for (int i = 0; i < FETCH; i++)
        n += take_job(s, &jobs[n]);
    if (n)
        return n;
    fputs("reserve\r\n", s.out);
    fflush(s.out);
    if (!take_job(s, jobs))
        die("no job");
    return 1;
}

static void work(int worker)
{
    (void)worker;
    struct server s = connect_here();
    struct job jobs[FETCH];
    fputs("use results\r\n", s.out);
    fflush(s.out);
    must_hear(s, "USING");
    for (;;) {
        int n = reserve(s, jobs);
        for (int i = 0; i < n; i++) {
            put(s, jobs[i].body);
            fprintf(s.out, "delete %lu\r\n", jobs[i].id);
        }
        fflush(s.out);
        for (int i = 0; i < n; i++) {
            must_hear(s, "INSERTED");
            must_hear(s, "DELETED");
        }
    }
}

static void submit(long n)
{
    struct server s = connect_here();
    char task[TASK_BYTES + 1];
    for (long i = 0; i < n;) {
        int sent = 0;
        for (; sent < WINDOW && i < n; sent++, i++) {
            write_task(task, i);
            put(s, task);
        }
        fflush(s.out);
        while (sent--)
            must_hear(s, "INSERTED");
    }
}

/* take keeps FETCH reserves on their way, half of which may still lie here. */
static void take(long n)
{
    struct server s = connect_here();
    struct job job;
    fputs("watch results\r\nignore default\r\n", s.out);
    for (int i = 0; i < FETCH; i++)
        fputs("reserve\r\n", s.out);
    fflush(s.out);
    must_hear(s, "WATCHING");
    must_hear(s, "WATCHING");
    for (long got = 0; got < n; got++) {
        if (got >= FETCH)
            must_hear(s, "DELETED");
        if (!take_job(s, &job))
            die("no result");
        fprintf(s.out, "delete %lu\r\nreserve\r\n", job.id);
        if (got % (FETCH / 2) == 0)
            fflush(s.out);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || atol(argv[2]) < 1)
        die("usage: helios-bench-beanstalkd PORT N WORKERS");
    port = atoi(argv[1]);
    alarm(WATCHDOG_S);
    start_workers(atoi(argv[3]), work);
    run_flow(atol(argv[2]), submit, take);
    kill_workers();
    return 0;
}
