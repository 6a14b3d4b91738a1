/* SPDX-License-Identifier: MPL-2.0 */
/* KPI sources and their numbers: what was sent is stored or counted as lost (H1). */
#ifndef HELIOS_SENSE_SOURCE_H
#define HELIOS_SENSE_SOURCE_H

#include "recall.h"
#include "sense.h"

struct source {
    UT_hash_handle hh; /* sense.sources, key name */
    char *name, *instance; /* owned */
    uint64_t joined;   /* number of the first reading that came: earlier ones were sent before we listened */
    uint64_t next;     /* number expected next */
    uint64_t stored, lost, again, refused;
    int64_t seen;
    struct recall recall; /* owned */
};

/* Names come from peers: they are bounded in number and in bytes. */
#define SOURCES_MAX 20000
#define SOURCE_NAME_MAX 256
#define SOURCES_LISTED 1000 /* a message holds 1 MiB */

void sources_done(struct helios *h);
void sources_recall_nothing(struct helios *h); /* before KPIs go */
void source_pack(struct helios *h, const struct source *s, struct pack *p);

#endif
