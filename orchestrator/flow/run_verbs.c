/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about pipelines and their runs. */
#include "orchestrator/core/verb.h"
#include "run_show.h"
#include "took.h"

#define RUNS_LISTED 100
#define RUNS_MOST 1000

/* ---- pipelines ---- */

static void pack_line(struct helios *h, struct pack *p, const struct set_pipeline *set)
{
    const struct line *l;
    const struct run *last = NULL;
    HASH_FIND(hh, runs_of(h)->lines, set->name.at, set->name.n, l);
    if (l && l->n_ended)
        last = container_of(l->ended.prev, struct run, link);
    pack_put_str(p, "name", set->name);
    pack_put_int(p, "steps", (int64_t)set->steps.n);
    pack_put_int(p, "max_runs", set->max_runs);
    pack_put_int(p, "queued", l ? (int64_t)l->n_queued : 0);
    pack_put_int(p, "running", l ? (int64_t)l->n_running : 0);
    pack_put_int(p, "ended", l ? (int64_t)l->n_ended : 0);
    pack_key(p, "last");
    if (last) {
        pack_map(p);
        run_pack_row(h, p, last);
        pack_end(p);
    } else {
        pack_nil(p);
    }
}

static int query_pipelines(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    size_t left = RUNS_MOST;
    pack_key(p, "pipelines");
    pack_list(p);
    SEQ_EACH (set, const struct set_pipeline, h->config->pipelines) {
        if (left-- == 0)
            break;
        pack_map(p);
        pack_line(h, p, set);
        pack_end(p);
    }
    pack_end(p);
    return 0;
}

static void pack_plan_step(struct helios *h, struct pack *p, const struct set_pipeline *set, const struct set_flow_step *s)
{
    double usual = took_ms(h, set->name, s->name);
    pack_map(p);
    pack_put_str(p, "step", s->name);
    pack_put_text(p, "kind", s->action.n ? "action" : s->committee.n ? "committee" : "pipeline");
    pack_put_str(p, "what", s->action.n ? s->action : s->committee.n ? s->committee : s->pipeline);
    pack_put_text(p, "rule", enum_text(&enum_edge_rule, (int)s->rule));
    pack_put_str(p, "when", s->when);
    pack_put_str(p, "each", s->each);
    if (usual >= 0)
        pack_put_int(p, "usual_ms", (int64_t)usual);
    pack_key(p, "after");
    pack_list(p);
    SEQ_EACH (name, const struct bytes, s->after)
        pack_str(p, *name);
    pack_end(p);
    pack_end(p);
}

static int query_pipeline(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    struct bytes name = map_str(call->args, "name", "");
    const struct set_pipeline *set = pipeline_find(h->config, name);
    size_t first = (size_t)MAX(map_int(call->args, "first", 0), 0), left = RUN_SHOW_STEPS;
    if (set == NULL)
        return verb_fail(call, "not_found", "there is no pipeline `" BYTES_F "`; `helios pipeline list` lists them",
                         (int)MIN(name.n, (size_t)64), name.at ? name.at : "");
    pack_line(h, p, set);
    pack_put_str(p, "dir", set->dir);
    pack_put_raw(p, "params", set->params);
    pack_key(p, "rows");
    pack_list(p);
    for (size_t i = first; i < set->steps.n && left && p->out->n < RUN_SHOW_BYTES; i++, left--)
        pack_plan_step(h, p, set, (const struct set_flow_step *)set->steps.at + i);
    pack_end(p);
    return 0;
}

/* ---- runs ---- */

struct listing {
    struct helios *h;
    struct pack *p;
    struct bytes pipeline, state;
    int64_t before; /* 0, or: only runs of a smaller number */
    size_t left;
};

static bool is_wanted(const struct listing *l, const struct run *r)
{
    return (l->pipeline.n == 0 || bytes_eq(l->pipeline, r->r.pipeline)) && (l->before == 0 || r->number < (uint64_t)l->before) &&
           (l->state.n == 0 || bytes_is(l->state, enum_text(&enum_run_state, (int)r->r.state)));
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = (*(const struct run *const *)a)->number, y = (*(const struct run *const *)b)->number;
    return x < y ? 1 : x > y ? -1 : 0;
}

static int query_runs(struct helios *h, struct verb_call *call)
{
    struct listing l = {h, &call->answer, map_str(call->args, "pipeline", ""), map_str(call->args, "state", ""),
                        map_int(call->args, "before", 0), 0};
    size_t n = 0;
    struct run *r, *next;
    _autofree_ struct run **found = xalloc((HASH_COUNT(runs_of(h)->by_id) + 1) * sizeof(struct run *));
    HASH_ITER (hh, runs_of(h)->by_id, r, next)
        if (is_wanted(&l, r))
            found[n++] = r;
    qsort(found, n, sizeof(*found), newest_first);
    int64_t limit = map_int(call->args, "limit", RUNS_LISTED);
    l.left = limit < 1 ? 1 : (size_t)MIN(limit, (int64_t)RUNS_MOST);
    pack_put_int(l.p, "total", (int64_t)n);
    pack_key(l.p, "runs");
    pack_list(l.p);
    for (size_t i = 0; i < n && i < l.left && l.p->out->n < RUN_SHOW_BYTES; i++) {
        pack_map(l.p);
        run_pack_row(h, l.p, found[i]);
        pack_end(l.p);
    }
    pack_end(l.p);
    return 0;
}

static struct run *asked_for(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct run *r = run_find(h, id);
    if (r == NULL)
        verb_fail(call, "not_found", "there is no run `" BYTES_F "`; `helios pipeline history` lists those that are kept",
                  (int)MIN(id.n, (size_t)64), id.at ? id.at : "");
    return r;
}

static int query_run(struct helios *h, struct verb_call *call)
{
    const struct run *r = asked_for(h, call);
    if (r == NULL)
        return -EINVAL;
    int64_t limit = map_int(call->args, "limit", RUN_SHOW_STEPS);
    run_pack(h, &call->answer, r, map_str(call->args, "state", ""), (size_t)MAX(map_int(call->args, "first", 0), 0),
             (size_t)MAX(MIN(limit, (int64_t)RUN_SHOW_STEPS), 0));
    return 0;
}

static int command_pipeline_run(struct helios *h, struct verb_call *call)
{
    char err[256] = "";
    struct value params = map_get(call->args, "params");
    struct run_order order = {
        .pipeline = map_str(call->args, "name", ""),
        .params = params.type == VALUE_MAP ? params.whole : (struct bytes){0},
        .key = map_str(call->args, "key", ""),
        .author = call->author,
        .time = map_int(call->args, "time", 0),
        .dry_run = map_bool(call->args, "dry_run", false),
    };
    if (h->control.draining)
        return verb_fail(call, "draining", "the realm drains: nothing new is taken until `helios resume`");
    if (order.key.n > 256 || order.author.n > 64)
        return verb_fail(call, "bad_args", "a key has at most 256 bytes, an author 64");
    struct run *r = run_start(h, &order, err);
    if (r == NULL)
        return verb_fail(call, "bad_args", "%s", err);
    pack_put_str(&call->answer, "id", r->r.id);
    pack_put_text(&call->answer, "state", enum_text(&enum_run_state, (int)r->r.state));
    return 0;
}

static int command_run_cancel(struct helios *h, struct verb_call *call)
{
    struct run *r = asked_for(h, call);
    _autofree_ char *reason = bytes_dup(map_str(call->args, "reason", ""));
    if (r == NULL)
        return -EINVAL;
    reason[MIN(strlen(reason), (size_t)200)] = '\0';
    if (run_cancel(h, r, call->author.n ? call->author : BYTES("somebody"), reason) < 0)
        return verb_fail(call, "not_allowed", "%s is %s", r->r.id.at,
                         run_ended(r) ? enum_text(&enum_run_state, (int)r->r.state) : "being cancelled already");
    pack_put_str(&call->answer, "id", r->r.id);
    return 0;
}

static int command_run_retry(struct helios *h, struct verb_call *call)
{
    struct run *r = asked_for(h, call);
    if (r == NULL)
        return -EINVAL;
    if (run_retry(h, r, call->author) < 0)
        return verb_fail(call, "not_allowed", "%s is %s: only what FAILED or was CANCELLED can be retried", r->r.id.at,
                         enum_text(&enum_run_state, (int)r->r.state));
    pack_put_str(&call->answer, "id", r->r.id);
    pack_put_text(&call->answer, "state", enum_text(&enum_run_state, (int)r->r.state));
    return 0;
}

const struct verb run_verbs[] = {
    {"pipelines", false, "", "pipelines: steps, runs at once, the newest end", query_pipelines},
    {"pipeline", false, "name first", "one pipeline with its steps; 1000 rows from `first` on", query_pipeline},
    {"runs", false, "pipeline state before limit", "runs that are kept, newest first", query_runs},
    {"run", false, "id state first limit", "one run: its steps, the critical path, the time left, artifacts", query_run},
    {"pipeline_run", true, "name params key time dry_run", "begin a run of a pipeline", command_pipeline_run},
    {"run_cancel", true, "id reason", "end what runs, begin nothing more (P10)", command_run_cancel},
    {"run_retry", true, "id", "begin what failed or was cancelled anew; what succeeded is not run again (P10)", command_run_retry},
    {0},
};
