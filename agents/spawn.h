/* SPDX-License-Identifier: MPL-2.0 */
/* Starting one program: argv only, no shell, its own session, limits, nothing inherited (A1). Knows
 * nothing of tasks. */
#ifndef HELIOS_AGENTS_SPAWN_H
#define HELIOS_AGENTS_SPAWN_H

#include <sys/types.h>

#include "common/base.h"

struct limits {        /* 0 = none */
    int64_t memory;    /* bytes of address space */
    int64_t files;     /* open files */
    int64_t file_size; /* bytes */
    int64_t processes; /* of its user */
};

struct spawn {
    char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH when it has no slash */
    char *const *envp; /* all of its environment */
    const char *cwd;   /* NULL = ours */
    int in, out, err;  /* become 0, 1, 2 */
    int progress;      /* becomes 3; -1 = none */
    struct limits limits;
};

/* spawn starts it as the leader of a session and a process group of its own; it dies with us.
 * -ENOENT, -EACCES… when it cannot be started: then nothing runs. */
int spawn(const struct spawn *s, pid_t *ret_pid);

#endif
