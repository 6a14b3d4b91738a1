/* SPDX-License-Identifier: MPL-2.0 */
/* The check of the bytes (Z3): runs over what a peer sent before anything reads it. Allocates
 * nothing. */
#ifndef HELIOS_PROTO_GUARD_H
#define HELIOS_PROTO_GUARD_H

#include "common/base.h"

#define GUARD_MAX_BYTES (1024 * 1024)
#define GUARD_MAX_DEPTH 8
#define GUARD_MAX_NODES 65536
#define GUARD_MAX_KEYS 64 /* of a map, for the check of duplicates */

/* guard_check answers 0 when the bytes are exactly one msgpack map that is safe to read, else the
 * reason: -EMSGSIZE over 1 MiB, -ELOOP deeper than 8, -E2BIG too many nodes or keys in one map,
 * -EBADMSG truncated, trailing bytes, a container that promises more than the bytes left, no map,
 * an ext type or a key that is no string, -EEXIST a duplicate key. */
int guard_check(struct bytes b);

/* guard_reason is the answer as a word for counters and events: "too_large", "too_deep", … */
const char *guard_reason(int error);

#endif
