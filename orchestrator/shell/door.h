/* SPDX-License-Identifier: MPL-2.0 */
/* Who is let in (Z1, Z2): our own key, the keys that are allowed, the questions that ZeroMQ asks about those who knock.
 * Without a key of our own the door stands open and nobody is asked. */
#ifndef HELIOS_SHELL_DOOR_H
#define HELIOS_SHELL_DOOR_H

#include "keyring.h"

struct shell;

struct door {
    bool locked;    /* we have a key: everybody must prove one */
    struct key key; /* ours */
    struct keyring ring;
};
/* door_make reads the key and the ring that the settings name. -errno with a sentence in *ret_why, the caller's. */
int door_make(struct shell *s, char **ret_why);
void door_done(struct door *d);
/* door_tick answers who knocks and looks at the ring; says when to look again. */
int64_t door_tick(struct shell *s, int64_t now);
/* door_who: whose message this is. False: nobody who is allowed (any more); the message must not be looked at. */
bool door_who(const struct shell *s, const char *user, const struct key **ret_who);

#endif
