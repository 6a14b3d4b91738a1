/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the cast of a run. Settings are read once a process and shared by all runs. Refuses to direct it. */
#include "realm.h"

#include "agent.h"
#include "client_node.h"
#include "facts.h"
#include "nodes.h"
#include "redis_node.h"
#include "settings/settings.h"
#include "toy.h"

enum { CONTROLLERS = 3, AGENTS = 6, CLIENTS = 2 };

#define DIR HELIOS_SOURCE "/tests/sim/realm/"

static struct {
    struct settings *config, *agents[AGENTS]; /* owned */
    struct set_config configs[CONTROLLERS];   /* of this run */
    char endpoints[CONTROLLERS][4][32];
    struct load loads[CLIENTS];
    struct node *redis;
} realm;

const struct set_config *realm_config(void)
{
    return settings_root(realm.config);
}

static int open_agents(char **ret_why)
{
    for (size_t i = 0; i < AGENTS; i++) {
        int r = settings_load(section_agent_config, DIR "agents.yaml", NULL, 0, &realm.agents[i], ret_why);
        if (r < 0)
            return r;
        struct set_agent_config *c = (void *)(uintptr_t)settings_root(realm.agents[i]);
        assert(c->members.n == AGENTS);
        c->members = (struct seq){(struct set_member *)c->members.at + i, 1};
        agent_share(realm.agents[i]);
    }
    return 0;
}

int realm_open(char **ret_why)
{
    int r = settings_load(section_config, DIR "helios.yaml", NULL, 0, &realm.config, ret_why);
    return r < 0 ? r : open_agents(ret_why);
}

void realm_close(void)
{
    settings_free(realm.config);
    agent_unshare();
    for (size_t i = 0; i < AGENTS; i++)
        settings_free(realm.agents[i]);
}

static void turn_settings(struct set_config *c)
{
    c->state.batch = 1 + (int64_t)draw(chance(0.5) ? 4 : 512);
    c->state.inflight = 1 + (int64_t)draw(8);
    c->tasks.jitter = chance(0.5);
    c->brake.enabled = chance(0.5);
    c->cycle.enabled = chance(0.8);
}

static void listen_at(struct set_config *c, unsigned i)
{
    struct bytes *const at[] = {&c->listen.agents, &c->listen.control, &c->listen.kpi, &c->listen.events};
    for (unsigned k = 0; k < ARRAY_SIZE(at); k++) {
        snprintf(realm.endpoints[i][k], sizeof(realm.endpoints[i][k]), "tcp://127.0.0.%u:%u", i + 1, 7301 + k);
        *at[k] = bytes_of(realm.endpoints[i][k]);
    }
}

static void add(const struct node_kind *kind, const char *name, unsigned number, const void *setup)
{
    struct node *n = node_new(kind, name, number);
    n->setup = setup;
}

static void add_controllers(unsigned n)
{
    struct set_config config = *realm_config();
    turn_settings(&config);
    for (unsigned i = 0; i < n; i++) {
        char name[24];
        snprintf(name, sizeof(name), "heliosd-%u", i + 1);
        realm.configs[i] = config;
        listen_at(&realm.configs[i], i);
        add(&node_controller, name, i, &realm.configs[i]);
    }
}

static const char *member_name(const struct settings *s)
{
    const struct set_agent_config *c = settings_root(s);
    return ((const struct set_member *)c->members.at)->name.at;
}

void realm_begin(int64_t load_until)
{
    add(&node_redis, "redis", 0, NULL);
    realm.redis = node_find(&node_redis, 0);
    redis_node_new(realm.redis, &facts_calls);
    add_controllers(chance(0.5) ? 2 : 3);
    for (unsigned i = 0; i < AGENTS; i++)
        add(&node_agent, member_name(realm.agents[i]), i, realm.agents[i]);
    for (unsigned i = 0; i < CLIENTS; i++) {
        char name[24];
        snprintf(name, sizeof(name), "client-%u", i + 1);
        load_draw(&realm.loads[i], 30 + draw(25), load_until);
        add(&node_client, name, i, &realm.loads[i]);
    }
    for (size_t i = 0; i < world.n_nodes; i++)
        node_start(world.nodes[i]);
    toy_measure();
}

void realm_end(void)
{
    redis_node_free(realm.redis);
}
