/* SPDX-License-Identifier: MPL-2.0 */
/* The keys that are let in: the *.pub files of one directory, read again when they change (Z2). Knows no socket. */
#ifndef HELIOS_SHELL_KEYRING_H
#define HELIOS_SHELL_KEYRING_H

#include <uthash.h>

#include "proto/key.h"

#define KEYRING_LOOK_MS 500 /* a revocation takes effect within 1 s */
#define KEYRING_MAX 100000  /* keys; more are not read */

struct allowed {
    UT_hash_handle hh; /* in keyring.keys, key public */
    struct key key;
};

struct keyring {
    char *dir; /* owned */
    struct allowed *keys;
    uint64_t seen; /* digest of the files' names, times and sizes */
    struct timespec dir_seen; /* when files last came or went, as of the last look */
    int64_t next;
};
void keyring_init(struct keyring *k,
                  const char *dir); /* looks at once; a directory that is not there allows nobody */
void keyring_done(struct keyring *k);
/* keyring_look reads again what has changed. gone is called for each key that is not allowed any more, or now has
 * another role or other agents; note for each file that is no key, with a sentence. */
struct keyring_calls {
    void (*gone)(void *user, const struct key *key);
    void (*note)(void *user, const char *why);
};
void keyring_look(struct keyring *k, int64_t now, const struct keyring_calls *calls, void *user);
/* keyring_find_fresh looks again before it says no, if files came or went since the last look. */
const struct key *keyring_find_fresh(struct keyring *k, const char *public, int64_t now,
                                     const struct keyring_calls *calls, void *user);
const struct key *keyring_find(const struct keyring *k,
                               const char *public); /* until the next look; NULL */

#endif
