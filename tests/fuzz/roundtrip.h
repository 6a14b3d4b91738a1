/* SPDX-License-Identifier: MPL-2.0 */
/* What was decoded and is encoded again says the same. Used by the targets of messages and of records. */
#ifndef HELIOS_TESTS_FUZZ_ROUNDTRIP_H
#define HELIOS_TESTS_FUZZ_ROUNDTRIP_H

#include "proto/codec.h"

/* roundtrip_check decodes `b`, which guard_check has passed, as `s`; when it is one, its fields are encoded, must pass the guard, and
 * decode to fields that encode to the same bytes. Answers whether it is one. */
bool roundtrip_check(const struct schema *s, struct bytes b);

#endif
