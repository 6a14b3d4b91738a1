/* SPDX-License-Identifier: MPL-2.0 */
#include "agent.h"
#include "nodes.h"
#include "redis_node.h"
#include "controller.h"
#include <time.h>

static uint64_t draw_for(void *u, uint64_t n) { (void)u; return draw(n); }
static const struct model_calls calls = {.draw = draw_for};

int main(int argc, char **argv)
{
    struct settings *config, *agents[6];
    char *why;
    if (settings_load(section_config, HELIOS_SOURCE "/tests/sim/realm/helios.yaml", NULL, 0, &config, &why) < 0) {
        fputs(why, stderr);
        return 1;
    }
    for (int i = 0; i < 6; i++) {
    if (settings_load(section_agent_config, HELIOS_SOURCE "/tests/sim/realm/agents.yaml", NULL, 0, &agents[i], &why) < 0) {
        fputs(why, stderr);
        return 1;
    }
        struct set_agent_config *c = (void*)(uintptr_t)settings_root(agents[i]);
        c->members = (struct seq){(struct set_member *)c->members.at + i, 1};
        agent_share(agents[i]);
    }
    int seeds = argc > 1 ? atoi(argv[1]) : 1;
    world.tracing = world.printing = argc > 2;
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    size_t events = 0;
    for (int seed = 1; seed <= seeds; seed++) {
    world_begin((uint64_t)seed);
    struct node *r = node_new(&node_redis, "redis", 0);
    redis_node_new(r, &calls);
    node_start(r);
    static struct set_config configs[3];
    for (unsigned i = 0; i < 3; i++) {
        static char ends[3][4][64];
        char name[24];
        configs[i] = *(const struct set_config *)settings_root(config);
        struct bytes *at[] = {&configs[i].listen.agents, &configs[i].listen.control, &configs[i].listen.kpi, &configs[i].listen.events};
        for (int k = 0; k < 4; k++) {
            snprintf(ends[i][k], 64, "tcp://127.0.0.%u:%d", i + 1, 7301 + k);
            *at[k] = bytes_of(ends[i][k]);
        }
        snprintf(name, sizeof(name), "heliosd-%u", i + 1);
        struct node *n = node_new(&node_controller, name, i);
        n->setup = &configs[i];
        node_start(n);
    }
    for (unsigned i = 0; i < 6; i++) {
        struct node *n = node_new(&node_agent, ((const struct set_member *)((const struct set_agent_config *)settings_root(agents[i]))->members.at)->name.at, i);
        n->setup = agents[i];
        node_start(n);
    }
    node_start(node_new(&node_client, "client-1", 0));
    world_run(100 * SECOND);
    events += world.n_events;
    world_end();
    redis_node_free(r);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double t = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    fprintf(stderr, "%d seeds, %.3f s, %.0f a minute, %zu events a seed\n", seeds, t, seeds / t * 60, events / (size_t)seeds);
    return 0;
}
