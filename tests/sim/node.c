/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the life of a process: started, given turns, paused, killed in the middle of one. Refuses to know what it does.
 *
 * A process that is killed inside its own turn runs on to the turn's end, but nothing of it gets out any more: no message, no
 * byte on disk, no command to Redis. For everybody else it died at that point. */
#include "nodes.h"

#include "disk.h"
#include "net.h"
#include "tests/history/history.h"

int64_t node_ms(const struct node *n)
{
    return WORLD_START_MS + n->base_ms + (world.now + n->late) / MS;
}

bool node_muted(void)
{
    return world.me && !world.me->up;
}

static void bury(struct node *n)
{
    struct node *before = world.me;
    world.me = n;
    n->kind->stop(n);
    n->process = NULL;
    n->late = 0;
    moment_off(&n->turn);
    disk_crash(n);
    world.me = before;
}

static void run_turn(struct moment *e)
{
    struct node *n = container_of(e, struct node, turn);
    if (n->paused_until > world.now) {
        moment_at(e, n->paused_until);
        return;
    }
    world.me = n;
    int64_t due = n->kind->turn(n);
    int64_t late = n->late;
    world.me = NULL;
    n->late = 0;
    if (!n->up) {
        bury(n);
        if (n->returns)
            moment_at(&n->again, world.now + 1);
        return;
    }
    n->paused_until = MAX(n->paused_until, world.now + late);
    if (due != INT64_MAX)
        node_wake(n, MAX((due - WORLD_START_MS - n->base_ms) * MS, world.now + 1));
}

static void run_again(struct moment *e)
{
    struct node *n = container_of(e, struct node, again);
    if (!n->up)
        node_start(n);
}

struct node *node_new(const struct node_kind *kind, const char *name, unsigned number)
{
    struct node *n = NEW(struct node);
    assert(world.n_nodes < NODES_MAX);
    snprintf(n->name, sizeof(n->name), "%s", name);
    n->number = number;
    n->kind = kind;
    n->turn.run = run_turn;
    n->again.run = run_again;
    n->wall_ms = draw_between(-300, 300);
    list_init(&n->sockets);
    list_init(&n->files);
    n->place = world.n_nodes;
    world.nodes[world.n_nodes++] = n;
    return n;
}

void node_start(struct node *n)
{
    struct node *before = world.me;
    n->up = true;
    n->base_before_ms = n->base_ms;
    n->base_ms = n->wall_ms;
    n->began = world.now;
    n->paused_until = 0;
    n->trap = (struct trap){0};
    n->returns = false;
    moment_off(&n->again);
    world.me = n;
    trace("starts");
    n->kind->start(n);
    world.me = before;
    node_wake(n, world.now);
}

void node_kill(struct node *n)
{
    if (!n->up)
        return;
    trace("%s is killed", n->name);
    n->up = false;
    n->trap = (struct trap){0};
    if (world.me != n)
        bury(n);
}

void node_pause(struct node *n, int64_t time)
{
    trace("%s is paused for %lld ms", n->name, (long long)(time / MS));
    n->paused_until = MAX(n->paused_until, world.now + time);
    net_silent(n, time);
}

void node_wake(struct node *n, int64_t at)
{
    at = MAX(at, n->paused_until);
    if (n->up && (n->turn.node.place == 0 || n->turn.node.key > at))
        moment_at(&n->turn, at);
}

void node_free(struct node *n)
{
    if (n->up) {
        n->up = false;
        bury(n);
    }
    moment_off(&n->again);
    disk_free(n);
    free(n);
}

struct node *node_find(const struct node_kind *kind, unsigned number)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == kind && world.nodes[i]->number == number)
            return world.nodes[i];
    return NULL;
}

void trap_hit(struct node *n, enum point point)
{
    static const char *const docs[] = {
        "",
#define X(name, doc) doc,
        POINTS(X)
#undef X
    };
    struct trap *t = &n->trap;
    if (t->point != point || !n->up || --t->countdown)
        return;
    struct trap snapped = *t;
    *t = (struct trap){0};
    trace("%s is hit: %s", n->name, docs[point]);
    if (snapped.pause == 0)
        node_kill(n);
    else if (world.me == n) {
        n->late += snapped.pause;
        net_silent(n, snapped.pause);
    } else
        node_pause(n, snapped.pause);
}
