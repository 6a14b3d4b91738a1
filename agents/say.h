/* SPDX-License-Identifier: MPL-2.0 */
/* What members say to controllers: hello, beats, results, each checked as the controller will check
 * it (Z3): what it would refuse would be sent for ever. */
#ifndef HELIOS_AGENTS_SAY_H
#define HELIOS_AGENTS_SAY_H

#include "proto/schema.h"

struct link;

/* link_say sends one message. -EAGAIN, -ENOTCONN, or why the wire does not take it, as guard_check
 * says.
 */
int link_say(struct link *l, enum msg which, const void *message);
void say_hello(struct link *l);
void say_beat(struct link *l);
void say_results(struct link *l); /* all that are due, in batches */

#endif
