/* SPDX-License-Identifier: MPL-2.0 */
/* Secrets of an agent's file (Q2): names that can be variables, files that only their owner reads, and no
 * second way by which a value would reach whoever was not meant. */
#include <ctype.h>
#include <sys/stat.h>

#include "proto/read.h"
#include "settings/check_agent.h"

/* Variables that every process of an agent gets. */
static const char *const everybodys[] = {"PATH", "HOME", "LANG", "HELIOS_DATA"};

static bool is_everybodys(struct bytes name)
{
    for (size_t i = 0; i < ARRAY_SIZE(everybodys); i++)
        if (bytes_is(name, everybodys[i]))
            return true;
    return false;
}

static bool is_variable(struct bytes name)
{
    bool well = name.n > 0 && !isdigit((unsigned char)name.at[0]);
    for (size_t i = 0; i < name.n; i++)
        well = well && (isalnum((unsigned char)name.at[i]) || name.at[i] == '_');
    return well;
}

static void check_name(const struct check *c, const struct set_secret *secret)
{
    bool ours = is_everybodys(secret->name) || strncmp(secret->name.at, "HELIOS_", 7) == 0;
    if (!is_variable(secret->name))
        mistake(c->m, place_of_member(c, secret, NULL),
                "secrets.%s is no name of a variable: letters, digits and _, the first no digit",
                secret->name.at);
    else if (ours)
        mistake(c->m, place_of_member(c, secret, NULL),
                "secrets.%s: this variable has another meaning for actions", secret->name.at);
}

/* A file that is not there yet is no mistake: it may come later, and until then attempts say so. */
static void check_file(const struct check *c, const struct set_secret *secret)
{
    _cleanup_(buf_done) struct buf path = {0};
    struct stat about;
    const char *slash = strrchr(c->s->file, '/');
    if (secret->file.n && secret->file.at[0] != '/' && slash)
        buf_add(&path, c->s->file, (size_t)(slash + 1 - c->s->file));
    buf_text(&path, secret->file.at);
    if (secret->file.n && stat(buf_str(&path), &about) == 0 && about.st_mode & 077)
        mistake(c->m, place_of_member(c, &secret->file, secret),
                "secrets.%s.file can be read by others; make it mode 0600 (Q2)", secret->name.at);
}

static void check_variable(const struct check *c, const struct set_agent_config *config,
                           const struct set_secret *secret)
{
    bool passed = is_everybodys(secret->env);
    SEQ_EACH (name, const struct bytes, config->pass)
        passed = passed || bytes_eq(*name, secret->env) || bytes_eq(*name, secret->name);
    if (secret->env.n && passed)
        mistake(c->m, place_of_member(c, &secret->env, secret),
                "secrets.%s: every action and probe would get it by `pass_env` too (Q2)",
                secret->name.at);
}

static void check_source(const struct check *c, const struct set_secret *secret)
{
    if ((secret->file.n == 0) == (secret->env.n == 0))
        mistake(c->m, place_of_member(c, secret, NULL),
                "secrets.%s needs either `file` or `env`: where it comes from", secret->name.at);
}

static void check_use(const struct check *c, const struct names *secrets,
                      const struct set_action *action)
{
    char path[96];
    snprintf(path, sizeof path, "actions.%s.secrets", action->name.at);
    SEQ_EACH (name, const struct bytes, action->secrets) {
        check_known(c, secrets, name, action, path, "secret");
        if (map_get(action->env, name->at).type != VALUE_END)
            mistake(c->m, place_of_member(c, name, action),
                    "actions.%s.env sets %s, which is one of its secrets", action->name.at, name->at);
    }
    if (action->secrets.n && action->builtin.n)
        mistake(c->m, place_of_member(c, action->secrets.at, action),
                "actions.%s has `secrets`, but a builtin has no process to give them to", action->name.at);
}

void check_secrets(const struct check *c, const struct set_agent_config *config)
{
    _cleanup_(names_done) struct names secrets =
        names_of(&config->secrets, sizeof(struct set_secret));
    SEQ_EACH (secret, const struct set_secret, config->secrets) {
        check_name(c, secret);
        check_source(c, secret);
        check_file(c, secret);
        check_variable(c, config, secret);
    }
    SEQ_EACH (action, const struct set_action, config->actions)
        check_use(c, &secrets, action);
}
