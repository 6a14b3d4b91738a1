/* SPDX-License-Identifier: MPL-2.0 */
/* Who may send what: the one table of roles and messages (Z1), default deny. */
#ifndef HELIOS_PROTO_RIGHTS_H
#define HELIOS_PROTO_RIGHTS_H

#include "proto/schema.h"

/* rights_may: may a key of this role send (of MSG_event: receive) this message? */
bool rights_may(enum key_role role, enum msg which);
/* rights_connect: has it any business at this endpoint? */
bool rights_connect(enum key_role role, enum endpoint endpoint);

#endif
