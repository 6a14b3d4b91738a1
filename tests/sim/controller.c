/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the turns of a controller, as orchestrator/main.c and loop.c have them. Refuses to decide anything. */
#include "controller.h"

#include <poll.h>

#include "common/clock.h"
#include "nodes.h"

static void start(struct node *n)
{
    struct shell *s = n->process = NEW(struct shell);
    const char *why;
    *s = (struct shell){.lock_fd = -1, .signal_fd = -1, .config = n->setup};
    s->data_dir = xdup(n->name);
    snprintf(s->id, sizeof(s->id), "%s", n->name);
    int r = bus_open(&s->bus, &s->config->listen, s->config->insecure, NULL, &why);
    if (r == 0)
        r = shell_open_store(s, &why);
    assert(r == 0);
    freeze_init(&s->freeze, s->data_dir);
    shell_stand_by(s);
    shell_begin(s);
}

static int64_t turn(struct node *n)
{
    struct shell *s = n->process;
    store_pump(s->store, POLLIN | POLLOUT, clock_now());
    int64_t due = shell_turn(s, ENDPOINTS_ALL);
    if (!loop_over(s))
        return due;
    trace("has stopped");
    n->up = false; /* what it has to say is said */
    return INT64_MAX;
}

static void stop(struct node *n)
{
    shell_close(n->process);
    free(n->process);
}

const struct node_kind node_controller = {"controller", start, turn, stop};

struct shell *controller_shell(const struct node *n)
{
    return n->up ? n->process : NULL;
}

bool controller_leads(const struct node *n)
{
    const struct shell *s = controller_shell(n);
    return s && shell_leads(s);
}

void controller_stop(struct node *n)
{
    struct node *before = world.me;
    if (!n->up || n->paused_until > world.now)
        return;
    world.me = n;
    trace("is told to stop");
    loop_stop(n->process, clock_now());
    world.me = before;
    node_wake(n, world.now);
}
