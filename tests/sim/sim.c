/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the play of a run and its judgement. Refuses to know how its actors work. */
#include "sim.h"

#include "client_node.h"
#include "controller.h"
#include "facts.h"
#include "fault.h"
#include "nodes.h"
#include "realm.h"
#include "redis_node.h"
#include "toy.h"

#define LOAD_UNTIL (30 * SECOND)
#define FAULTS_FROM (3 * SECOND)
#define FAULTS_SHORT (20 * SECOND)
#define FAULTS_LONG (70 * SECOND)
#define PATIENCE (150 * SECOND) /* from the healing until all is drained, at most */
#define LOOK (2 * SECOND)

static struct node *leader(void)
{
    struct node *found = NULL;
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == &node_controller && controller_leads(world.nodes[i]))
            found = world.nodes[i];
    return found;
}

static bool drained(void)
{
    const struct node *l = leader();
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == &node_client && !load_over(world.nodes[i]->setup))
            return facts_lost() && l && !facts_busy(l); /* what was lost is never told */
    return l && !facts_busy(l);
}

/* One who lets automation go on, where the brake or lost data had stopped it, and stops the schedules: all is to be drained. */
static void let_go_on(void)
{
    struct node *person = node_find(&node_client, 0);
    client_order(person, "unfreeze", NULL, NULL);
    SEQ_EACH (s, const struct set_schedule, realm_config()->schedules)
        client_order(person, "schedule_pause", "name", s->name.at);
}

static void heal(void)
{
    trace("all is healed");
    faults_heal();
    toy_heal();
    world_run(world.now + 5 * SECOND);
    let_go_on();
}

static void quiet(void)
{
    int64_t end = world.now + PATIENCE;
    do
        world_run(world.now + LOOK);
    while (world.now < end && !drained());
    toy_stop();
    world_run(world.now + 1500 * MS); /* the last samples and answers */
    if (facts_lost()) /* that the realm goes on is all that is left to ask */
        facts_forget();
    fact(.kind = FACT_quiet);
}

static void tell_samples(const struct node *l)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == &node_agent && world.nodes[i]->up)
            facts_samples(l, world.nodes[i]);
}

/* What a client accepted and was never told is lost to it; unless it was lost with Redis. */
static void tell_load(const struct load *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->jobs[i].id[0] && !l->jobs[i].over)
            fact(.kind = FACT_live, .id = l->jobs[i].key, .text = "its client was not told that it ended");
}

static void tell_end(void)
{
    struct node *l = leader();
    if (l == NULL) {
        fact(.kind = FACT_live, .id = "the realm", .text = "nobody leads");
        return;
    }
    facts_live(l);
    tell_samples(l);
    for (size_t i = 0; i < world.n_nodes; i++)
        if (world.nodes[i]->kind == &node_client && !facts_lost())
            tell_load(world.nodes[i]->setup);
}

static void judge(struct result *ret)
{
    ret->broken = history_check(world.history, &ret->report);
    ret->lost = facts_lost();
    ret->facts = history_size(world.history);
    ret->commits = facts_commits();
    ret->events = world.n_events;
    ret->trace_hash = world.trace_hash;
}

void sim_run(uint64_t seed, const char *only, struct result *ret)
{
    *ret = (struct result){0};
    world_begin(seed);
    facts_begin();
    toy_begin();
    realm_begin(LOAD_UNTIL);
    world_run(FAULTS_FROM);
    faults_begin(0.3 + 1.5 * rand_unit(&world.rand), only);
    world_run(world.now + draw_between(FAULTS_SHORT, FAULTS_LONG));
    heal();
    quiet();
    tell_end();
    judge(ret);
    world_end();
    realm_end();
    facts_end();
}

void sim_trace(bool hashed, bool printed)
{
    world.tracing = hashed || printed;
    world.printing = printed;
}

int sim_open(char **ret_why)
{
    return realm_open(ret_why);
}

void sim_close(void)
{
    realm_close();
}
