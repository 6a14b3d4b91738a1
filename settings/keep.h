/* SPDX-License-Identifier: MPL-2.0 */
/* Memory that lives as long as its owner and is freed at once: a loaded config's texts and rows. */
#ifndef HELIOS_SETTINGS_KEEP_H
#define HELIOS_SETTINGS_KEEP_H

#include "common/base.h"

struct keep {
    void **at;
    size_t n, room;
};

void *keep_room(struct keep *k, size_t n);               /* zeroed; its address never changes */
struct bytes keep_bytes(struct keep *k, struct bytes b); /* a NUL-terminated copy */
void keep_done(struct keep *k);

#endif
