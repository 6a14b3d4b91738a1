/* SPDX-License-Identifier: MPL-2.0 */
/* One conversation with a controller over its control endpoint. */
#ifndef HELIOS_TOOL_CLIENT_H
#define HELIOS_TOOL_CLIENT_H

#include <jansson.h>

#include "args.h"
#include "common/buf.h"
#include "place.h"
#include "proto/codec.h"

struct client {
    struct place place;      /* owned */
    void *context, *control; /* owned */
    int64_t timeout_ms;
    unsigned refs;
    struct buf in; /* the last message */
};

/* client_open finds and connects; 0, or the exit code for the process after a sentence on stderr.
 */
int client_open(struct client *c, const struct args *a);
int client_open_at(struct client *c, const char *directory, int64_t timeout_ms); /* silent */
void client_close(struct client *c);

/* client_ask sends a query or command and waits for its reply. args: a JSON object or NULL
 * (borrowed). 0 and a new reference in *ret; else the exit code (EX_UNAVAILABLE no answer,
 * EX_NOINPUT not found, EX_USAGE bad arguments, EX_TEMPFAIL busy) and a sentence in err (of 512
 * bytes). */
int client_ask(struct client *c, bool command, const char *name, const json_t *args, json_t **ret,
               char *err);
/* The same, with the sentence on stderr. */
int client_query(struct client *c, const char *what, const json_t *args, json_t **ret);
int client_command(struct client *c, const char *verb, const json_t *args, json_t **ret);

void client_send(struct client *c, enum msg which, const void *message);
/* client_receive waits for the next message until the deadline (clock_now): its kind (enum msg)
 * with its bytes in c->in, -ETIMEDOUT, or -EINTR. */
int client_receive(struct client *c, int64_t deadline);

#endif
