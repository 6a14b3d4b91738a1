/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the turns of an agent process, as agents/main.c has them, and the sharing of its settings: reading YAML anew for every start
 * would be most of a run's time. Refuses to decide anything. */

#include "agents/agent.h"

#include "agent.h"
#include "agents/leave.h"
#include "agents/signals.h"
#include "facts.h"
#include "nodes.h"

#define SHARED_MAX 16

static struct settings *shared[SHARED_MAX];
static size_t n_shared;

void agent_share(struct settings *settings)
{
    assert(n_shared < SHARED_MAX);
    shared[n_shared++] = settings;
}

void agent_unshare(void)
{
    n_shared = 0;
}

static bool is_shared(const struct settings *settings)
{
    for (size_t i = 0; i < n_shared; i++)
        if (shared[i] == settings)
            return true;
    return false;
}

/* The linker hands us these two (--wrap): whoever loads gets the shared ones of its node, and frees nothing. */
int __real_settings_load(const struct section *root, const char *file, const char *const *flags, size_t n_flags,
                         struct settings **ret, char **ret_report);
int __wrap_settings_load(const struct section *root, const char *file, const char *const *flags, size_t n_flags,
                         struct settings **ret, char **ret_report);
void __real_settings_free(struct settings *settings);
void __wrap_settings_free(struct settings *settings);

int __wrap_settings_load(const struct section *root, const char *file, const char *const *flags, size_t n_flags,
                         struct settings **ret, char **ret_report)
{
    if (world.me == NULL)
        return __real_settings_load(root, file, flags, n_flags, ret, ret_report);
    *ret = (struct settings *)(uintptr_t)world.me->setup;
    *ret_report = NULL;
    return 0;
}

void __wrap_settings_free(struct settings *settings)
{
    if (!is_shared(settings))
        __real_settings_free(settings);
}

int signals_take(struct agent *a)
{
    (void)a;
    return 0; /* nobody sends any: agent_ask_to_leave calls what SIGTERM would */
}

static void start(struct node *n)
{
    struct agent *a;
    _autofree_ char *why = NULL;
    int r = process_new(&(struct process_order){.settings = (struct settings *)(uintptr_t)n->setup}, &a, &why);
    if (r < 0)
        fprintf(stderr, "%s: %s\n", n->name, why);
    assert(r == 0);
    n->process = a;
}

static int64_t turn(struct node *n)
{
    struct agent *a = n->process;
    do
        process_turn(a, LOOP_LONG);
    while (agent_ready(a) && a->state != AGENT_GONE);
    if (a->state == AGENT_GONE) {
        trace("has left");
        n->up = false;
        return INT64_MAX;
    }
    return agent_due(a);
}

static void stop(struct node *n)
{
    process_free(n->process);
    fact(.kind = FACT_gone, .who = n->name);
}

const struct node_kind node_agent = {"agent", start, turn, stop};

struct agent *agent_of(const struct node *n)
{
    return n->up ? n->process : NULL;
}

void agent_ask_to_leave(struct node *n)
{
    struct node *before = world.me;
    if (!n->up || n->paused_until > world.now)
        return;
    world.me = n;
    trace("is told to leave");
    agent_leave(n->process);
    world.me = before;
    node_wake(n, world.now);
}

void agent_measures(struct node *n, const char *kpi, double value)
{
    struct agent *a = n->process;
    struct node *before = world.me;
    world.me = n;
    sample_add(&a->members[0], kpi, value, node_ms(n));
    world.me = before;
    node_wake(n, world.now);
}

void agent_told(const struct node *n, const char **ret_source, const char **ret_instance, uint64_t *ret_sent)
{
    const struct agent *a = n->process;
    *ret_source = a->members[0].id;
    *ret_instance = a->instance;
    *ret_sent = a->members[0].source.sent;
}
