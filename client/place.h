/* SPDX-License-Identifier: MPL-2.0 */
/* Where the controllers are: data directories' endpoints.json, or hosts with the default ports. */
#ifndef HELIOS_TOOL_PLACE_H
#define HELIOS_TOOL_PLACE_H

#include "args.h"
#include "client/client.h"
#include "proto/key.h"
#include "proto/schema.h"

struct place {
    char *where;                /* as a person named it; owned */
    char *endpoints[ENDPOINTS]; /* owned; NULL = nothing is known of it (now) */
    char key[KEY_TEXT];         /* its public key; "" = it asks for none */
};

struct places {
    struct place at[CLIENT_CONTROLLERS];
    size_t n;
};

/* places_find reads --controller (each, a list with commas), $HELIOS_CONTROLLER, $HELIOS_DATA,
 * ./data, in this order; and the public keys of hosts, in the same order, from --controller-key or
 * $HELIOS_CONTROLLER_KEY: *.pub files or their 40 letters, with blanks between them. -ENOENT, with a sentence on stderr, when
 * nothing is known of any; -EINVAL for a key that is none. */
int places_find(const struct args *a, struct places *ret);
/* places_list: the same, also when nothing is known of any; it complains of keys only. */
int places_list(const struct args *a, struct places *ret);
int places_of(const char *directory, struct places *ret); /* of this data directory; silent */
void places_done(struct places *p);
/* place_look reads a data directory's endpoints again; whether `control` or its key has changed. */
bool place_look(struct place *p);

#endif
