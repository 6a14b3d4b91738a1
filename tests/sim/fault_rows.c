/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what each fault does. Refuses to know when (faults.c). */
#include "agent.h"
#include "client_node.h"
#include "controller.h"
#include "facts.h"
#include "fault.h"
#include "net.h"
#include "nodes.h"
#include "redis_node.h"
#include "toy.h"

/* any_of draws a node of a kind; NULL = of any kind. */
static struct node *any_of(const struct node_kind *kind)
{
    struct node *found[NODES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < world.n_nodes; i++)
        if (kind == NULL || world.nodes[i]->kind == kind)
            found[n++] = world.nodes[i];
    return found[draw(n)];
}

/* Mostly the leader is hit: there it hurts most. */
static struct node *any_controller(void)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == &node_controller && controller_leads(world.nodes[i]) && chance(0.7))
            return world.nodes[i];
    return any_of(&node_controller);
}

static void start_again(struct fault *f)
{
    if (!f->a->up)
        node_start(f->a);
}

/* Who was told to stop may still be at it: it was paused meanwhile. */
static void come_back(struct fault *f)
{
    f->a->returns = f->a->up;
    start_again(f);
}

/* ---- processes ---- */

static bool kill_one(struct fault *f, struct node *n)
{
    f->a = n;
    if (!n->up)
        return false;
    node_kill(n);
    return true;
}

static bool kill_controller(struct fault *f)
{
    return kill_one(f, any_controller());
}

static bool kill_agent(struct fault *f)
{
    return kill_one(f, any_of(&node_agent));
}

static bool kill_client(struct fault *f)
{
    return kill_one(f, any_of(&node_client));
}

static bool stop_controller(struct fault *f)
{
    f->a = any_controller();
    controller_stop(f->a);
    return f->a->up;
}

static bool leave_agent(struct fault *f)
{
    f->a = any_of(&node_agent);
    agent_ask_to_leave(f->a);
    return f->a->up;
}

static bool pause_controller(struct fault *f)
{
    f->a = any_controller();
    if (f->a->up)
        node_pause(f->a, f->over.node.key - world.now);
    return f->a->up;
}

static bool pause_any(struct fault *f)
{
    f->a = any_of(NULL);
    if (f->a->up)
        node_pause(f->a, f->over.node.key - world.now);
    return f->a->up;
}

/* ---- between any two steps ---- */

static bool trap(struct fault *f, struct node *n, const enum point *points, size_t n_points, int64_t pause)
{
    f->a = n;
    n->trap = (struct trap){points[draw(n_points)], 1 + (unsigned)draw(6), pause};
    return true;
}

static const enum point of_controller[] = {POINT_commit, POINT_applied, POINT_answered, POINT_say};
static const enum point of_agent[] = {POINT_say, POINT_sync, POINT_synced, POINT_child};

static bool trap_controller(struct fault *f)
{
    return trap(f, any_controller(), of_controller, ARRAY_SIZE(of_controller), 0);
}

static bool stall_controller(struct fault *f)
{
    return trap(f, any_controller(), of_controller, ARRAY_SIZE(of_controller), draw_between(500 * MS, 10 * SECOND));
}

static bool trap_agent(struct fault *f)
{
    return trap(f, any_of(&node_agent), of_agent, ARRAY_SIZE(of_agent), 0);
}

static bool stall_agent(struct fault *f)
{
    return trap(f, any_of(&node_agent), of_agent, ARRAY_SIZE(of_agent), draw_between(500 * MS, 10 * SECOND));
}

static void untrap(struct fault *f)
{
    f->a->trap = (struct trap){0};
    start_again(f);
}

/* ---- links ---- */

static bool two(struct fault *f)
{
    f->a = chance(0.5) ? any_controller() : any_of(NULL);
    f->b = any_of(NULL);
    return f->a != f->b;
}

static bool cut_one_way(struct fault *f)
{
    if (!two(f))
        return false;
    net_block(f->a, f->b, true);
    return true;
}

static void join_one_way(struct fault *f)
{
    net_block(f->a, f->b, false);
}

static bool cut(struct fault *f)
{
    if (!two(f))
        return false;
    net_block(f->a, f->b, true);
    net_block(f->b, f->a, true);
    return true;
}

static void join(struct fault *f)
{
    net_block(f->a, f->b, false);
    net_block(f->b, f->a, false);
}

static void isolation(struct fault *f, bool on)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i] != f->a) {
            net_block(f->a, world.nodes[i], on);
            net_block(world.nodes[i], f->a, on);
        }
}

static bool isolate(struct fault *f)
{
    f->a = chance(0.5) ? any_controller() : any_of(NULL);
    isolation(f, true);
    return true;
}

static void rejoin(struct fault *f)
{
    isolation(f, false);
}

static bool slow(struct fault *f)
{
    if (!two(f))
        return false;
    net_slow(f->a, f->b, draw_between(1 * MS, 1500 * MS));
    return true;
}

static void unslow(struct fault *f)
{
    net_slow(f->a, f->b, 0);
}

static bool tear_links(struct fault *f)
{
    if (!two(f))
        return false;
    net_break(f->a, f->b, 1);
    return true;
}

static bool tear_many(struct fault *f)
{
    f->a = any_controller();
    for (size_t i = 0; i < world.n_nodes; i++)
        net_break(f->a, world.nodes[i], 0.5);
    return true;
}

static bool twice(struct fault *f)
{
    (void)f;
    net_twice(0.2);
    return true;
}

static void once_again(struct fault *f)
{
    (void)f;
    net_twice(0);
}

static bool narrow(struct fault *f)
{
    (void)f;
    net_narrow(1 + draw(12));
    return true;
}

static void widen(struct fault *f)
{
    (void)f;
    net_narrow(0);
}

/* ---- clocks ---- */

static bool jump(struct fault *f)
{
    f->a = any_of(NULL);
    f->a->wall_ms += draw_between(-3600000, 3600000);
    trace("the wall clock of %s jumps", f->a->name);
    return true;
}

/* ---- Redis ---- */

static bool refuse(struct fault *f)
{
    static const struct {
        enum refuse what;
        const char *error;
    } classes[] = {
        {REFUSE_all, "LOADING Redis is loading the dataset in memory"},
        {REFUSE_writes, "READONLY You can't write against a read only replica."},
        {REFUSE_all, "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."},
        {REFUSE_growth, "OOM allow-oom flag is not set on the function, can not run it when used memory > 'maxmemory'"},
        {REFUSE_writes, "MISCONF Errors writing to the AOF file: No space left on device"},
        {REFUSE_writes, "NOREPLICAS Not enough good replicas to write."},
        {REFUSE_all, "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."},
        {REFUSE_writes, "NOSCRIPT No matching script."},
        {REFUSE_all, "ERR something that nobody has heard of"},
    };
    size_t i = draw(ARRAY_SIZE(classes));
    (void)f;
    trace("Redis answers: %s", classes[i].error);
    model_refuse(redis_node()->model, classes[i].what, classes[i].error);
    return true;
}

static void refuse_no_more(struct fault *f)
{
    (void)f;
    model_refuse(redis_node()->model, REFUSE_nothing, NULL);
}

static bool lose_answers(struct fault *f)
{
    (void)f;
    redis_node()->lose = 0.05;
    return true;
}

static void lose_no_more(struct fault *f)
{
    (void)f;
    redis_node()->lose = 0;
}

static bool stall_redis(struct fault *f)
{
    f->a = node_find(&node_redis, 0);
    node_pause(f->a, f->over.node.key - world.now);
    return true;
}

static bool kill_redis(struct fault *f)
{
    return kill_one(f, node_find(&node_redis, 0));
}

static bool rewind_redis(struct fault *f)
{
    if (!kill_redis(f))
        return false;
    size_t n = 1 + draw(1 + draw(40));
    size_t commits = model_rewind(redis_node()->model, n);
    facts_rewound(redis_node()->model);
    trace("Redis comes back without its last %zu writes, %zu of them commits", n, commits);
    return true;
}

static bool forget_functions(struct fault *f)
{
    (void)f;
    trace("Redis forgets its functions");
    model_forget_functions(redis_node()->model);
    return true;
}

/* ---- the world that is looked after ---- */

static bool vanish(struct fault *f)
{
    f->amount = (int64_t)draw(TOY_KPIS);
    toy_wrong((enum toy_kpi)f->amount, TOY_vanish, true);
    return true;
}

static void reappear(struct fault *f)
{
    toy_wrong((enum toy_kpi)f->amount, TOY_vanish, false);
}

static bool go_absurd(struct fault *f)
{
    f->amount = (int64_t)draw(TOY_KPIS);
    toy_wrong((enum toy_kpi)f->amount, TOY_absurd, true);
    return true;
}

static void go_sane(struct fault *f)
{
    toy_wrong((enum toy_kpi)f->amount, TOY_absurd, false);
}

static bool freeze_kpi(struct fault *f)
{
    f->amount = (int64_t)draw(TOY_KPIS);
    toy_wrong((enum toy_kpi)f->amount, TOY_freeze, true);
    return true;
}

static void unfreeze_kpi(struct fault *f)
{
    toy_wrong((enum toy_kpi)f->amount, TOY_freeze, false);
}

static bool trouble(struct fault *f)
{
    (void)f;
    toy_trouble(true);
    trace("trouble begins");
    return true;
}

static void no_trouble(struct fault *f)
{
    (void)f;
    toy_trouble(false);
}

static bool person(struct fault *f)
{
    static const char *const verbs[] = {"unfreeze", "unfreeze", "unfreeze", "freeze"};
    f->a = any_of(&node_client);
    client_order(f->a, verbs[draw(ARRAY_SIZE(verbs))], NULL, NULL);
    return true;
}

const struct fault_row fault_rows[] = {
    {"kill_controller", "kill -9 of a controller, mostly the leader", 4, 0, 100 * MS, 15 * SECOND, kill_controller, start_again},
    {"kill_agent", "kill -9 of an agent process", 6, 0, 50 * MS, 15 * SECOND, kill_agent, start_again},
    {"kill_client", "kill -9 of a client", 3, 0, 50 * MS, 10 * SECOND, kill_client, start_again},
    {"stop_controller", "SIGTERM: the lease is handed over", 4, 0, 500 * MS, 10 * SECOND, stop_controller, come_back},
    {"leave_agent", "SIGTERM of an agent process", 3, 0, 500 * MS, 15 * SECOND, leave_agent, come_back},
    {"trap_controller", "a controller dies between commit, answer and any two messages", 12, 0, 2 * SECOND, 6 * SECOND, trap_controller, untrap},
    {"stall_controller", "a controller is stopped there, and goes on later", 8, 0, 12 * SECOND, 14 * SECOND, stall_controller, untrap},
    {"trap_agent", "an agent dies around a message, a sync or a program's end", 12, 0, 2 * SECOND, 6 * SECOND, trap_agent, untrap},
    {"stall_agent", "an agent is stopped there, and goes on later", 6, 0, 12 * SECOND, 14 * SECOND, stall_agent, untrap},
    {"pause_controller", "SIGSTOP of a controller, mostly the leader", 6, 0, 500 * MS, 30 * SECOND, pause_controller, NULL},
    {"pause", "SIGSTOP of any process", 6, 0, 500 * MS, 30 * SECOND, pause_any, NULL},
    {"cut_one_way", "nothing gets from one node to another one", 8, 0, 100 * MS, 20 * SECOND, cut_one_way, join_one_way},
    {"cut", "nor back", 8, 0, 100 * MS, 20 * SECOND, cut, join},
    {"isolate", "a node is cut off from all others", 4, 0, 100 * MS, 20 * SECOND, isolate, rejoin},
    {"slow", "a way takes up to 1.5 s more", 8, 0, 1 * SECOND, 20 * SECOND, slow, unslow},
    {"tear", "the connections between two nodes break; what is on its way is gone", 15, 0, 0, 0, tear_links, NULL},
    {"tear_many", "half of a node's connections break", 5, 0, 0, 0, tear_many, NULL},
    {"twice", "who sends, sends some messages twice", 4, 0, 1 * SECOND, 20 * SECOND, twice, once_again},
    {"narrow", "queues hold a handful of messages: more are refused, or lost where nobody waits", 3, 0, 1 * SECOND, 20 * SECOND, narrow, widen},
    {"jump", "a wall clock jumps by up to an hour", 4, 0, 0, 0, jump, NULL},
    {"refuse", "Redis refuses with an error of a class (C5)", 5, 0, 50 * MS, 8 * SECOND, refuse, refuse_no_more},
    {"lose_answers", "Redis applies, and the answer never comes", 5, 0, 1 * SECOND, 10 * SECOND, lose_answers, lose_no_more},
    {"stall_redis", "Redis does not answer for a while", 4, 0, 100 * MS, 10 * SECOND, stall_redis, NULL},
    {"kill_redis", "Redis is killed and started again", 4, 0, 50 * MS, 8 * SECOND, kill_redis, start_again},
    {"rewind_redis", "Redis comes back with less than it had acknowledged (C7)", 2, 0, 50 * MS, 3 * SECOND, rewind_redis, start_again},
    {"forget_functions", "Redis has lost our functions", 4, 0, 0, 0, forget_functions, NULL},
    {"vanish", "a KPI is not measured", 4, 0, 1 * SECOND, 20 * SECOND, vanish, reappear},
    {"absurd", "a KPI has absurd readings", 4, 0, 1 * SECOND, 20 * SECOND, go_absurd, go_sane},
    {"frozen", "a KPI stands still", 3, 0, 1 * SECOND, 20 * SECOND, freeze_kpi, unfreeze_kpi},
    {"trouble", "what is looked after collapses", 4, 0.5, 5 * SECOND, 40 * SECOND, trouble, no_trouble},
    {"person", "somebody freezes or lets go on", 6, 0.5, 0, 0, person, NULL},
    {0},
};
