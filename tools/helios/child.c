/* SPDX-License-Identifier: MPL-2.0 */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"

void child_word(struct child *c, const char *word)
{
    size_t n = 0;
    while (c->argv && c->argv[n])
        n++;
    c->argv = xrealloc(c->argv, (n + 2) * sizeof(*c->argv));
    c->argv[n] = xdup(word);
    c->argv[n + 1] = NULL;
}

void child_done(struct child *c)
{
    for (char **word = c->argv; word && *word; word++)
        free(*word);
    free(c->argv);
    free(c->name);
    free(c->log);
    *c = (struct child){0};
}

static void reset_signals(void)
{
    sigset_t none;
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* in_child never returns. What goes wrong stands in the log, as all that the program will say. */
static void in_child(const struct child *c, const char *directory, int log, pid_t parent)
{
    int nothing = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    reset_signals();
    /* SIGTERM: whoever owns processes of its own can still stop them. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    if (chdir(directory) == 0)
        execvp(c->argv[0], c->argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", c->argv[0], strerror(errno));
    _exit(127);
}

int child_start(struct child *c, const char *directory)
{
    int log = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0)
        return -errno;
    pid_t parent = getpid(), pid = fork();
    int error = errno;
    if (pid == 0)
        in_child(c, directory, log, parent);
    close(log);
    if (pid < 0)
        return -error;
    setpgid(pid, pid); /* here too: whoever comes first */
    c->pid = pid;
    c->ended = false;
    c->again = 0;
    c->starts++;
    return 0;
}

int child_exit_code(const struct child *c)
{
    return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

void child_how(struct buf *out, const struct child *c)
{
    if (WIFSIGNALED(c->status))
        buf_printf(out, "was killed by signal %d", WTERMSIG(c->status));
    else
        buf_printf(out, "exited with %d", WEXITSTATUS(c->status));
}

#define SWEEP_GRACE_MS 2000
#define SWEEP_MOST_MS 5000

/* signal_rest answers how many processes are left. */
static size_t signal_rest(int sig)
{
    char path[64];
    size_t n = 0;
    int pid;
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "re");
    for (; f && fscanf(f, "%d", &pid) == 1; n++)
        kill(pid, sig);
    if (f)
        fclose(f);
    return n;
}

/* A killed orphan hands its own children to us, so it goes on until there are none. */
void children_sweep(void)
{
    int64_t began = clock_now();
    for (int64_t age = 0; age < SWEEP_MOST_MS; age = clock_now() - began) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (signal_rest(age < SWEEP_GRACE_MS ? SIGTERM : SIGKILL) == 0)
            return;
        usleep(20000);
    }
}
