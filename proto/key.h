/* SPDX-License-Identifier: MPL-2.0 */
/* Keys of CURVE as small text files, one pair an instance: NAME.key for its owner (mode 0600), NAME.pub for who is to trust it.
 *
 *     # Helios key of web1. Secret: whoever reads it is web1.
 *     name: web1
 *     role: agent
 *     agents: web1 web1-*
 *     public: 40 letters (Z85)
 *     secret: 40 letters; only in NAME.key */
#ifndef HELIOS_PROTO_KEY_H
#define HELIOS_PROTO_KEY_H

#include "common/buf.h"
#include "proto/schema.h"

#define KEY_TEXT 41 /* 40 letters of Z85 and the NUL */
#define KEY_NAME 65 /* a name: letters, digits and _.:- */
#define KEY_AGENTS 512

struct key {
    char name[KEY_NAME];
    enum key_role role;
    char public[KEY_TEXT], secret[KEY_TEXT]; /* secret: "" in NAME.pub */
    char agents
        [KEY_AGENTS]; /* of role agent: patterns of the ids that it may have; "" = NAME and NAME-* */
};

/* key_read reads a file. secret: it must hold the secret, and nobody but its owner may read it (Z4).
 * -errno with a sentence in *ret_why, the caller's. */
int key_read(const char *path, bool secret, struct key *ret, char **ret_why);
void key_print(const struct key *k, bool secret, struct buf *out);
/* key_is_text: 40 letters that can be a key. */
bool key_is_text(struct bytes text);
bool key_may_be(const struct key *k, struct bytes agent);
void key_forget(struct key *k); /* overwrites it */

#endif
