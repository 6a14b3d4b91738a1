/* SPDX-License-Identifier: MPL-2.0 */
/* An append-only file of records that survives a crash: what was synced is there at the next start,
 * a torn end is cut off. Knows nothing of what the records say. A journal without a file (no data
 * directory) takes everything and keeps nothing. */
#ifndef HELIOS_AGENTS_JOURNAL_H
#define HELIOS_AGENTS_JOURNAL_H

#include "common/base.h"

enum { JOURNAL_RECORD_MAX = 1024 * 1024 };

struct journal {
    int fd;     /* -1 = no file */
    char *path; /* owned */
    int64_t size;
    bool unsynced;
};

void journal_init(struct journal *j);
/* journal_open reads every record in order, then takes new ones. Only one process may have it:
 * -EBUSY. -errno. */
int journal_open(struct journal *j, const char *path,
                 void (*each)(void *owner, struct bytes record), void *owner);
int journal_add(struct journal *j,
                struct bytes record); /* durable after the next journal_sync. -errno */
int journal_sync(struct journal *j);  /* nothing when nothing was added */
int journal_clear(struct journal *j); /* all of it has become meaningless */
/* journal_rewrite replaces the file by one that holds what `fill` adds to *fresh; after a crash it
 * is either the old or the new one. -errno: it is still the old one. */
int journal_rewrite(struct journal *j, int (*fill)(void *owner, struct journal *fresh),
                    void *owner);
void journal_close(struct journal *j);

#endif
