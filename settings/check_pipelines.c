/* SPDX-License-Identifier: MPL-2.0 */
/* Pipelines that could never run (P9): unknown steps, circles, pipelines inside of themselves, locks that a step above holds. */
#include "common/text.h"
#include "settings/check_flow.h"

/* ---- the graph ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct flow_name *)a)->name, ((const struct flow_name *)b)->name);
}

size_t flow_find(const struct flow_graph *g, struct bytes name)
{
    _autofree_ char *text = bytes_dup(name);
    struct flow_name key = {.name = text};
    const struct flow_name *found = bsearch(&key, g->by_name, g->n, sizeof(*g->by_name), by_name);
    return found ? found->step : FLOW_NONE;
}

static void make(struct flow_graph *g)
{
    g->by_name = xalloc((g->n + 1) * sizeof(*g->by_name));
    g->parents = xalloc((g->n + 1) * sizeof(*g->parents));
    g->marks = xalloc((g->n + 1) * sizeof(*g->marks));
    g->stack = xalloc((g->n + 1) * sizeof(*g->stack));
    for (size_t i = 0; i < g->n; i++)
        g->by_name[i] = (struct flow_name){g->steps[i].name.at, i};
    qsort(g->by_name, g->n, sizeof(*g->by_name), by_name);
    for (size_t i = 0; i < g->n; i++) {
        const struct bytes *after = g->steps[i].after.at;
        g->parents[i] = xalloc((g->steps[i].after.n + 1) * sizeof(size_t));
        for (size_t k = 0; k < g->steps[i].after.n; k++)
            g->parents[i][k] = flow_find(g, after[k]);
    }
}

static void unmake(struct flow_graph *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->parents[i]);
    free(g->parents);
    free(g->by_name);
    free(g->marks);
    free(g->stack);
}

bool flow_before(struct flow_graph *g, size_t one, size_t other)
{
    size_t depth = 0;
    g->walk++;
    g->stack[depth++] = other;
    while (depth) {
        size_t at = g->stack[--depth];
        for (size_t k = 0; k < g->steps[at].after.n; k++) {
            size_t parent = g->parents[at][k];
            if (parent == one)
                return true;
            if (parent == FLOW_NONE || g->marks[parent] == g->walk)
                continue;
            g->marks[parent] = g->walk;
            g->stack[depth++] = parent;
        }
    }
    return false;
}

/* ---- edges ---- */

static void unknown_step(const struct flow_graph *g, const struct set_flow_step *s, const struct bytes *word)
{
    _cleanup_(names_done) struct names names = names_of(&g->pipeline->steps, sizeof(*g->steps));
    char path[192];
    snprintf(path, sizeof(path), "pipelines.%s.steps.%s.after", g->pipeline->name.at, s->name.at);
    check_known(g->c, &names, word, s, path, "step");
}

static void check_edges(const struct flow_graph *g, const struct set_flow_step *s)
{
    const struct bytes *after = s->after.at;
    for (size_t k = 0; k < s->after.n; k++) {
        if (g->parents[s - g->steps][k] == FLOW_NONE)
            unknown_step(g, s, &after[k]);
        for (size_t i = 0; i < k && k < 1000; i++)
            if (bytes_eq(after[i], after[k]))
                mistake(g->c->m, place_of_member(g->c, &after[k], s), "pipelines.%s.steps.%s.after names '%s' twice",
                        g->pipeline->name.at, s->name.at, after[k].at);
    }
}

/* ---- circles: a walk from step to parent on a stack of its own, so a chain may be as long as the file ---- */

enum { UNSEEN, OPEN, CLOSED };
struct visit {
    size_t step, next; /* the parent to follow */
};

/* say_circle names the way round, at most ten steps of it. */
static void say_circle(struct flow_graph *g, const struct visit *stack, size_t depth, size_t back)
{
    _cleanup_(buf_done) struct buf way = {0};
    size_t from = depth;
    while (from > 0 && stack[from - 1].step != back)
        from--;
    from = from ? from - 1 : 0;
    const struct set_flow_step *last = &g->steps[stack[depth - 1].step];
    for (size_t i = from; i < depth && i < from + 10; i++)
        buf_printf(&way, "%s after ", g->steps[stack[i].step].name.at);
    buf_printf(&way, "%s%s", depth - from > 10 ? "… after " : "", g->steps[back].name.at);
    g->round = true;
    mistake(g->c->m, place_of_member(g->c, (const struct bytes *)last->after.at + stack[depth - 1].next - 1, last),
            "pipelines.%s goes round in a circle: %s (P9)", g->pipeline->name.at, buf_str(&way));
}

static void check_circles(struct flow_graph *g)
{
    _autofree_ char *marks = xalloc(g->n + 1);
    _autofree_ struct visit *stack = xalloc((g->n + 1) * sizeof(*stack));
    for (size_t i = 0; i < g->n; i++) {
        size_t depth = 0;
        if (marks[i] != UNSEEN)
            continue;
        marks[i] = OPEN;
        stack[depth++] = (struct visit){i, 0};
        while (depth) {
            struct visit *at = &stack[depth - 1];
            if (at->next == g->steps[at->step].after.n) {
                marks[at->step] = CLOSED;
                depth--;
                continue;
            }
            size_t parent = g->parents[at->step][at->next++];
            if (parent == FLOW_NONE || marks[parent] == CLOSED)
                continue;
            if (marks[parent] == OPEN) {
                say_circle(g, stack, depth, parent);
                continue;
            }
            marks[parent] = OPEN;
            stack[depth++] = (struct visit){parent, 0};
        }
    }
}

/* ---- pipelines in pipelines ---- */

static const struct set_pipeline *find_pipeline(const struct set_config *config, struct bytes name)
{
    SEQ_EACH (p, const struct set_pipeline, config->pipelines)
        if (bytes_eq(p->name, name))
            return p;
    return NULL;
}

struct nest {
    const struct set_config *config;
    bool *seen; /* owned; of each pipeline of the config */
    const struct set_pipeline **stack;
    size_t depth;
};

static void push(struct nest *n, const struct set_pipeline *p)
{
    size_t place = p ? (size_t)(p - (const struct set_pipeline *)n->config->pipelines.at) : 0;
    if (p == NULL || n->seen[place])
        return;
    n->seen[place] = true;
    n->stack[n->depth++] = p;
}

static bool has_lock(const struct seq locks, struct bytes lock)
{
    SEQ_EACH (l, const struct bytes, locks)
        if (bytes_eq(*l, lock))
            return true;
    return false;
}

/* A pipeline that is reached from this step of `outer`: it must not be outer again, nor wait for a lock of the step. */
static void check_reached(const struct flow_graph *g, const struct set_flow_step *s, const struct set_pipeline *inner)
{
    if (inner == g->pipeline) {
        mistake(g->c->m, place_of_member(g->c, &s->pipeline, s),
                "pipelines.%s.steps.%s runs '%s', and so %s itself again: it would never end (P9)", g->pipeline->name.at, s->name.at,
                s->pipeline.at, g->pipeline->name.at);
        return;
    }
    SEQ_EACH (lock, const struct bytes, s->locks)
        SEQ_EACH (below, const struct set_flow_step, inner->steps)
            if (has_lock(below->locks, *lock)) {
                mistake(g->c->m, place_of_member(g->c, lock, s),
                        "pipelines.%s.steps.%s would hold the lock '%s' for which %s in %s waits: neither would ever end (P9)",
                        g->pipeline->name.at, s->name.at, lock->at, below->name.at, inner->name.at);
                break;
            }
}

static void check_nested(const struct flow_graph *g, const struct set_flow_step *s)
{
    size_t n = g->config->pipelines.n;
    _autofree_ bool *seen = xalloc(n + 1);
    _autofree_ const struct set_pipeline **stack = xalloc((n + 1) * sizeof(*stack));
    struct nest nest = {g->config, seen, stack, 0};
    push(&nest, find_pipeline(g->config, s->pipeline));
    while (nest.depth) {
        const struct set_pipeline *p = nest.stack[--nest.depth];
        check_reached(g, s, p);
        SEQ_EACH (below, const struct set_flow_step, p->steps)
            if (p != g->pipeline && below->pipeline.n)
                push(&nest, find_pipeline(g->config, below->pipeline));
    }
}

/* ---- all ---- */

static void check_pipeline(const struct check *c, const struct set_config *config, const struct set_pipeline *p)
{
    struct flow_graph g = {.c = c, .config = config, .pipeline = p, .steps = p->steps.at, .n = p->steps.n};
    if (g.n == 0)
        mistake(c->m, place_of_member(c, &p->steps, p), "pipelines.%s has no steps", p->name.at);
    if (p->dir.n && p->dir.at[0] != '/')
        mistake(c->m, place_of_member(c, &p->dir, p), "pipelines.%s.dir must be absolute: agents have directories of their own",
                p->name.at);
    make(&g);
    SEQ_EACH (s, const struct set_flow_step, p->steps)
        check_edges(&g, s);
    check_circles(&g);
    SEQ_EACH (s, const struct set_flow_step, p->steps) {
        check_step(&g, s);
        check_references(&g, s);
        if (s->pipeline.n)
            check_nested(&g, s);
    }
    unmake(&g);
}

static void check_of_schedules(const struct check *c, const struct set_config *config)
{
    _cleanup_(names_done) struct names names = names_of(&config->pipelines, sizeof(struct set_pipeline));
    SEQ_EACH (s, const struct set_schedule, config->schedules) {
        char path[96];
        snprintf(path, sizeof(path), "schedules.%s.pipeline", s->name.at);
        if (s->pipeline.n)
            check_known(c, &names, &s->pipeline, s, path, "pipeline");
    }
}

void check_pipelines(const struct check *c, const struct set_config *config)
{
    check_of_schedules(c, config);
    SEQ_EACH (p, const struct set_pipeline, config->pipelines)
        check_pipeline(c, config, p);
}
