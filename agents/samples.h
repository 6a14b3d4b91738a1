/* SPDX-License-Identifier: MPL-2.0 */
/* The readings of one source, numbered and sent in batches (H1). A source is a member. */
#ifndef HELIOS_AGENTS_SAMPLES_H
#define HELIOS_AGENTS_SAMPLES_H

#include "common/base.h"

struct member;
struct source {
    uint64_t sent;            /* the number of the last sample that was sent; 0 before the first */
    struct reading *readings; /* owned; not yet sent */
    size_t n, room;
};

/* sample_add takes one reading; it leaves at the end of this turn. Values that are not finite were
 * not measured: thrown away. */
void sample_add(struct member *m, const char *kpi, double value, int64_t at);
void samples_send(struct member *m); /* to every controller (L4) */
void samples_done(struct source *s);

#endif
