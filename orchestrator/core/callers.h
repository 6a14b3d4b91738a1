/* SPDX-License-Identifier: MPL-2.0 */
/* Agents that greeted a standby (L4): it refuses them, and asks them to greet again in the moment in which it leads. */
#ifndef HELIOS_CORE_CALLERS_H
#define HELIOS_CORE_CALLERS_H

#include "proto/socket.h"

struct helios;
void callers_add(struct helios *h, const struct routing *from);
void callers_ask(struct helios *h); /* all of them, once */
size_t callers_count(const struct helios *h);
void callers_done(struct helios *h);

#endif
