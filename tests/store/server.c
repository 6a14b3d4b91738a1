/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the process and the directory of a test's Redis. */
#include "server.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 32

void server_make(struct server *s)
{
    *s = (struct server){.dir = "/tmp/helios-test-XXXXXX"};
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->socket, sizeof(s->socket), "%s/redis.sock", s->dir);
    snprintf(s->url, sizeof(s->url), "unix:%s", s->socket);
}

static void become_redis(const struct server *s, char *options)
{
    const char *words[WORDS_MAX] = {"redis-server", "--port", "0",    "--unixsocket",
                                    s->socket,      "--dir",  s->dir, "--logfile",
                                    "redis.log",    "--save", ""};
    size_t n = 11;
    for (char *rest, *word = strtok_r(options, " ", &rest); word && n + 1 < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nothing behind */
    execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

static bool answers(struct server *s)
{
    s->ask = redisConnectUnix(s->socket);
    if (s->ask && !s->ask->err)
        return true;
    redisFree(s->ask);
    s->ask = NULL;
    return false;
}

void server_start(struct server *s, const char *options)
{
    _autofree_ char *copy = xdup(options);
    assert_int_equal(s->pid, 0);
    unlink(s->socket);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        become_redis(s, copy);
    for (int left = 2000; !answers(s); left--) {
        assert_true(left > 0);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    for (;;) { /* it answers LOADING at first */
        redisReply *reply = redisCommand(s->ask, "PING");
        bool ready =
            reply && (reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "LOADING", 7) != 0);
        if (reply)
            freeReplyObject(reply);
        if (ready)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

void server_signal(struct server *s, int signal)
{
    assert_int_equal(kill(s->pid, signal), 0);
}

void server_kill(struct server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
    if (s->ask)
        redisFree(s->ask);
    s->ask = NULL;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void server_done(struct server *s)
{
    server_kill(s);
    nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static redisReply *ask(struct server *s, const char *format, va_list args)
{
    redisReply *reply = redisvCommand(s->ask, format, args);
    if (reply == NULL)
        fail_msg("the test's Redis does not answer: %s", s->ask->errstr);
    return reply;
}

redisReply *server_ask(struct server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = ask(s, format, args);
    va_end(args);
    return reply;
}

void server_tell(struct server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = ask(s, format, args);
    va_end(args);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    freeReplyObject(reply);
}

long long server_int(struct server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = ask(s, format, args);
    va_end(args);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

char *server_text(struct server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = ask(s, format, args);
    va_end(args);
    char *text = xdup(reply->str ? reply->str : "");
    freeReplyObject(reply);
    return text;
}
