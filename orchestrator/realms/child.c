/* SPDX-License-Identifier: MPL-2.0 */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "seat.h"

struct child *child_new(struct plan_realm *plan, unsigned seat)
{
    struct child *c = NEW(struct child);
    *c = (struct child){.plan = *plan, .seat = seat, .pause_ms = CHILD_PAUSE_MS};
    *plan = (struct plan_realm){0};
    return c;
}

void child_free(struct child *c)
{
    plan_realm_done(&c->plan);
    free(c);
}

void child_change(struct child *c, struct plan_realm *plan)
{
    plan_realm_done(&c->plan);
    c->plan = *plan;
    *plan = (struct plan_realm){0};
    c->anew = c->pid != 0;
    c->again = 0;
    child_signal(c, SIGTERM);
}

void child_signal(const struct child *c, int number)
{
    if (c->pid)
        kill(c->pid, number);
}

/* What the service manager has told the keeper is not meant for the child. */
static void set_environment(const struct child *c, const struct board *board, pid_t keeper)
{
    static const char *const ours[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    char seat[64];
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        unsetenv(ours[i]);
    snprintf(seat, sizeof(seat), "%d:%d:%d:%u", (int)keeper, board->page, board->bell, c->seat);
    setenv(SEAT_VARIABLE, seat, 1);
    setenv("HELIOS_REALM", c->plan.name, 1);
    setenv("HELIOS_DATA", c->plan.data, 1);
    fcntl(board->page, F_SETFD, 0);
    fcntl(board->bell, F_SETFD, 0);
}

/* In the child: its own process group, so that Ctrl-C on a terminal reaches the keeper alone, which stops it; and when the keeper dies,
 * however it dies, its children hand over and end. */
static void become_heliosd(const struct child *c, const struct board *board, pid_t keeper)
{
    const char *words[2 * SHELL_FLAGS_MAX + 4] = {"heliosd", "--config", c->plan.file};
    size_t n = 3;
    sigset_t none;
    for (size_t i = 0; i < c->plan.n_flags; i++) {
        words[n++] = "--set";
        words[n++] = c->plan.flags[i];
    }
    set_environment(c, board, keeper);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == keeper)
        execv("/proc/self/exe", (char *const *)(uintptr_t)words);
    _exit(127);
}

static void pause_until(struct child *c, int64_t now)
{
    c->again = now + c->pause_ms;
    c->pause_ms = MIN(2 * c->pause_ms, CHILD_PAUSE_CAP_MS);
}

static void start(struct child *c, const struct board *board, int64_t now)
{
    pid_t keeper = getpid(), pid = fork();
    if (pid == 0)
        become_heliosd(c, board, keeper);
    if (pid < 0) {
        log_error("realm.fork", "realm %s cannot be started: %s", c->plan.name, strerror(errno));
        pause_until(c, now);
        return;
    }
    c->pid = pid;
    c->since = now;
    log_debug("realm.started", "realm %s runs as process %d", c->plan.name, (int)pid);
}

int64_t child_tick(struct child *c, const struct board *board, int64_t now)
{
    if (c->pid || c->leaves)
        return INT64_MAX;
    if (now >= c->again)
        start(c, board, now);
    return c->pid ? INT64_MAX : c->again;
}

void child_ended(struct child *c, int status, int64_t now)
{
    bool wanted = c->anew;
    c->pid = 0;
    c->anew = false;
    c->again = now;
    if (c->leaves || wanted)
        return;
    if (now - c->since >= CHILD_WELL_MS)
        c->pause_ms = CHILD_PAUSE_MS;
    pause_until(c, now);
    log_warn("realm.ended", "the process of realm %s %s %d after %lld ms; it is started again in %lld ms", c->plan.name,
             WIFSIGNALED(status) ? "was ended by signal" : "has ended with code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (long long)(now - c->since),
             (long long)(c->again - now));
}
