/* SPDX-License-Identifier: MPL-2.0 */
/* The signature of a request that is about to be submitted. */
#ifndef HELIOS_TOOL_SIGNER_H
#define HELIOS_TOOL_SIGNER_H

#include "args.h"
#include "common/buf.h"
#include "proto/schema.h"

#define SIGNER_LIFE_MS (10 * 60 * 1000)

/* signer_sign appends the signature that --sign asks for; nothing without it. An exit code. */
int signer_sign(const struct args *a, const struct msg_request *r, struct buf *ret);

#endif
