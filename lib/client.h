/* SPDX-License-Identifier: MPL-2.0 */
/* What stands behind the opaque struct helios_client. */
#ifndef HELIOS_LIB_CLIENT_H
#define HELIOS_LIB_CLIENT_H

#include <helios/client.h>

#include "client/talk.h"
#include "lib/publisher.h"
#include "proto/outlet.h"

struct helios_client {
    struct talk talk;
    int64_t timeout_ms;
    char name[65];
    struct buf error, answer; /* the last sentence; the last reply as JSON */
    struct buf output, data, reason; /* of the last result */
    struct publisher publisher;
    struct outlet outlet;
    bool (*on_event)(void *whom, const struct client_event *e); /* the call under way; true: it was meant */
    void *whom;
    helios_on_end *on_end;
    void *user;
};

/* lib_fail says one sentence of `error` and answers it. */
int lib_fail(struct helios_client *c, int error, const char *format, ...) FORMAT_LIKE(3, 4);
/* lib_await turns until *over, or timeout_ms (-1 = for ever) is past: -ETIMEDOUT; -EINTR. Events go to on_event first. */
int lib_await(struct helios_client *c, const bool *over, int64_t timeout_ms);
/* lib_json makes a JSON object msgpack; NULL gives nothing. -EINVAL with a sentence that names `what`. */
int lib_json(struct helios_client *c, const char *what, const char *json, struct buf *out);

#endif
