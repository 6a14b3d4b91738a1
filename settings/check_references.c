/* SPDX-License-Identifier: MPL-2.0 */
/* Names in parameters, conditions and lists of a step that name nothing (P4, P6, P9). */
#include "common/text.h"
#include "proto/read.h"
#include "settings/check_flow.h"
#include "settings/expr.h"
#include "settings/reference.h"

struct asked {
    struct flow_graph *g;
    const struct set_flow_step *s;
    bool items; /* ${item} is one here */
};

/* Each answers 0, or -ENOENT with what goes on behind the name. */
static int wrong(char *err, const char *format, ...) FORMAT_LIKE(2, 3);
static int wrong(char *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err, EXPR_ERR, format, args);
    va_end(args);
    return -ENOENT;
}

static int check_param(const struct asked *a, const struct reference *r, char *err)
{
    struct bytes path = r->path, first = {0};
    struct walk w = walk_of(a->g->pipeline->params);
    struct value key, item;
    path_next(&path, &first);
    while (walk_pair(&w, &key, &item))
        if (bytes_eq(key.text, first))
            return 0;
    return wrong(err, "names no parameter of %s; `params` declares them", a->g->pipeline->name.at);
}

static int check_of_step(const struct asked *a, const struct reference *r, char *err)
{
    size_t step = flow_find(a->g, r->step), own = (size_t)(a->s - a->g->steps);
    if (step == FLOW_NONE)
        return wrong(err, "names no step of %s", a->g->pipeline->name.at);
    if (step == own)
        return wrong(err, "names the step itself");
    if (!a->g->round && !flow_before(a->g, step, own))
        return wrong(err, "names a step that need not have ended before: put '%s' into `after`", a->g->steps[step].name.at);
    return 0;
}

static int check_name(const struct asked *a, struct bytes name, char *err)
{
    struct reference r;
    if (reference_parse(name, &r) < 0)
        return wrong(err, "is no name: write params.NAME, steps.NAME.data.KEY, steps.NAME.output, steps.NAME.state, item, "
                          "run.id, run.dir or run.time, or $$${ for the two characters");
    switch (r.kind) {
    case REFERENCE_params:
        return check_param(a, &r, err);
    case REFERENCE_data:
    case REFERENCE_output:
    case REFERENCE_state:
        return check_of_step(a, &r, err);
    case REFERENCE_item:
        return a->items ? 0 : wrong(err, "is of a step with `each`, in its `params`");
    case REFERENCE_run_dir:
        return a->g->pipeline->dir.n ? 0 : wrong(err, "needs `dir` of %s", a->g->pipeline->name.at);
    default:
        return 0;
    }
}

static void blame(const struct asked *a, struct place place, const char *where, struct bytes name, const char *what)
{
    mistake(a->g->c->m, place, "pipelines.%s.steps.%s.%s: ${" BYTES_F "} %s", a->g->pipeline->name.at, a->s->name.at, where,
            (int)MIN(name.n, (size_t)80), name.at, what);
}

static void check_text(const struct asked *a, struct bytes text, struct place place, const char *where)
{
    char err[EXPR_ERR];
    struct piece piece;
    int r;
    while ((r = piece_next(&text, &piece)) == 1)
        if (!piece.plain && check_name(a, piece.text, err) < 0)
            blame(a, place, where, piece.text, err);
    if (r < 0)
        mistake(a->g->c->m, place, "pipelines.%s.steps.%s.%s has ${ without }; write $$${ for the two characters",
                a->g->pipeline->name.at, a->s->name.at, where);
}

/* All texts of the value, however deep, one after the other; each knows its place. */
static void check_params(const struct asked *a)
{
    const struct check *c = a->g->c;
    struct cursor cursor = cursor_of(a->s->params);
    for (struct value v; (v = read_head(&cursor)).type != VALUE_END;)
        if (v.type == VALUE_STR && v.text.n && memmem(v.text.at, v.text.n, "${", 2)) {
            const struct origin *at = settings_origin(c->s, v.whole.at);
            check_text(a, v.text, at ? at->place : place_of_member(c, &a->s->params, a->s), "params");
        }
}

static int found(void *context, struct bytes name, struct expr_value *ret, char *err)
{
    char why[EXPR_ERR];
    *ret = (struct expr_value){.type = EXPR_BOOL};
    if (check_name(context, name, why) == 0)
        return 0;
    snprintf(err, EXPR_ERR, "%.*s %.160s", (int)MIN(name.n, (size_t)80), name.at, why);
    return -ENOENT;
}

static void check_when(struct asked *a)
{
    char err[EXPR_ERR];
    if (a->s->when.n && expr_check(a->s->when, found, a, err) < 0)
        mistake(a->g->c->m, place_of_member(a->g->c, &a->s->when, a->s), "pipelines.%s.steps.%s.when: %s (P6)",
                a->g->pipeline->name.at, a->s->name.at, err);
}

static void check_each(const struct asked *a)
{
    char err[EXPR_ERR];
    struct bytes inside;
    struct place place = place_of_member(a->g->c, &a->s->each, a->s);
    if (a->s->each.n == 0)
        return;
    if (!piece_alone(a->s->each, &inside))
        mistake(a->g->c->m, place, "pipelines.%s.steps.%s.each must be one ${…} that names a list (P5)", a->g->pipeline->name.at,
                a->s->name.at);
    else if (check_name(a, inside, err) < 0)
        blame(a, place, "each", inside, err);
}

void check_references(struct flow_graph *g, const struct set_flow_step *s)
{
    struct asked a = {g, s, false};
    check_when(&a);
    check_each(&a);
    a.items = s->each.n > 0;
    check_params(&a);
}
