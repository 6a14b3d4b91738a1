/* SPDX-License-Identifier: MPL-2.0 */
/* Messages as text, for the trace. */
#ifndef HELIOS_SIM_MESSAGE_H
#define HELIOS_SIM_MESSAGE_H

#include "common/base.h"

void message_trace(const char *verb, const char *whom, struct bytes body);
bool socket_readable(void *socket); /* of socket.c: a message waits */

#endif
