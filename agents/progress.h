/* SPDX-License-Identifier: MPL-2.0 */
/* What an action says on descriptor 3, a line each: `progress PERCENT TEXT` and `checkpoint TEXT`
 * (A8). */
#ifndef HELIOS_AGENTS_PROGRESS_H
#define HELIOS_AGENTS_PROGRESS_H

#include "agents/mask.h"
#include "common/buf.h"

enum { CHECKPOINT_MAX = 16 * 1024, NOTE_MAX = 256, LINE_MAX_BYTES = CHECKPOINT_MAX + 64 };

struct progress {
    unsigned percent;      /* 0..100 */
    struct buf note;       /* at most 256 bytes */
    struct buf checkpoint; /* at most 16 KiB; empty = none yet */
    uint64_t checkpoints;  /* how many were made */
    uint64_t refused;      /* lines that were none of the two, or too long */
};

void progress_done(struct progress *p);
void progress_line(struct progress *p, struct bytes line); /* without its newline */

/* Bytes as they come, cut into lines. A line longer than LINE_MAX_BYTES is thrown away whole and
 * counted as refused. */
struct lines {
    struct buf part; /* of the line that is not complete */
    bool too_long;
    const struct mask *mask; /* borrowed; NULL = nothing is hidden */
};
void lines_done(struct lines *l);
void lines_take(struct lines *l, struct bytes data, struct progress *p);
void lines_end(struct lines *l, struct progress *p); /* a last line without a newline counts */

#endif
