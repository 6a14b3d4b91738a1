/* SPDX-License-Identifier: MPL-2.0 */
/* libzmq asks for a host's address in the thread that carries the messages, and waits there: of two controllers, one whose name
 * nobody answers for any more would silence the other. So each host that is a name has a thread of its own; all else shares the
 * first one. Refuses to resolve anything itself. */
#ifndef HELIOS_PROTO_NAMES_H
#define HELIOS_PROTO_NAMES_H

#include "common/buf.h"

enum { NAMES_THREADS = 1 + 4 }; /* of a context; more than four names share them */

/* names_thread answers the number of the thread for connections to this endpoint. Remembers its host for as long as the process
 * lives. */
size_t names_thread(const char *endpoint);

/* names_impatient: an answer is waited for 2 s instead of 10, unless somebody chose otherwise: libzmq asks again anyway, and a
 * process does not end before its question does. For a program's start, as it changes the environment. */
void names_impatient(void);

#endif
