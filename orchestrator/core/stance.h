/* SPDX-License-Identifier: MPL-2.0 */
/* Where this controller stands, as its shell sees it: for the query `controller`, which every
 * controller answers. The core only shows it. */
#ifndef HELIOS_CORE_STANCE_H
#define HELIOS_CORE_STANCE_H

#include "proto/schema.h"

struct stance {
    const char *id;       /* of its data directory */
    const char *data_dir; /* for people */
    const char *host;
    int64_t pid;
    const char *endpoints[ENDPOINTS];
    int64_t wall;            /* the wall clock of its machine at this turn; the core's own never jumps */
    int64_t since;           /* it leads, or stands by, since then */
    const char *holder;      /* of the lease, as seen last; "" = nobody */
    uint64_t holder_epoch;   /* and its term */
    int64_t lease_read;      /* when that was seen or renewed last; 0 = never */
    int64_t lease_changed;   /* since when it is the same: 1.5 s without a change and it may be taken */
    const char *store_why;   /* why Redis takes no commit or lease now; NULL = all is well */
};

#endif
