/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands as messages: finds the verb, answers with `reply`. */
#ifndef HELIOS_CORE_ANSWER_H
#define HELIOS_CORE_ANSWER_H

#include "proto/schema.h"
#include "proto/socket.h"

struct helios;
void on_query(struct helios *h, const struct routing *from, const struct msg_query *m);
void on_command(struct helios *h, const struct routing *from, const struct msg_command *m);

#endif
