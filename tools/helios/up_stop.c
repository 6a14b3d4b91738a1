/* SPDX-License-Identifier: MPL-2.0 */
/* Stopping, in reverse order: each stage is asked, waited for, and then made to. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "stop.h"
#include "up.h"

#define TELL_MS 5000

/* How long each may take beyond its stop.wait: the controller has a last commit to make and a Redis to stop. */
static const int64_t patience_ms[STAGES] = {
    [STAGE_FIRST] = 10000, [STAGE_CONTROLLER] = 15000, [STAGE_AGENT] = 5000,
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

/* ---- a controller that waits for what runs (its settings `stop`) ---- */

static void tell_waiting(struct up *u)
{
    json_t *status = NULL;
    char err[512];
    struct buf which = {0};
    u->client.timeout_ms = 500;
    int r = u->client.talk.context ? client_ask(&u->client, false, "status", NULL, &status, err) : -1;
    const char *tasks = r == 0 ? json_string_value(json_object_get(status, "running_tasks")) : NULL;
    if (tasks && *tasks) {
        text_safe(&which, bytes_of(tasks));
        fprintf(stderr, "helios up: the controller waits for what runs: %s; Ctrl-C again hurries\n", buf_str(&which));
    }
    buf_done(&which);
    json_decref(status);
}

struct waiting {
    int64_t told_at;
    int asked; /* how often we were, when the controller was last */
};

/* Each further Ctrl-C is one for the controller. */
static void while_waiting(struct up *u, struct waiting *w)
{
    if (stop_times() > w->asked) {
        w->asked = stop_times();
        send(u, STAGE_CONTROLLER, SIGTERM, false);
    }
    if (clock_now() < w->told_at + TELL_MS)
        return;
    tell_waiting(u);
    w->told_at = clock_now();
}

static void stop_stage(struct up *u, enum stage stage, int64_t within_ms)
{
    int64_t deadline = clock_now() + within_ms;
    struct waiting w = {.asked = stop_times()};
    bool killed = false, waits = stage == STAGE_CONTROLLER && u->wait_ms;
    send(u, stage, SIGTERM, false);
    for (; running(u, stage); collect(u)) {
        usleep(10000);
        if (waits)
            while_waiting(u, &w);
        if (!killed && clock_now() > deadline) {
            fprintf(stderr, "helios up: what does not stop is killed\n");
            send(u, stage, SIGKILL, true);
            killed = true;
        }
    }
}

static int64_t within(const struct up *u, enum stage stage)
{
    int64_t more = stage == STAGE_CONTROLLER ? u->wait_ms : stage == STAGE_AGENT ? u->agents_ms : 0;
    return patience_ms[stage] + more;
}

/* What runs needs its agents and what they talk to: a controller that waits comes before them. */
void up_stop(struct up *u)
{
    stop_stage(u, STAGE_STORY, within(u, STAGE_STORY));
    if (u->wait_ms)
        stop_stage(u, STAGE_CONTROLLER, within(u, STAGE_CONTROLLER));
    for (int stage = STAGES - 1; stage >= 0; stage--)
        stop_stage(u, (enum stage)stage, within(u, (enum stage)stage));
    children_sweep();
}
