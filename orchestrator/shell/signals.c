/* SPDX-License-Identifier: MPL-2.0 */
/* Signals as something to read: no handler ever runs. */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shell.h"

static void take_stop(struct shell *s, int64_t now)
{
    loop_stop(s, now);
}

static void take_reload(struct shell *s, int64_t now)
{
    (void)now;
    s->reload = true;
}

static void take_child(struct shell *s, int64_t now)
{
    (void)now;
    redis_child_ended(s->redis);
}

static const struct {
    int number;
    void (*take)(struct shell *, int64_t now);
} rows[] = {
    {SIGTERM, take_stop},
    {SIGINT, take_stop},
    {SIGHUP, take_reload},
    {SIGCHLD, take_child},
};

int signals_open(struct shell *s)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        sigaddset(&set, rows[i].number);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? -errno : 0;
}

void signals_take(struct shell *s, int64_t now)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
            if (info.ssi_signo == (uint32_t)rows[i].number)
                rows[i].take(s, now);
}
