/* SPDX-License-Identifier: MPL-2.0 */
/* What reads well in an agent's file but cannot work: members and actions. Its probes:
 * check_probes.c; its secrets: check_secrets.c. */
#include "settings/check_agent.h"

#include "common/text.h"

/* Members `a` with `count: 3` and `a-2` would both say hello as a-2 (A5). */
static void check_ids(const struct check *c, const struct set_agent_config *config)
{
    SEQ_EACH (single, const struct set_member, config->members) {
        const char *dash = strrchr(single->name.at, '-');
        int64_t number = 0;
        if (dash == NULL || single->count > 1 || dash[1] == '0' ||
            text_parse_int(bytes_of(dash + 1), &number) < 0)
            continue;
        struct bytes stem = {single->name.at, (size_t)(dash - single->name.at)};
        SEQ_EACH (many, const struct set_member, config->members)
            if (many->count > 1 && bytes_eq(many->name, stem) && number >= 1 &&
                number <= many->count)
                mistake(c->m, place_of_member(c, single, NULL),
                        "agents.%s is also one of the %lld agents of agents.%s: two cannot have "
                        "one id (A5)",
                        single->name.at, (long long)many->count, many->name.at);
    }
}

static void check_member(const struct check *c, const struct set_member *member)
{
    if (!text_is_name(member->swarm))
        mistake(c->m, place_of_member(c, &member->swarm, member),
                "agents.%s.swarm is no name: 1 to 64 letters, digits and _.:-, the first a letter "
                "or a digit",
                member->name.at);
    if (member->count > 1 && member->name.n > 64 - strlen("-1000"))
        mistake(c->m, place_of_member(c, member, NULL),
                "agents.%s: the name is too long to be numbered", member->name.at);
}

/* The suffix often is a host's name, which nobody has looked at yet. */
static void check_suffix(const struct check *c, const struct set_agent_config *config,
                         const struct set_member *member)
{
    _cleanup_(buf_done) struct buf id = {0};
    buf_printf(&id, "%s%s%s", member->name.at, config->suffix.at, member->count > 1 ? "-1000" : "");
    if (config->suffix.n && !text_is_name(buf_bytes(&id)))
        mistake(c->m, place_of_member(c, &config->suffix, NULL),
                "suffix: '%s' would be no id of an agent: up to 64 letters, digits and _.:-",
                buf_str(&id));
}

static const struct set_param *find_param(const struct set_action *action, struct bytes name)
{
    SEQ_EACH (param, const struct set_param, action->params)
        if (bytes_eq(param->name, name))
            return param;
    return NULL;
}

/* Every {word} that reads like a parameter must be one; `{"a":1}` and `{ print }` are left alone.
 */
static void check_argument(const struct check *c, const struct set_action *action,
                           const struct bytes *argument, bool program)
{
    for (const char *open = strchr(argument->at, '{'); open; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        struct bytes inside = {open + 1, close ? (size_t)(close - open) - 1 : 0};
        if (!text_is_name(inside))
            continue;
        if (program)
            mistake(c->m, place_of_member(c, argument, action),
                    "actions.%s.run: the program itself cannot be a parameter (A1)",
                    action->name.at);
        else if (find_param(action, inside) == NULL)
            mistake(c->m, place_of_member(c, argument, action),
                    "actions.%s.run uses {" BYTES_F "}, which `params` does not declare",
                    action->name.at, BYTES_A(inside));
    }
}

static void check_builtin(const struct check *c, const struct set_action *action)
{
    static const char *const builtins[] = {"webhook", "echo", "sleep", "noop"};
    struct place place = place_of_member(c, &action->builtin, action);
    if (action->run.n && action->builtin.n)
        mistake(c->m, place, "actions.%s has both `run` and `builtin`; it can be one thing only",
                action->name.at);
    else if (action->run.n == 0 && action->builtin.n == 0)
        mistake(c->m, place, "actions.%s needs `run` or `builtin`: what it does", action->name.at);
    if (action->builtin.n == 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
        if (bytes_is(action->builtin, builtins[i]))
            return;
    const char *meant = text_nearest(action->builtin.at, builtins, ARRAY_SIZE(builtins));
    mistake(c->m, place, "actions.%s.builtin is none of webhook, echo, sleep, noop%s%s%s",
            action->name.at, meant ? "; did you mean '" : "", meant ? meant : "",
            meant ? "'?" : "");
}

static bool fits(const struct set_param *param, struct bytes text)
{
    int64_t integer = 0;
    double number = 0;
    switch (param->kind) {
    case param_kind_int:
        return text_parse_int(text, &integer) == 0 && (double)integer >= param->min &&
               (double)integer <= param->max;
    case param_kind_number:
        return text_parse_number(text, &number) == 0 && number >= param->min &&
               number <= param->max;
    case param_kind_bool:
        return bytes_is(text, "true") || bytes_is(text, "false");
    case param_kind_name:
        return text_is_name(text);
    default:
        return text.n <= (size_t)param->length;
    }
}

static void check_param(const struct check *c, const struct set_action *action,
                        const struct set_param *param)
{
    bool listed = param->one_of.n == 0 || param->dflt.n == 0;
    const char *kind = enum_text(&enum_param_kind, (int)param->kind);
    if (param->min > param->max)
        mistake(c->m, place_of_member(c, &param->min, &param->max),
                "actions.%s.params.%s: min (%s) is over max (%s)", action->name.at, param->name.at,
                in_figures(param->min).at, in_figures(param->max).at);
    if (param->dflt.n && !fits(param, param->dflt))
        mistake(c->m, place_of_member(c, &param->dflt, param),
                "actions.%s.params.%s: the default is no %s that it allows", action->name.at,
                param->name.at, kind);
    SEQ_EACH (word, const struct bytes, param->one_of) {
        listed |= bytes_eq(*word, param->dflt);
        if (!fits(param, *word))
            mistake(c->m, place_of_member(c, word, param),
                    "actions.%s.params.%s.one_of: '%s' is no %s that it allows", action->name.at,
                    param->name.at, word->at, kind);
    }
    if (!listed)
        mistake(c->m, place_of_member(c, &param->dflt, param),
                "actions.%s.params.%s: the default is not in one_of", action->name.at,
                param->name.at);
}

static void check_action(const struct check *c, const struct names *members,
                         const struct set_action *action)
{
    char path[96];
    snprintf(path, sizeof path, "actions.%s.agents", action->name.at);
    check_builtin(c, action);
    SEQ_EACH (argument, const struct bytes, action->run)
        check_argument(c, action, argument, argument == action->run.at);
    SEQ_EACH (param, const struct set_param, action->params)
        check_param(c, action, param);
    SEQ_EACH (agent, const struct bytes, action->agents)
        check_known(c, members, agent, action, path, "agent");
}

void check_agent(const struct settings *s, struct mistakes *m)
{
    const struct set_agent_config *config = s->at;
    struct check c = {s, m};
    _cleanup_(names_done) struct names members =
        names_of(&config->members, sizeof(struct set_member));
    if (config->controllers.n == 0)
        mistake(m, place_of_member(&c, &config->controllers, NULL),
                "needs `controllers`: the data directory of a controller, or tcp://HOST");
    if (config->members.n == 0)
        mistake(m, place_of_member(&c, &config->members, NULL), "needs `agents`: who works here");
    SEQ_EACH (member, const struct set_member, config->members) {
        check_member(&c, member);
        check_suffix(&c, config, member);
    }
    check_ids(&c, config);
    SEQ_EACH (action, const struct set_action, config->actions)
        check_action(&c, &members, action);
    check_secrets(&c, config);
    SEQ_EACH (probe, const struct set_probe, config->probes)
        check_probe(&c, &members, probe);
}
