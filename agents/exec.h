/* SPDX-License-Identifier: MPL-2.0 */
/* Running programs: their output is kept up to a bound, their time ends with their whole group,
 * what they fork away is found. Knows no task, no manifest. One struct exec a process: it owns the
 * reaping of all children. */
#ifndef HELIOS_AGENTS_EXEC_H
#define HELIOS_AGENTS_EXEC_H

#include "common/hash.h"
#include "agents/loop.h"
#include "agents/progress.h"
#include "agents/spawn.h"

enum { OUTPUT_MAX = 64 * 1024, STDERR_KEPT = 4096 };

struct exec {
    struct loop *loop;
    struct child *children; /* hash by pid */
    int64_t oom_kills;      /* of our memory cgroup when last looked at; -1 = cannot be known */
};

enum stop { STOP_NONE, STOP_TIMEOUT, STOP_ASKED };

struct child_order {
    struct spawn spawn; /* argv, envp, cwd, limits; descriptors are filled in here */
    struct bytes input; /* what it reads on stdin */
    bool progress;      /* it may speak on descriptor 3 */
    int64_t deadline;   /* ms since 1970; 0 = none */
    int64_t grace_ms;   /* from SIGTERM to SIGKILL */
    const char *mark;   /* "NAME=value" of its environment by which its kin is found; copied */
    const struct mask *mask; /* what its lines must not show; lives as long as the child; may be NULL */
};

/*   RUNNING --stop or deadline: SIGTERM to group and kin--> STOPPING --grace over--.
 *      |                                                      |   ^               |
 *      | the leader exits:                 the leader exits:  |   '-- SIGKILL to group and kin,
 *      | SIGKILL to its group       SIGKILL to group and kin  |       again until the leader is
 * dead
 *      '-----------------------> ended <----------------------'
 * Kin: its session, its descendants and who carries its mark (hunt.h). */
struct child {
    UT_hash_handle hh;
    struct exec *exec;
    pid_t pid; /* 0 = reaped */
    struct pipe_end {
        struct watch watch;
        struct child *child;
        void (*take)(struct child *c, struct bytes data);
    } out, err, lines;
    struct timer clock; /* deadline, then grace */
    struct timer rest;  /* one pipe is closed: mostly its end follows at once, and the other pipes
                           need not wake us for theirs */
    int64_t grace_ms;
    char *mark;
    enum stop stop; /* why it was stopped */
    bool killed;    /* SIGKILL was sent by us */

    struct buf output;    /* as printed; at most OUTPUT_MAX and `spare` */
    bool cut;             /* there was more than OUTPUT_MAX (A7) */
    struct buf complaint; /* the end of stderr: at most STDERR_KEPT and `spare` */
    bool forgot;          /* its beginning is gone */
    size_t spare;         /* the longest value of the mask: at a bound it is seen whole or not at all */
    struct lines part;
    struct progress progress;
    int status;     /* as of wait; valid in on_end */
    int64_t cpu_ms; /* user and system time of it and what it waited for */
    bool oom;       /* the kernel killed something of our cgroup for memory meanwhile */

    void *owner;
    void (*on_progress)(struct child *c); /* may be NULL */
    void (*on_end)(struct child *c);      /* the last call; the owner then calls child_free */
};

void exec_init(struct exec *e, struct loop *loop);
void exec_adopt(void); /* makes this process the reaper of orphans */
void exec_reap(struct exec *e);                    /* on SIGCHLD */

/* exec_start: owner and hooks are in *hooks. -errno when the program cannot be started; then no
 * hook is called. */
int exec_start(struct exec *e, const struct child_order *order, const struct child *hooks,
               struct child **ret);
void child_stop(struct child *c, enum stop why); /* gently, then hard; on_end comes later */
void child_free(struct child *c); /* one that still runs is killed with all its kin, without on_end;
                                     NULL is fine */

#endif
