/* SPDX-License-Identifier: MPL-2.0 */
/* What one step of a pipeline says by itself: what it is, and settings that mean nothing for that (P9). */
#include "common/text.h"
#include "proto/read.h"
#include "settings/check_flow.h"

static void blame(const struct flow_graph *g, const struct set_flow_step *s, const void *member, const char *format, ...)
    FORMAT_LIKE(4, 5);
static void blame(const struct flow_graph *g, const struct set_flow_step *s, const void *member, const char *format, ...)
{
    _cleanup_(buf_done) struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_printf(&text, "pipelines.%s.steps.%s", g->pipeline->name.at, s->name.at);
    buf_vprintf(&text, format, args);
    va_end(args);
    mistake(g->c->m, place_of_member(g->c, member, s), "%s", buf_str(&text));
}

static void check_what(const struct flow_graph *g, const struct set_flow_step *s)
{
    size_t n = (s->action.n > 0) + (s->committee.n > 0) + (s->pipeline.n > 0);
    if (n == 0)
        blame(g, s, s, " needs `action`, `committee` or `pipeline`: what it does");
    else if (n > 1)
        blame(g, s, s->committee.n ? &s->committee : &s->pipeline, " is more than one of action, committee and pipeline");
    if (memchr(s->name.at, '.', s->name.n))
        blame(g, s, s, ": the name of a step has no point; ${steps.NAME.data} could not name it");
}

static void check_one(const struct flow_graph *g, const struct set_flow_step *s, const struct bytes *name, const struct seq *rows,
                      size_t row_size, const char *what)
{
    char path[192];
    if (name->n == 0)
        return;
    _cleanup_(names_done) struct names names = names_of(rows, row_size);
    snprintf(path, sizeof(path), "pipelines.%s.steps.%s", g->pipeline->name.at, s->name.at);
    check_known(g->c, &names, name, s, path, what);
}

static void check_known_names(const struct flow_graph *g, const struct set_flow_step *s)
{
    check_one(g, s, &s->committee, &g->config->committees, sizeof(struct set_committee), "committee");
    check_one(g, s, &s->pipeline, &g->config->pipelines, sizeof(struct set_pipeline), "pipeline");
}

/* As task_submit would refuse it. */
static void check_task(const struct flow_graph *g, const struct set_flow_step *s)
{
    const struct {
        const char *key;
        const struct bytes *name;
    } names[] = {{"action", &s->action}, {"swarm", &s->swarm}, {"role", &s->role}};
    const struct bytes *locks = s->locks.at;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].name->n && !text_is_name(*names[i].name))
            blame(g, s, names[i].name, ".%s is no name: 1 to 64 letters, digits and _.:-", names[i].key);
    if (s->role.n && text_is_name(s->role) && enum_find(&enum_role, s->role) < 0)
        blame(g, s, &s->role, ".role is none of worker, analyst, implementer, verifier");
    if (s->locks.n > 64)
        blame(g, s, &s->locks, ".locks names more than 64");
    for (size_t i = 0; i < MIN(s->locks.n, (size_t)64); i++) {
        if (!text_is_name(locks[i]))
            blame(g, s, &locks[i], ".locks: '%s' is no name", locks[i].at);
        for (size_t k = 0; k < i; k++)
            if (bytes_eq(locks[i], locks[k]))
                blame(g, s, &locks[i], ".locks names '%s' twice", locks[i].at);
    }
}

/* A setting that is given where it means nothing is a misunderstanding. */
static void check_meaningless(const struct flow_graph *g, const struct set_flow_step *s)
{
    const struct {
        const char *key, *of;
        const void *member;
        bool means;
    } rows[] = {
        {"rule", "has no parents: there is nothing to rule", &s->rule, s->after.n || s->rule == edge_rule_all},
        {"parallel", "is of a step with `each`", &s->parallel, s->each.n > 0},
        {"needs", "is of a step with `each`", &s->needs, s->each.n > 0},
        {"on_reject", "is of a step with `committee`", &s->on_reject, s->committee.n > 0},
        {"locks", "are held by a task's attempt; a step with `pipeline` or `committee` has none", &s->locks, s->action.n > 0},
        {"retries", "is of a step with `action`", &s->retries, s->action.n > 0},
        {"backoff", "is of a step with `action`", &s->backoff_ms, s->action.n > 0},
        {"timeout", "is of a step with `action`", &s->timeout_ms, s->action.n > 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (given(g->c, rows[i].member) && !rows[i].means && (s->action.n || s->committee.n || s->pipeline.n))
            blame(g, s, rows[i].member, ".%s %s", rows[i].key, rows[i].of);
}

static bool leads_out(struct bytes path)
{
    return path.n == 0 || path.at[0] == '/' || bytes_is(path, "..") || (path.n >= 3 && memcmp(path.at, "../", 3) == 0) ||
           memmem(path.at, path.n, "/../", 4) || (path.n >= 3 && memcmp(path.at + path.n - 3, "/..", 3) == 0);
}

static void check_artifacts(const struct flow_graph *g, const struct set_flow_step *s)
{
    struct walk w = walk_of(s->artifacts);
    struct value key, item;
    while (walk_pair(&w, &key, &item))
        if (item.type != VALUE_STR || leads_out(item.text))
            blame(g, s, &s->artifacts, ".artifacts." BYTES_F " is no path below the run's directory (P11)", BYTES_A(key.text));
}

static bool map_has(struct bytes map, struct bytes key, bool *ret_nil)
{
    struct walk w = walk_of(map);
    struct value k, item;
    while (walk_pair(&w, &k, &item))
        if (bytes_eq(k.text, key)) {
            *ret_nil = item.type == VALUE_NIL;
            return true;
        }
    return false;
}

/* The parameters of a step with `pipeline` are that pipeline's. */
static void check_inner_params(const struct flow_graph *g, const struct set_flow_step *s)
{
    struct value key, item;
    bool nil;
    SEQ_EACH (p, const struct set_pipeline, g->config->pipelines) {
        if (!bytes_eq(p->name, s->pipeline))
            continue;
        struct walk w = walk_of(s->params);
        while (walk_pair(&w, &key, &item))
            if (!map_has(p->params, key.text, &nil))
                blame(g, s, &s->params, ".params." BYTES_F ": %s has no such parameter", BYTES_A(key.text), p->name.at);
        w = walk_of(p->params);
        while (walk_pair(&w, &key, &item))
            if (item.type == VALUE_NIL && !map_has(s->params, key.text, &nil))
                blame(g, s, &s->pipeline, " needs params." BYTES_F ": %s cannot run without it", BYTES_A(key.text), p->name.at);
    }
}

void check_step(const struct flow_graph *g, const struct set_flow_step *s)
{
    check_what(g, s);
    check_known_names(g, s);
    check_task(g, s);
    check_meaningless(g, s);
    check_artifacts(g, s);
    if (s->pipeline.n)
        check_inner_params(g, s);
}
