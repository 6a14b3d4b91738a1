/* SPDX-License-Identifier: MPL-2.0 */
/* Stopping, in reverse order: each stage is asked, waited for, and then made to. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "up.h"

/* How long each may take: the controller has a last commit to make and a Redis to stop, agents let
 * what runs end. */
static const int64_t patience_ms[STAGES] = {
    [STAGE_FIRST] = 10000, [STAGE_CONTROLLER] = 15000, [STAGE_AGENT] = 12000,
    [STAGE_AFTER] = 10000, [STAGE_STORY] = 3000,
};

static size_t running(const struct up *u, enum stage stage)
{
    size_t n = 0;
    for (size_t i = 0; i < u->n_children; i++)
        n += u->children[i].stage == stage && u->children[i].pid > 0;
    return n;
}

static void send(const struct up *u, enum stage stage, int sig, bool group)
{
    for (size_t i = 0; i < u->n_children; i++)
        if (u->children[i].stage == stage && u->children[i].pid > 0)
            kill(group ? -u->children[i].pid : u->children[i].pid, sig);
}

static void collect(struct up *u)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < u->n_children; i++)
            if (u->children[i].pid == pid)
                u->children[i].pid = 0;
}

static void stop_stage(struct up *u, enum stage stage)
{
    int64_t deadline = clock_now() + patience_ms[stage];
    bool killed = false;
    send(u, stage, SIGTERM, false);
    for (; running(u, stage); collect(u)) {
        usleep(10000);
        if (!killed && clock_now() > deadline) {
            fprintf(stderr, "helios up: what does not stop is killed\n");
            send(u, stage, SIGKILL, true);
            killed = true;
        }
    }
}

void up_stop(struct up *u)
{
    for (int stage = STAGES - 1; stage >= 0; stage--)
        stop_stage(u, (enum stage)stage);
    children_sweep();
}
