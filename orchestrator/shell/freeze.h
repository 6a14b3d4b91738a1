/* SPDX-License-Identifier: MPL-2.0 */
/* The kill switch as a file, DATA/frozen: a local one works with Redis down and survives restarts
 * (X10). */
#ifndef HELIOS_SHELL_FREEZE_H
#define HELIOS_SHELL_FREEZE_H

#include "common/base.h"

#define FREEZE_LOOK_MS 500 /* it takes effect within 1 s */

struct freeze {
    char *path; /* owned */
    bool on;    /* the file is there, as far as we know */
    int64_t next;
};
void freeze_init(struct freeze *f, const char *data_dir); /* looks at once */
void freeze_done(struct freeze *f);
/* True: somebody made or removed the file; f->on has changed. */
bool freeze_look(struct freeze *f, int64_t now);
/* freeze_set makes the file say so; -errno when it cannot be written: then the switch holds until
 * the next restart only. */
int freeze_set(struct freeze *f, bool on, const char *reason);

#endif
