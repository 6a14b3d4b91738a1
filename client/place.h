/* SPDX-License-Identifier: MPL-2.0 */
/* Where the controllers are: data directories' endpoints.json, or hosts with the default ports. */
#ifndef HELIOS_CLIENT_PLACE_H
#define HELIOS_CLIENT_PLACE_H

#include "client/client.h"
#include "common/buf.h"
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

/* places_add adds those of a list with commas: data directories, tcp://HOST with the default ports. */
void places_add(struct places *p, const char *list);
/* places_named is the list to add: the given one, else $HELIOS_CONTROLLER, else $HELIOS_DATA, else ./data. */
const char *places_named(const char *given);
/* places_keys gives the hosts their public keys, in the same order: *.pub files or their 40 letters, with
 * blanks between them; data directories say theirs themselves. -EINVAL with a sentence for a key that is none. */
int places_keys(struct places *p, const char *list, struct buf *why);
/* places_known: is anything known of any? -ENOENT with a sentence. */
int places_known(const struct places *p, struct buf *why);
void places_done(struct places *p);
/* place_look reads a data directory's endpoints again; whether `control` or its key has changed. */
bool place_look(struct place *p);

#endif
