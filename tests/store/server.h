/* SPDX-License-Identifier: MPL-2.0 */
/* A redis-server of one test: its own directory, its own socket, ended by its pid. */
#ifndef HELIOS_TESTS_STORE_SERVER_H
#define HELIOS_TESTS_STORE_SERVER_H

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/types.h>

#include "common/base.h"

struct server {
    char dir[64], socket[96], url[112];
    pid_t pid;         /* 0 = not running */
    redisContext *ask; /* the test's own connection; NULL = none yet */
};

void server_make(struct server *s); /* the directory; does not start it */
void server_start(struct server *s,
                  const char *options); /* words as `--appendonly yes`; waits until it answers */
void server_signal(struct server *s, int signal); /* SIGSTOP, SIGCONT */
void server_kill(struct server *s);               /* -9, and waits until it is gone */
void server_done(struct server *s);

/* server_ask asks over the test's own connection and fails the test when there is no answer;
 * freeReplyObject. */
redisReply *server_ask(struct server *s, const char *format, ...);
void server_tell(struct server *s, const char *format, ...); /* the answer must not be an error */
long long server_int(struct server *s, const char *format, ...);
char *server_text(struct server *s, const char *format, ...); /* "" for nil; the caller's */

#define DURABLE "--appendonly yes --appendfsync always"

#endif
