/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from options and handlers to the settings and the manifest of an engine. Refuses to read files. */
#include "lib/agent.h"

#include <unistd.h>

#include "agents/leave.h"

static struct seq split(struct helios_agent *a, const char *list, const char *between)
{
    size_t n = 0;
    struct bytes *words = arena_take(&a->texts, (strlen(list) + 1) * sizeof(*words));
    for (const char *at = list + strspn(list, between); *at; at += strspn(at, between)) {
        struct bytes word = {at, strcspn(at, between)};
        char *copy = arena_take(&a->texts, word.n + 1);
        memcpy(copy, word.at, word.n);
        words[n++] = bytes_of(copy);
        at += word.n;
    }
    return (struct seq){words, n};
}

/* settings_made writes what a config file would have said. Whoever is a guest gets the settings twice, as a process that read
 * its file twice: one for what it is, one for what it offers. */
static struct settings *settings_made(struct helios_agent *a)
{
    const struct helios_agent_options *o = &a->options;
    struct settings *s = settings_defaults(section_agent_config);
    struct set_agent_config *config = (struct set_agent_config *)(uintptr_t)settings_root(s);
    struct set_member *member = arena_take(&a->texts, sizeof(*member));
    *member = (struct set_member){.name = bytes_of(o->id),
                                  .title = bytes_of(o->title),
                                  .swarm = bytes_of(o->swarm),
                                  .role = role_worker,
                                  .count = 1,
                                  .slots = o->slots,
                                  .prefetch = o->prefetch};
    config->controllers = split(a, o->peers.controllers, ",");
    config->security.controllers = split(a, o->peers.controller_keys, " ");
    config->security.key = bytes_of(o->peers.identity);
    config->data_dir = bytes_of(o->data);
    config->members = (struct seq){member, 1};
    return s;
}

static struct manifest *manifest_made(struct helios_agent *a)
{
    struct manifest *m = NEW(struct manifest);
    size_t n = 0;
    m->users = 1;
    m->settings = settings_made(a);
    for (struct hosted *h = a->hosted; h; h = h->next)
        n++;
    m->actions = xalloc((n + 1) * sizeof(*m->actions));
    for (struct hosted *h = a->hosted; h; h = h->next) {
        struct set_action *set = arena_take(&a->texts, sizeof(*set));
        set->name = bytes_of(h->name);
        m->actions[m->n++] = (struct action){
            .name = h->name, .params = h->params, .set = set, .builtin = &builtin_handler, .host = h};
        h->params = (struct params){0};
    }
    return m;
}

static void on_stop(struct watch *w, short events)
{
    struct helios_agent *a = container_of(w, struct helios_agent, stop);
    uint64_t times;
    (void)events;
    if (read(w->fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
        return;
    for (uint64_t i = 0; i < MIN(times, (uint64_t)2); i++)
        agent_leave(a->engine);
}

static void on_tick(struct timer *t)
{
    struct ticker *k = container_of(t, struct ticker, timer);
    struct loop *loop = &k->agent->engine->loop;
    loop_timer(loop, t, loop->now + k->ms);
    k->call(k->agent, k->user);
}

int engine_begin(struct helios_agent *a)
{
    _autofree_ char *why = NULL;
    struct process_order order = {.settings = settings_made(a), .manifest = manifest_made(a), .guest = true};
    int error = process_new(&order, &a->engine, &why);
    if (error)
        return agent_fail(a, error, "%s", why ? why : strerror(-error));
    a->engine->patience_ms = a->options.stop_ms;
    a->stop.events = POLLIN;
    a->stop.ready = on_stop;
    loop_watch(&a->engine->loop, &a->stop);
    for (struct ticker *k = a->tickers; k; k = k->next) {
        k->timer.due = on_tick;
        loop_timer(&a->engine->loop, &k->timer, a->engine->loop.now + k->ms);
    }
    return 0;
}
