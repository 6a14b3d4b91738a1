/* SPDX-License-Identifier: MPL-2.0 */
/* One process that `helios up` starts: in a group of its own, dying with its parent, its output in
 * a file. Knows nothing of why it runs. */
#ifndef HELIOS_TOOL_CHILD_H
#define HELIOS_TOOL_CHILD_H

#include <sys/types.h>

#include "common/base.h"

/* The order in which processes are started; they are stopped in the other. */
enum stage { STAGE_FIRST, STAGE_CONTROLLER, STAGE_AGENT, STAGE_AFTER, STAGE_STORY, STAGES };

struct child {
    char *name, *log; /* owned; the log's path */
    char **argv; /* owned; ends with NULL; argv[0] is looked for in PATH when it has no slash */
    enum stage stage;
    pid_t pid;  /* 0 while it does not run */
    bool ended; /* it has run and ended; status is set */
    int status; /* as waitpid gives it */
    unsigned starts;
    int64_t again; /* clock_now: to be started again then; 0 = not */
};

/* child_start runs it in the directory; -errno when it cannot be. */
int child_start(struct child *c, const char *directory);
void child_word(struct child *c, const char *word); /* appends a copy to argv */
void child_done(struct child *c);                   /* frees; it must not run any more */
/* child_how appends how it ended, as "exited with 1" or "was killed by signal 9". */
struct buf;
void child_how(struct buf *out, const struct child *c);
int child_exit_code(const struct child *c); /* 128+n for a signal n, as shells do */
/* children_sweep ends what is left below this process: orphans that it took in as their subreaper.
 */
void children_sweep(void);

#endif
