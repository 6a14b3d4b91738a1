/* SPDX-License-Identifier: MPL-2.0 */
#include "plan.h"

#include <libgen.h>

#include "board.h"
#include "common/text.h"
#include "orchestrator/shell/disk.h"

struct making {
    const struct plan_from *from;
    const struct set_config *config; /* the keeper's */
    struct plan *plan;
    struct buf report;
    struct listener *listeners; /* owned; of all realms */
    size_t n_listeners;
};

/* An endpoint that is not chosen freely. */
struct listener {
    char *endpoint; /* owned */
    const struct set_realm *realm;
    const char *key;
};

/* What a keeper has in its own data directory. */
static const char *const taken[] = {"lock", "controller.id", "realms.json"};

void plan_realm_done(struct plan_realm *r)
{
    for (size_t i = 0; i < r->n_flags; i++)
        free(r->flags[i]);
    free(r->name);
    free(r->file);
    free(r->data);
    *r = (struct plan_realm){0};
}

void plan_done(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++)
        plan_realm_done(&p->at[i]);
    free(p->at);
    *p = (struct plan){0};
}

bool plan_same(const struct plan_realm *a, const struct plan_realm *b)
{
    bool same = strcmp(a->file, b->file) == 0 && a->n_flags == b->n_flags;
    for (size_t i = 0; same && i < a->n_flags; i++)
        same = strcmp(a->flags[i], b->flags[i]) == 0;
    return same;
}

/* ---- the command line of one realm */

static char *file_of(const struct plan_from *from, const struct set_realm *realm)
{
    if (realm->file.n == 0)
        return xdup(from->file);
    if (realm->file.at[0] == '/')
        return xdup(realm->file.at);
    _autofree_ char *keeper = xdup(from->file);
    return disk_path(dirname(keeper), realm->file.at);
}

static void add_flag(struct plan_realm *p, const char *key, const char *value)
{
    struct buf flag = {0};
    buf_printf(&flag, "%s%s", key, value);
    p->flags[p->n_flags++] = buf_take(&flag);
}

/* Weakest first: what the keeper was told, what the realm's row says, and what makes it a realm of its own. */
static void add_flags(struct making *m, const struct set_realm *realm, struct plan_realm *p)
{
    for (size_t i = 0; i < m->from->n_flags; i++)
        add_flag(p, "", m->from->flags[i]);
    SEQ_EACH (word, const struct bytes, realm->set)
        add_flag(p, "", word->at);
    add_flag(p, "realm=", p->name);
    add_flag(p, "data=", p->data);
}

static bool fits(struct making *m, const struct set_realm *realm)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        if (bytes_is(realm->name, taken[i]))
            wrong = "is no name of a realm: it is a file of the keeper's data directory";
    if (m->from->n_flags + realm->set.n + 2 > SHELL_FLAGS_MAX)
        wrong = "has too many settings in `set`: give it a file of its own in `config`";
    SEQ_EACH (word, const struct bytes, realm->set)
        if (strncmp(word->at, "realm=", 6) == 0 || strncmp(word->at, "data=", 5) == 0)
            wrong = "must not set `realm` or `data`: they are its name and DATA/NAME";
    if (wrong)
        settings_blame(&m->report, m->from->settings, &realm->name, "realms.%s %s", realm->name.at, wrong);
    return wrong == NULL;
}

/* ---- the settings of one realm, as its process will read them */

static void note_listeners(struct making *m, const struct set_realm *realm, const struct set_listen *l)
{
    const struct {
        const char *key;
        const struct bytes *endpoint;
    } all[] = {{"agents", &l->agents}, {"control", &l->control}, {"kpi", &l->kpi}, {"events", &l->events}};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i].endpoint->at[all[i].endpoint->n - 1] != '*')
            m->listeners[m->n_listeners++] = (struct listener){bytes_dup(*all[i].endpoint), realm, all[i].key};
}

/* The file may use ${HELIOS_REALM} and ${HELIOS_DATA}: its process will have them. */
static int load(const struct plan_realm *p, struct settings **ret, char **ret_report)
{
    static const char *const names[] = {"HELIOS_REALM", "HELIOS_DATA"};
    const char *const values[] = {p->name, p->data};
    char *before[ARRAY_SIZE(names)];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        before[i] = getenv(names[i]) ? xdup(getenv(names[i])) : NULL;
        setenv(names[i], values[i], 1);
    }
    int r = settings_load(section_config, p->file, (const char *const *)p->flags, p->n_flags, ret, ret_report);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (before[i])
            setenv(names[i], before[i], 1);
        else
            unsetenv(names[i]);
        free(before[i]);
    }
    return r;
}

static void check(struct making *m, const struct set_realm *realm, const struct plan_realm *p)
{
    _autofree_ char *why = NULL;
    struct settings *loaded;
    if (load(p, &loaded, &why) < 0) {
        settings_blame(&m->report, m->from->settings, &realm->name, "realms.%s cannot run, its settings are wrong:", p->name);
        buf_text(&m->report, why);
        return;
    }
    const struct set_config *config = settings_root(loaded);
    if (config->realms.n && realm->file.n)
        settings_blame(&m->report, m->from->settings, &realm->file, "realms.%s: %s has `realms` itself: name them here", p->name,
                       p->file);
    note_listeners(m, realm, &config->listen);
    settings_free(loaded);
}

static void add(struct making *m, const struct set_realm *realm)
{
    if (!fits(m, realm))
        return;
    struct plan_realm *p = &m->plan->at[m->plan->n++];
    p->name = bytes_dup(realm->name);
    p->file = file_of(m->from, realm);
    p->data = disk_path(m->from->data_dir, p->name);
    add_flags(m, realm, p);
    check(m, realm, p);
}

/* ---- what cannot go together */

static int by_endpoint(const void *a, const void *b)
{
    const struct listener *one = a, *two = b;
    int order = strcmp(one->endpoint, two->endpoint);
    return order ? order : (one->realm > two->realm) - (one->realm < two->realm);
}

/* One sentence a realm: who shares one endpoint shares all four. */
static void check_clashes(struct making *m)
{
    const struct set_realm *said = NULL;
    if (m->n_listeners)
        qsort(m->listeners, m->n_listeners, sizeof(*m->listeners), by_endpoint);
    for (size_t i = 1; i < m->n_listeners; i++) {
        const struct listener *a = &m->listeners[i - 1], *b = &m->listeners[i];
        if (strcmp(a->endpoint, b->endpoint) != 0 || a->realm == b->realm || b->realm == said)
            continue;
        said = b->realm;
        settings_blame(&m->report, m->from->settings, &b->realm->name,
                       "realms.%s listens where realms.%s does: listen.%s is %s; with several realms write tcp://ADDRESS:* or "
                       "ipc://${HELIOS_DATA}/%s, or give each its own by `set`",
                       b->realm->name.at, a->realm->name.at, b->key, b->endpoint, b->key);
    }
}

int plan_make(const struct plan_from *from, struct plan *ret, char **ret_report)
{
    struct making m = {.from = from, .config = settings_root(from->settings), .plan = ret};
    const struct seq *realms = &m.config->realms;
    ret->at = xalloc((realms->n + 1) * sizeof(*ret->at));
    m.listeners = xalloc((realms->n + 1) * 4 * sizeof(*m.listeners));
    if (realms->n > BOARD_SEATS)
        buf_printf(&m.report, "%s: a keeper has at most %d realms\n", from->file, BOARD_SEATS);
    else
        SEQ_EACH (realm, const struct set_realm, *realms)
            add(&m, realm);
    check_clashes(&m);
    for (size_t i = 0; i < m.n_listeners; i++)
        free(m.listeners[i].endpoint);
    free(m.listeners);
    if (m.report.n == 0)
        return 0;
    plan_done(ret);
    *ret_report = buf_take(&m.report);
    return -EINVAL;
}
