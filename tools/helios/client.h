/* SPDX-License-Identifier: MPL-2.0 */
/* A conversation with the controllers of a realm: sockets and a clock around the logic of client/,
 * which knows who leads and what to say again. */
#ifndef HELIOS_TOOL_CLIENT_H
#define HELIOS_TOOL_CLIENT_H

#include <jansson.h>

#include "args.h"
#include "client/client.h"
#include "common/buf.h"
#include "place.h"

struct client {
    struct places places;              /* owned */
    struct key key;                    /* ours; none when its public is "" */
    void *context;                     /* owned; NULL = not open */
    void *sockets[CLIENT_CONTROLLERS]; /* owned; NULL = it cannot be reached now */
    struct client_core core;
    int64_t timeout_ms;
    int64_t looked;      /* clock_now: when endpoints were read last */
    bool quiet;          /* says nothing when another controller leads */
    struct buf in;       /* the last message */
    struct asked *asked; /* what client_ask waits for; NULL = nothing */
    /* Everything else that comes; may be NULL. */
    void (*on_event)(void *whom, const struct client_event *event);
    void *whom;
};

/* client_open finds and connects; 0, or the exit code for the process after a sentence on stderr.
 */
int client_open(struct client *c, const struct args *a);
int client_open_at(struct client *c, const char *directory, int64_t timeout_ms); /* silent */
void client_close(struct client *c);

/* client_connect connects a socket to an endpoint of the i-th controller, with our key when it asks for
 * one. -errno after a sentence on stderr. */
int client_connect(struct client *c, size_t i, void *socket, enum endpoint endpoint);

/* client_doubt ends a sentence about silence: "" or ", and is your key …". */
const char *client_doubt(const struct client *c);

/* client_turn sends what is due, waits at most wait_ms for a message, or for something to read on
 * `other` (a socket, may be NULL), and takes in what came. -EINTR when a signal came. */
int client_turn(struct client *c, int64_t wait_ms, void *other);

/* client_guard bounds what peers send and we have not taken; answers in how many ms it must be called again. */
int64_t client_guard(int64_t now);

/* client_ask sends a query or command and waits for its reply. args: a JSON object or NULL
 * (borrowed). 0 and a new reference in *ret; else the exit code (EX_UNAVAILABLE no answer,
 * EX_NOINPUT not found, EX_USAGE bad arguments, EX_TEMPFAIL busy) and a sentence in err (of 512
 * bytes). */
int client_ask(struct client *c, bool command, const char *name, const json_t *args, json_t **ret,
               char *err);
/* The same, with the sentence on stderr. */
int client_query(struct client *c, const char *what, const json_t *args, json_t **ret);
int client_command(struct client *c, const char *verb, const json_t *args, json_t **ret);
/* client_ask_all asks every controller. answers[i]: a new reference to what controller i said, NULL
 * when it did not answer or refused; leads: which of them leads, c->places.n = none that answered.
 * 0, or the exit code of a refusal after its sentence on stderr. */
int client_ask_all(struct client *c, bool command, const char *name, const json_t *args,
                    json_t *answers[CLIENT_CONTROLLERS], size_t *ret_leads);

#endif
