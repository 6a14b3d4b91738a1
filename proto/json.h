/* SPDX-License-Identifier: MPL-2.0 */
/* msgpack to JSON and back, for --json, params on the command line, actions' output and reports. */
#ifndef HELIOS_PROTO_JSON_H
#define HELIOS_PROTO_JSON_H

#include <jansson.h>

#include "pack.h"
#include "read.h"

/* A new reference; never NULL. Bytes that are not UTF-8 become a string with \xNN escapes. Nothing
 * gives {}. */
json_t *json_from_msgpack(struct bytes b);
/* Appends the value; integers stay integers. -ELOOP when deeper than 8. */
int json_to_msgpack(struct buf *out, const json_t *value);
/* Parses text. -EBADMSG with a sentence (line and column) in err_text. */
int json_text_to_msgpack(struct buf *out, struct bytes text, char *err_text, size_t err_room);
/* Appends the JSON text; not pretty: one line. No newline at the end. */
void json_print(struct buf *out, struct bytes msgpack, bool pretty);

#endif
