/* SPDX-License-Identifier: MPL-2.0 */
/* A conversation with the controllers of a realm, as the verbs have it: options from the command line,
 * sentences on stderr, exit codes. */
#ifndef HELIOS_TOOL_CLIENT_H
#define HELIOS_TOOL_CLIENT_H

#include <jansson.h>

#include "args.h"
#include "client/talk.h"

struct client {
    struct talk talk;
    int64_t timeout_ms;
    bool quiet;          /* says nothing when another controller leads */
    struct asked *asked; /* what client_ask waits for; NULL = nothing */
    /* Everything else that comes; may be NULL. */
    void (*on_event)(void *whom, const struct client_event *event);
    void *whom;
};

/* client_places are those of --controller (each, a list with commas), $HELIOS_CONTROLLER, $HELIOS_DATA or ./data, in this
 * order, with the keys of --controller-key, known or not. -EINVAL after a sentence on stderr. */
int client_places(const struct args *a, struct places *ret);

/* client_open finds and connects; 0, or the exit code for the process after a sentence on stderr.
 */
int client_open(struct client *c, const struct args *a);
int client_open_at(struct client *c, const char *directory, int64_t timeout_ms); /* silent */
void client_close(struct client *c);

/* client_connect connects a socket to an endpoint of the i-th controller, with our key when it asks for
 * one. -errno after a sentence on stderr. */
int client_connect(struct client *c, size_t i, void *socket, enum endpoint endpoint);

/* client_exit is the exit code of the process after a refusal with this code; "" = nobody has answered. */
int client_exit(struct bytes code);

/* client_doubt ends a sentence about silence: "" or ", and is your key …". */
const char *client_doubt(const struct client *c);

/* client_turn sends what is due, waits at most wait_ms for a message, or for something to read on
 * `other` (a socket, may be NULL), and takes in what came. -EINTR when a signal came. */
int client_turn(struct client *c, int64_t wait_ms, void *other);

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
