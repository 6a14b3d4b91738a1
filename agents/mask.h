/* SPDX-License-Identifier: MPL-2.0 */
/* What must not be seen in what a program says: every occurrence of a value becomes *** (Q2). Knows
 * values; knows nothing of where they come from. */
#ifndef HELIOS_AGENTS_MASK_H
#define HELIOS_AGENTS_MASK_H

#include "common/buf.h"

/* A value shorter than MASK_LEAST cannot be told from what a program says anyway. */
enum { MASK_LEAST = 4, MASK_MOST = 1024 };

struct mask {
    struct bytes *values; /* owned, as what they point to */
    size_t n;
    size_t longest;  /* bytes */
    bool first[256]; /* does one begin with this byte? */
};

/* mask_add: the value, as it stands in a JSON string too, and each line of one with several.
 * -E2BIG when they would be more than MASK_MOST. */
int mask_add(struct mask *m, struct bytes value);
void mask_done(struct mask *m); /* wipes the values; m is empty again */

/* mask_text appends the bytes from..to of text, those that lie in an occurrence as ***; occurrences
 * may begin before and end after that. m may be NULL. */
void mask_text(const struct mask *m, struct bytes text, size_t from, size_t to, struct buf *out);
/* mask_buf does it with all of a buffer, in its place. */
void mask_buf(const struct mask *m, struct buf *text);
/* mask_data: all strings of a msgpack value, and numbers that read like a value. */
void mask_data(const struct mask *m, struct buf *data);

#endif
