/* SPDX-License-Identifier: MPL-2.0 */
/* Owns an agent's options, actions and turns. Refuses to know attempts. */
#include "lib/agent.h"

#include <math.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/place.h"
#include "common/clock.h"
#include "common/text.h"
#include "lib/log.h"

enum { SLOTS_MOST = 1024, PREFETCH_MOST = 4096, STOP_MS = 10000 };

const char *lib_text(struct helios_agent *a, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    char *copy = arena_take(&a->texts, n + 1);
    if (n)
        memcpy(copy, text, n);
    return copy;
}

int agent_fail(struct helios_agent *a, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_clear(&a->error);
    buf_vprintf(&a->error, format, args);
    va_end(args);
    return error;
}

const char *helios_agent_error(const struct helios_agent *a)
{
    return buf_str(&a->error);
}

/* ---- options ---- */

static const char *given_or(const char *given, const char *variable)
{
    return given ? given : getenv(variable);
}

/* keep copies what the caller knows of: a program that was built against an older header has less. */
static void keep(struct helios_agent *a, const struct helios_agent_options *given)
{
    struct helios_agent_options *o = &a->options;
    memcpy(o, given, MIN(given->size, sizeof(*o)));
    o->peers.controllers = lib_text(a, places_named(o->peers.controllers));
    o->peers.controller_keys = lib_text(a, given_or(o->peers.controller_keys, "HELIOS_CONTROLLER_KEY"));
    o->peers.identity = lib_text(a, given_or(o->peers.identity, "HELIOS_IDENTITY"));
    o->id = lib_text(a, o->id);
    o->swarm = lib_text(a, o->swarm);
    o->title = lib_text(a, o->title);
    o->data = lib_text(a, o->data);
    o->slots = o->slots ? o->slots : 1;
    o->stop_ms = o->stop_ms > 0 ? o->stop_ms : STOP_MS;
}

static int check(struct helios_agent *a)
{
    const struct helios_agent_options *o = &a->options;
    if (!text_is_name(bytes_of(o->id)) || !text_is_name(bytes_of(o->swarm)))
        return agent_fail(a, -EINVAL, "id and swarm: 1 to 64 letters, digits and _.:-, the first a letter or a digit");
    if (o->slots > SLOTS_MOST || o->prefetch > PREFETCH_MOST)
        return agent_fail(a, -EINVAL, "at most %d slots and %d prefetch", SLOTS_MOST, PREFETCH_MOST);
    a->stop.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return a->stop.fd < 0 ? agent_fail(a, -errno, "no eventfd: %s", strerror(errno)) : 0;
}

int helios_agent_new(const struct helios_agent_options *options, struct helios_agent **ret)
{
    struct helios_agent *a = NEW(struct helios_agent);
    lib_quiet();
    list_init(&a->calls);
    a->outlet = OUTLET_CLOSED;
    a->stop.fd = -1;
    keep(a, options);
    *ret = a;
    return check(a);
}

void helios_agent_free(struct helios_agent *a)
{
    if (a == NULL)
        return;
    if (a->engine)
        loop_unwatch(&a->engine->loop, &a->stop);
    for (struct ticker *k = a->tickers, *next; k; k = next) {
        next = k->next;
        if (a->engine)
            loop_no_timer(&a->engine->loop, &k->timer);
        free(k);
    }
    process_free(a->engine);
    for (struct hosted *h = a->hosted, *next; h; h = next) {
        next = h->next;
        params_done(&h->params);
        free(h);
    }
    if (a->stop.fd >= 0)
        close(a->stop.fd);
    outlet_done(&a->outlet);
    arena_done(&a->texts);
    buf_done(&a->error);
    free(a);
}

/* ---- actions ---- */

static struct seq words(struct helios_agent *a, const char *const *given)
{
    size_t n = 0;
    while (given && given[n])
        n++;
    struct bytes *list = arena_take(&a->texts, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_of(lib_text(a, given[i]));
    return (struct seq){list, n};
}

static struct param_rule rule_of(struct helios_agent *a, const struct helios_param *p)
{
    static const enum param_kind kinds[] = {[HELIOS_STRING] = param_kind_string, [HELIOS_INT] = param_kind_int,
                                            [HELIOS_NUMBER] = param_kind_number, [HELIOS_BOOL] = param_kind_bool,
                                            [HELIOS_JSON] = param_kind_json};
    return (struct param_rule){.name = lib_text(a, p->name),
                               .kind = kinds[MIN((unsigned)p->kind, (unsigned)HELIOS_JSON)],
                               .required = p->required,
                               .dflt = p->otherwise ? lib_text(a, p->otherwise) : NULL,
                               .limited = p->min != 0 || p->max != 0,
                               .min = p->min,
                               .max = p->max,
                               .length = p->length,
                               .one_of = words(a, p->one_of)};
}

int helios_agent_action(struct helios_agent *a, const char *name, const struct helios_param *params, size_t n,
                        helios_handler *handler, void *user)
{
    struct hosted **end = &a->hosted;
    _autofree_ char *why = NULL;
    if (a->engine)
        return agent_fail(a, -EBUSY, "%s: actions are offered before the first turn", name);
    if (!text_is_name(bytes_of(name)) || handler == NULL)
        return agent_fail(a, -EINVAL, "an action needs a name and a handler");
    while (*end)
        end = &(*end)->next;
    *end = NEW(struct hosted);
    **end = (struct hosted){.agent = a, .name = lib_text(a, name), .handler = handler, .user = user};
    for (size_t i = 0; i < n; i++)
        params_add(&(*end)->params, rule_of(a, &params[i]));
    if (params_check_defaults(&(*end)->params, name, &why) == 0)
        return 0;
    return agent_fail(a, -EINVAL, "%s", why);
}

int helios_agent_every(struct helios_agent *a, int64_t ms, void (*call)(struct helios_agent *, void *), void *user)
{
    if (ms < 1 || a->engine)
        return agent_fail(a, -EINVAL, "every: 1 ms or more, before the first turn");
    struct ticker *k = NEW(struct ticker);
    *k = (struct ticker){.agent = a, .ms = ms, .call = call, .user = user, .next = a->tickers};
    a->tickers = k;
    return 0;
}

int helios_agent_sample(struct helios_agent *a, const char *kpi, double value)
{
    if (!isfinite(value))
        return agent_fail(a, -EINVAL, "%s: a value that is not finite was not measured", kpi);
    int error = a->engine ? 0 : engine_begin(a);
    if (error)
        return error;
    sample_add(&a->engine->members[0], kpi, value, clock_now());
    agent_nudge(a);
    return 0;
}

/* ---- turns ---- */

static void follow(struct helios_agent *a, bool busy)
{
    const struct wait_item *items;
    if (a->outlet.epoll < 0 || a->engine == NULL)
        return;
    size_t n = loop_items(&a->engine->loop, &items);
    outlet_follow(&a->outlet, items, n, busy ? 0 : loop_due(&a->engine->loop));
}

void agent_nudge(struct helios_agent *a)
{
    follow(a, true);
}

static void call_handlers(struct helios_agent *a)
{
    struct run *r;
    while (!a->calling && (r = list_first(&a->calls, struct run, link))) {
        struct helios_attempt *attempt = r->guest;
        list_out(&r->link);
        attempt->begun = true;
        a->calling = true;
        attempt->hosted->handler(attempt, attempt->hosted->user);
        a->calling = false;
    }
}

int helios_agent_turn(struct helios_agent *a, int64_t wait_ms)
{
    int error = a->engine ? 0 : engine_begin(a);
    if (error || a->engine->state == AGENT_GONE)
        return error;
    bool calls = !a->calling && !list_empty(&a->calls);
    process_turn(a->engine, calls ? 0 : wait_ms < 0 ? LOOP_LONG : MIN(wait_ms, (int64_t)LOOP_LONG));
    call_handlers(a);
    follow(a, !list_empty(&a->calls) || !list_empty(&a->engine->ended) || !list_empty(&a->engine->dirty));
    return 0;
}

bool helios_agent_gone(const struct helios_agent *a)
{
    return a->engine && a->engine->state == AGENT_GONE;
}

int helios_agent_run(struct helios_agent *a)
{
    int error = 0;
    while (!error && !helios_agent_gone(a))
        error = helios_agent_turn(a, -1);
    return error;
}

void helios_agent_stop(struct helios_agent *a)
{
    int kept = errno;
    uint64_t once = 1;
    ssize_t written = write(a->stop.fd, &once, sizeof(once)); /* as a signal handler may */
    (void)written;
    errno = kept;
}

int helios_agent_fd(struct helios_agent *a)
{
    int error = a->engine ? 0 : engine_begin(a);
    error = error ? error : outlet_open(&a->outlet);
    follow(a, true);
    return error ? error : a->outlet.epoll;
}
