/* SPDX-License-Identifier: MPL-2.0 */
/* Directories and small files under the data directory. Files appear whole or not at all. All
 * answer 0 or -errno. */
#ifndef HELIOS_SHELL_DISK_H
#define HELIOS_SHELL_DISK_H

#include "common/buf.h"

/* disk_path joins in a fresh string, the caller's. name may be NULL. */
char *disk_path(const char *dir, const char *name);
int disk_make_dir(const char *path, unsigned mode); /* with its parents; fine when it is there */
/* A new file renamed over the old one. */
int disk_write(const char *path, struct bytes content, unsigned mode);
/* disk_append_line adds a line, durably. What the last writer left without its newline is cut off before; a line that
 * is the last one there already is not written again. */
int disk_append_line(const char *path, struct bytes line, unsigned mode);
bool disk_there(const char *path);
int disk_remove(const char *path); /* fine when it is not there */
int disk_read_line(const char *path, char *ret, size_t room); /* the first line, cut to room */
/* -EWOULDBLOCK when another process has it; kept until fd is closed. */
int disk_lock(const char *path, int *ret_fd);

#endif
