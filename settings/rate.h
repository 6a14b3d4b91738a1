/* SPDX-License-Identifier: MPL-2.0 */
/* How often something may begin, as a config says it: `10/1m`, at most ten in any minute. */
#ifndef HELIOS_SETTINGS_RATE_H
#define HELIOS_SETTINGS_RATE_H

#include "common/base.h"

#define RATE_MOST 1000 /* beginnings within the time: each of them is remembered */
#define RATE_MOST_MS (7LL * 24 * 3600 * 1000)

struct rate {
    unsigned most; /* 0 = no limit */
    int64_t ms;
};
/* rate_parse reads N/TIME; nothing is no limit. -EINVAL: it is none. -ERANGE: N is not 1 to RATE_MOST, or TIME not 1ms to 7d. */
int rate_parse(struct bytes text, struct rate *ret);

#endif
