/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the list of actions. Refuses to run them. */
#include "agents/manifest.h"

#include "agents/builtin.h"
#include "agents/roles/role.h"

static int refuse(char **ret_why, const char *action, const char *wrong)
{
    struct buf sentence = {0};
    buf_printf(&sentence, "actions.%s %s", action, wrong);
    *ret_why = buf_take(&sentence);
    return -EINVAL;
}

static struct action *add(struct manifest *m, const char *name)
{
    m->actions = xrealloc(m->actions, (m->n + 1) * sizeof(*m->actions));
    m->actions[m->n] = (struct action){.name = name};
    return &m->actions[m->n++];
}

static const struct set_secret *find_secret(const struct manifest *m, struct bytes name)
{
    SEQ_EACH(secret, struct set_secret, manifest_config(m)->secrets)
    if (bytes_eq(secret->name, name))
        return secret;
    return NULL;
}

static int add_secrets(const struct manifest *m, struct action *a, char **ret_why)
{
    if (a->set->secrets.n == 0)
        return 0;
    if (a->builtin)
        return refuse(ret_why, a->name, "has `secrets`, but a builtin has no process to give them to");
    a->secrets = xalloc(a->set->secrets.n * sizeof(*a->secrets));
    SEQ_EACH(name, struct bytes, a->set->secrets)
    {
        const struct set_secret *secret = find_secret(m, *name);
        if (secret == NULL)
            return refuse(ret_why, a->name, "names a secret that `secrets` does not declare");
        a->secrets[a->n_secrets++] = secret;
    }
    return 0;
}

/* The builtin's own parameters come first, so that the config may narrow them or give them
 * defaults. */
static int add_set(struct manifest *m, const struct set_action *set, char **ret_why)
{
    struct action *a = add(m, set->name.at);
    a->set = set;
    a->builtin = set->builtin.n ? builtin_find(set->builtin.at) : NULL;
    if (set->builtin.n && a->builtin == NULL)
        return refuse(ret_why, a->name,
                      "names a builtin that does not exist; there are: " BUILTIN_NAMES);
    if ((set->builtin.n != 0) == (set->run.n != 0))
        return refuse(ret_why, a->name, "needs either `run` or `builtin`");
    if (add_secrets(m, a, ret_why))
        return -EINVAL;
    for (size_t i = 0; a->builtin && i < a->builtin->n_params; i++)
        params_add(&a->params, a->builtin->params[i]);
    SEQ_EACH(param, struct set_param, set->params)
    params_add_set(&a->params, param);
    return params_check_defaults(&a->params, a->name, ret_why);
}

static void add_composites(struct manifest *m)
{
    for (size_t i = 0; i < composites_n; i++) {
        struct action *a = add(m, composites[i]->name);
        a->composite = composites[i];
        for (size_t p = 0; p < composites[i]->n_params; p++)
            params_add(&a->params, composites[i]->params[p]);
    }
}

static int add_all(struct manifest *m, char **ret_why)
{
    int error = 0;
    SEQ_EACH(set, struct set_action, manifest_config(m)->actions)
    if (!error)
        error = add_set(m, set, ret_why);
    if (!error)
        add_composites(m);
    return error;
}

int manifest_new(struct settings **settings, struct manifest **ret, char **ret_why)
{
    struct manifest *m = NEW(struct manifest);
    int error = 0;
    m->users = 1;
    m->settings = *settings;
    *settings = NULL;
    if (manifest_config(m)->part != part_probes)
        error = add_all(m, ret_why);
    if (error) {
        manifest_drop(m);
        return error;
    }
    *ret = m;
    return 0;
}

struct manifest *manifest_hold(struct manifest *m)
{
    m->users++;
    return m;
}

void manifest_drop(struct manifest *m)
{
    if (m == NULL || --m->users)
        return;
    for (size_t i = 0; i < m->n; i++) {
        params_done(&m->actions[i].params);
        free(m->actions[i].secrets);
    }
    free(m->actions);
    settings_free(m->settings);
    free(m);
}

const struct set_agent_config *manifest_config(const struct manifest *m)
{
    return settings_root(m->settings);
}

bool action_offered(const struct action *a, const char *id, const char *base, enum role role)
{
    if (a->composite)
        return a->composite->role == role;
    SEQ_EACH(one, struct bytes, a->set->agents)
    if (bytes_is(*one, id) || bytes_is(*one, base))
        return true;
    return a->set->agents.n == 0;
}

const struct action *manifest_find(const struct manifest *m, struct bytes name, const char *id,
                                   const char *base, enum role role)
{
    for (size_t i = 0; i < m->n; i++)
        if (bytes_is(name, m->actions[i].name) && action_offered(&m->actions[i], id, base, role))
            return &m->actions[i];
    return NULL;
}

bool action_needs_signature(const struct manifest *m, const struct action *a)
{
    return manifest_config(m)->security.require_signed || (a->set && a->set->needs_signature);
}
