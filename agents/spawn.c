/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from vfork to exec. Between the two only system calls are made and nothing of the
 * parent's memory is changed but the error, which is how the parent learns of it: vfork returns
 * when the exec is done. */
#include "agents/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int set_limit(__rlimit_resource_t what, int64_t most)
{
    struct rlimit limit;
    if (most <= 0)
        return 0;
    if (getrlimit(what, &limit))
        return -1;
    if (limit.rlim_max != RLIM_INFINITY && (rlim_t)most > limit.rlim_max)
        most = (int64_t)limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = (rlim_t)most;
    return setrlimit(what, &limit);
}

static int set_limits(const struct limits *l)
{
    struct rlimit no_core = {0, 0};
    return setrlimit(RLIMIT_CORE, &no_core) || set_limit(RLIMIT_AS, l->memory) ||
           set_limit(RLIMIT_NOFILE, l->files) || set_limit(RLIMIT_FSIZE, l->file_size) ||
           set_limit(RLIMIT_NPROC, l->processes);
}

/* give puts a descriptor at its place. Ours are close-on-exec, so one that is there already must
 * lose that. */
static int give(int fd, int place)
{
    return fd == place ? fcntl(fd, F_SETFD, 0) : dup2(fd, place);
}

static int set_files(const struct spawn *s)
{
    int first_free = 3;
    if (give(s->in, 0) < 0 || give(s->out, 1) < 0 || give(s->err, 2) < 0)
        return -1;
    if (s->progress >= 0 && give(s->progress, first_free++) < 0)
        return -1;
    close_range((unsigned)first_free, ~0u,
                0); /* where the kernel lacks it, close-on-exec does it */
    return 0;
}

static void set_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const struct spawn *s, pid_t parent, volatile int *error)
{
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* the parent was gone before it could be our warning */
        _exit(127);
    if ((s->cwd && chdir(s->cwd)) || set_files(s) || set_limits(&s->limits)) {
        *error = errno;
        return;
    }
    set_signals();
    execvpe(s->argv[0], s->argv, s->envp);
    *error = errno;
}

int spawn(const struct spawn *s, pid_t *ret_pid)
{
    volatile int error = 0;
    pid_t parent = getpid();
    pid_t pid = vfork();
    if (pid == 0) {
        become(s, parent, &error);
        _exit(127);
    }
    if (pid < 0)
        return -errno;
    *ret_pid = pid;
    return -error; /* its exit is still to be reaped */
}
