/* SPDX-License-Identifier: MPL-2.0 */
/* uthash, for keys that are a struct bytes: "nothing" has no address, and memcmp must not be given none. */
#ifndef HELIOS_COMMON_HASH_H
#define HELIOS_COMMON_HASH_H

#include <uthash.h>

#undef HASH_KEYCMP
#define HASH_KEYCMP(a, b, n) ((n) ? memcmp(a, b, n) : 0)

#endif
