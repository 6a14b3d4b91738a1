/* SPDX-License-Identifier: MPL-2.0 */
/* A node's disk: files by name, with what was synced told from what was not. */
#ifndef HELIOS_SIM_DISK_H
#define HELIOS_SIM_DISK_H

#include "common/buf.h"
#include "world.h"

struct file {
    struct list link; /* in node.files */
    char *path;       /* owned */
    struct buf content;
    size_t synced; /* so many bytes of it survive whatever happens */
};

struct file *disk_find(struct node *n, const char *path); /* NULL */
struct file *disk_open(struct node *n, const char *path); /* makes it */
void file_remove(struct file *f);
/* disk_crash: the process is gone; of what was not synced a piece may be missing, as after a loss of power. */
void disk_crash(struct node *n);
void disk_free(struct node *n);

#endif
