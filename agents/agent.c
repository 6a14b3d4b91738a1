/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the process: the steps of its start, its members and its turn. */
#include "agents/agent.h"

#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/leave.h"
#include "agents/probes/probe.h"
#include "agents/results.h"
#include "agents/signals.h"
#include "proto/socket.h"

enum { SPARE_SOCKETS = 64, GATHER_MS = 5 };

char *agent_path(const struct agent *a, const char *path)
{
    struct buf whole = {0};
    if (*path == '/')
        return xdup(path);
    buf_printf(&whole, "%s%s%s", a->dir, *a->dir && *path ? "/" : "", path);
    return buf_take(&whole);
}

void agent_dirty(struct member *m)
{
    if (list_empty(&m->dirty))
        list_push(&m->agent->dirty, &m->dirty);
}

struct member *agent_member(struct agent *a, struct bytes id)
{
    for (size_t i = 0; i < a->n_members; i++)
        if (bytes_is(id, a->members[i].id))
            return &a->members[i];
    return NULL;
}

/* ---- members ---- */

/* say_gathered says what is fresh. See slots_may_gather. */
static void say_gathered(struct member *m)
{
    loop_no_timer(&m->agent->loop, &m->gather);
    m->slots.urgent = false;
    links_results(m);
}

static void on_gathered(struct timer *t)
{
    struct member *m = container_of(t, struct member, gather);
    m->slots.urgent = true; /* at the end of this turn, when the disk has what it added (A4) */
    agent_dirty(m);
}

static void member_init(struct member *m, struct agent *a, const struct set_member *set,
                        size_t number)
{
    const struct set_agent_config *config = settings_root(a->settings);
    struct buf id = {0};
    buf_text(&id, set->name.at);
    buf_text(&id, config->suffix.at);
    if (set->count > 1)
        buf_printf(&id, "-%zu", number);
    *m = (struct member){.agent = a, .set = set, .id = buf_take(&id), .base = xdup(set->name.at)};
    m->gather.due = on_gathered;
    list_init(&m->dirty);
    slots_init(&m->slots);
}

static int new_members(struct agent *a, char **ret_why)
{
    struct seq sets = ((const struct set_agent_config *)settings_root(a->settings))->members;
    size_t n = 0;
    SEQ_EACH(set, struct set_member, sets)
    n += (size_t)set->count;
    a->members = xalloc(n * sizeof(*a->members));
    SEQ_EACH(set, struct set_member, sets)
    for (size_t i = 1; i <= (size_t)set->count; i++)
        member_init(&a->members[a->n_members++], a, set, i);
    if (n == 0)
        *ret_why = xdup("agents: at least one must be named");
    return n ? 0 : -EINVAL;
}

static void member_done(struct member *m)
{
    list_out(&m->dirty);
    loop_no_timer(&m->agent->loop, &m->gather);
    slots_done(&m->slots);
    links_free(m);
    samples_done(&m->source);
    free(m->id);
    free(m->base);
}

/* ---- start, in the order of this table ---- */

static int make_identity(struct agent *a, char **ret_why)
{
    unsigned char drawn[16];
    char *slash, path[PATH_MAX];
    (void)ret_why;
    if (getrandom(drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn))
        return -errno;
    for (size_t i = 0; i < sizeof(drawn); i++)
        sprintf(a->instance + 2 * i, "%02x", drawn[i]);
    if (gethostname(a->host, sizeof(a->host) - 1))
        a->host[0] = '\0';
    if (a->guest) {
        a->dir = xdup("");
        return 0;
    }
    if (realpath(settings_file(a->settings), path) == NULL)
        return -errno;
    slash = strrchr(path, '/');
    *(slash == path ? slash + 1 : slash) = '\0';
    a->dir = xdup(path);
    return 0;
}

static int read_key(struct agent *a, char **ret_why)
{
    const struct set_agent_config *config = settings_root(a->settings);
    if (config->security.key.n == 0)
        return 0;
    _autofree_ char *path = agent_path(a, config->security.key.at);
    return key_read(path, true, &a->key, ret_why);
}

static int make_manifest(struct agent *a, char **ret_why)
{
    if (a->manifest)
        return 0;
    struct settings *own =
        NULL; /* the manifest's: a reload replaces it, while members stay with those of the start */
    int error = settings_load(section_agent_config, settings_file(a->settings), a->flags,
                              a->n_flags, &own, ret_why);
    return error ? error : manifest_new(&own, &a->manifest, ret_why);
}

static int make_context(struct agent *a, char **ret_why)
{
    size_t controllers = manifest_config(a->manifest)->controllers.n;
    size_t sockets = (a->n_members + 1) * controllers + SPARE_SOCKETS;
    (void)ret_why;
    return socket_context_new(sockets, &a->zmq);
}

static int open_data(struct agent *a, char **ret_why)
{
    const char *data = manifest_config(a->manifest)->data_dir.at;
    _autofree_ char *dir = *data ? agent_path(a, data) : NULL;
    _cleanup_(buf_done) struct buf results = {0}, applied = {0};
    if (dir && mkdir(dir, 0700) && errno != EEXIST)
        return -errno;
    buf_printf(&results, "%s/results.journal", dir ? dir : "");
    buf_printf(&applied, "%s/applied.journal", dir ? dir : "");
    int error = results_open(a, dir ? buf_str(&results) : NULL);
    if (!error)
        error = applied_open(&a->applied, dir ? buf_str(&applied) : NULL);
    if (error == -EBUSY)
        *ret_why = xdup("data: another agent process uses this directory");
    return error;
}

static bool any_signed(const struct agent *a)
{
    SEQ_EACH(action, struct set_action, manifest_config(a->manifest)->actions)
    if (action->needs_signature)
        return true;
    return manifest_config(a->manifest)->security.require_signed;
}

/* What was run must be known over a restart, else every signature could be used again. */
static int read_signers(struct agent *a, char **ret_why)
{
    const struct set_agent_config *config = settings_root(a->settings);
    int error = 0;
    if (config->security.signers.n == 0) {
        if (any_signed(a))
            *ret_why = xdup("security.signers: signed tasks are asked for, and nobody is named who "
                            "may sign them");
        return *ret_why ? -EINVAL : 0;
    }
    if (config->data_dir.n == 0) {
        *ret_why = xdup("data: security.signers needs a directory, in which the signed tasks that "
                        "were run are remembered");
        return -EINVAL;
    }
    a->signed_guard.realm = config->security.realm.at;
    SEQ_EACH(one, struct bytes, config->security.signers)
    {
        _autofree_ char *path = agent_path(a, one->at);
        error = error ? error : signed_trust(&a->signed_guard, path, ret_why);
    }
    _autofree_ char *dir = agent_path(a, config->data_dir.at);
    _cleanup_(buf_done) struct buf path = {0};
    buf_printf(&path, "%s/signed.journal", dir);
    return error ? error : signed_open(&a->signed_guard, buf_str(&path));
}

static int make_probes(struct agent *a, char **ret_why)
{
    return probes_new(a, &a->probes, &a->n_probes, ret_why);
}

static int make_links(struct agent *a, char **ret_why)
{
    (void)ret_why;
    for (size_t i = 0; i < a->n_members; i++)
        links_new(&a->members[i]);
    return 0;
}

static int make_signals(struct agent *a, char **ret_why)
{
    (void)ret_why;
    return a->guest ? 0 : signals_take(a);
}

static const struct {
    const char *what;
    int (*step)(struct agent *a, char **ret_why);
} steps[] = {
    {"identity", make_identity},      {"key", read_key},
    {"actions", make_manifest},       {"agents", new_members},
    {"zeromq", make_context},         {"signals", make_signals},  {"data directory", open_data},
    {"signers", read_signers},        {"controllers", controllers_new},
    {"probes", make_probes},          {"links", make_links},
};

static void prepare(struct agent *a)
{
    loop_init(&a->loop);
    exec_init(&a->exec, &a->loop);
    web_init(&a->web, &a->loop);
    list_init(&a->ended);
    list_init(&a->dirty);
    journal_init(&a->results);
    applied_init(&a->applied);
    signed_init(&a->signed_guard);
    a->signals.fd = -1;
    leave_init(a);
}

int process_new(const struct process_order *order, struct agent **ret, char **ret_why)
{
    struct agent *a = NEW(struct agent);
    int error = 0;
    *ret_why = NULL;
    a->settings = order->settings;
    a->manifest = order->manifest;
    a->flags = order->flags;
    a->n_flags = order->n_flags;
    a->guest = order->guest;
    prepare(a);
    for (size_t i = 0; i < ARRAY_SIZE(steps) && !error; i++) {
        error = steps[i].step(a, ret_why);
        if (error && *ret_why == NULL) {
            struct buf why = {0};
            buf_printf(&why, "%s: %s", steps[i].what, strerror(-error));
            *ret_why = buf_take(&why);
        }
    }
    if (error) {
        process_free(a);
        return error;
    }
    *ret = a;
    return 0;
}

void process_free(struct agent *a)
{
    if (a == NULL)
        return;
    probes_free(a, a->probes, a->n_probes);
    for (size_t i = 0; i < a->n_members; i++)
        member_done(&a->members[i]);
    free(a->members);
    controllers_free(a);
    applied_done(&a->applied);
    signed_done(&a->signed_guard);
    journal_close(&a->results);
    web_done(&a->web);
    socket_context_free(a->zmq);
    if (a->signals.fd >= 0)
        close(a->signals.fd);
    loop_done(&a->loop);
    key_forget(&a->key);
    manifest_drop(a->manifest);
    settings_free(a->settings);
    free(a->dir);
    free(a);
}

/* ---- one turn ---- */

/* start_and_settle: what ends frees slots, what starts may end at once (builtins): until nothing
 * moves. */
static void start_and_settle(struct agent *a)
{
    do {
        runs_settle(a);
        list_each(m, &a->dirty, struct member, dirty) slots_start(m);
    } while (!list_empty(&a->ended));
}

static void speak(struct member *m)
{
    list_out(&m->dirty);
    if (slots_unsaid(m))
        links_beat(m);
    if (!slots_may_gather(m))
        say_gathered(m);
    else if (!list_empty(&m->slots.fresh) && m->gather.node.place == 0)
        loop_timer(&m->agent->loop, &m->gather, m->agent->loop.now + GATHER_MS);
    samples_send(m);
    leave_if_done(m);
}

void process_turn(struct agent *a, int64_t most_ms)
{
    bool busy = !list_empty(&a->dirty) || !list_empty(&a->ended);
    loop_turn(&a->loop, busy ? 0 : most_ms);
    start_and_settle(a);
    results_sync(a); /* before anything of it is said */
    list_each(m, &a->dirty, struct member, dirty) speak(m);
}
