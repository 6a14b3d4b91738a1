/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what a signal means, and the reload. */
#include "agents/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agents/agent.h"
#include "agents/leave.h"
#include "agents/probes/probe.h"
#include "common/log.h"
#include "common/ready.h"

/* reload is all or nothing: actions and probes are taken anew; who the members are and where the
 * controllers are stays. */
static void reload(struct agent *a)
{
    struct settings *fresh = NULL;
    struct manifest *manifest = NULL;
    struct probe *probes = NULL;
    size_t n_probes = 0;
    char *why = NULL;
    _cleanup_(buf_done) struct buf diff = {0};
    struct manifest *old = a->manifest;
    int error = settings_load(section_agent_config, settings_file(a->settings), a->flags,
                              a->n_flags, &fresh, &why);
    if (!error) {
        settings_diff(&diff, old->settings, fresh);
        error = manifest_new(&fresh, &manifest, &why);
    }
    if (!error) {
        a->manifest = manifest;
        error = probes_new(a, &probes, &n_probes, &why);
    }
    if (error) {
        log_error("agent.reload", "the file was not taken, all stays as it was: %s", why);
        a->manifest = old;
        manifest_drop(manifest);
        free(why);
        return;
    }
    probes_free(a, a->probes, a->n_probes);
    a->probes = probes;
    a->n_probes = n_probes;
    manifest_drop(old);
    log_info("agent.reload",
             "actions and probes were taken anew (agents and controllers need a restart): %s",
             buf_str(&diff));
    for (size_t i = 0; i < a->n_members; i++)
        if (!a->members[i].left)
            links_greet(&a->members[i]);
}

static void on_reload(struct agent *a)
{
    ready_reloading();
    reload(a);
    ready_say("READY=1");
}

static void on_child(struct agent *a)
{
    exec_reap(&a->exec);
}

static const struct {
    int signal;
    void (*act)(struct agent *a);
} signals[] = {
    {SIGTERM, agent_leave}, {SIGINT, agent_leave}, {SIGHUP, on_reload}, {SIGCHLD, on_child}};

static void on_signal(struct watch *w, short events)
{
    struct agent *a = container_of(w, struct agent, signals);
    struct signalfd_siginfo info;
    (void)events;
    while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
            if (signals[i].signal == (int)info.ssi_signo)
                signals[i].act(a);
}

int signals_take(struct agent *a)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&set, signals[i].signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    exec_adopt();
    a->signals = (struct watch){
        .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN, .ready = on_signal};
    if (a->signals.fd < 0)
        return -errno;
    loop_watch(&a->loop, &a->signals);
    return 0;
}
