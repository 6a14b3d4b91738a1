/* SPDX-License-Identifier: MPL-2.0 */
/* The report of what is wrong with a config: file:line:column, the sentence, the source line and a
 * caret. Knows nothing of YAML or settings. */
#ifndef HELIOS_SETTINGS_MISTAKES_H
#define HELIOS_SETTINGS_MISTAKES_H

#include "common/buf.h"

#define MISTAKES_MAX 20 /* more are counted, not shown: nobody reads them before mending these */

/* Where a value stands. Lines and columns count from 1, columns in characters; line 0 = nowhere in
 * the file, width 0 = the line is not to be shown, for it may hold a secret (Z4). */
struct place {
    const char *from; /* instead of a line: the variable or the flag; NULL for the file */
    unsigned line, column, width;
};

struct mistakes {
    const char *file;
    struct bytes source; /* the file's text, for the lines that are shown */
    size_t n;            /* of all, also of those that are not shown */
    struct {
        unsigned line;
        struct buf text;
    } shown[MISTAKES_MAX]; /* in the order in which they were found */
};

void mistake(struct mistakes *m, struct place at, const char *format, ...) FORMAT_LIKE(3, 4);
/* mistakes_take gives the report in the file's order, the caller's to free, and empties it. */
char *mistakes_take(struct mistakes *m);

#endif
