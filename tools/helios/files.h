/* SPDX-License-Identifier: MPL-2.0 */
/* Key files as the tool writes them, and what it says when it cannot. Knows nothing of what the keys are for. */
#ifndef HELIOS_TOOL_FILES_H
#define HELIOS_TOOL_FILES_H

#include <sys/types.h>

#include "common/buf.h"
#include "proto/key.h"

char *file_join(const char *dir, const char *name, const char *ending); /* DIR/NAMEENDING */
/* file_create never overwrites: a key that is gone cannot be made again. -errno. */
int file_create(const char *path, const struct buf *text, mode_t mode);
/* file_key_pair writes STEM+secret (mode 0600) and STEM+public. -errno with a sentence in *ret_why. */
int file_key_pair(const char *stem, const char *secret, const char *public, const struct key *k,
                  char **ret_why);

/* complain says a sentence on stderr and answers the exit code. */
int complain(int code, const char *format, ...) FORMAT_LIKE(2, 3);

#endif
