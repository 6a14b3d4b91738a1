/* SPDX-License-Identifier: MPL-2.0 */
#include "begin.h"

#include "proto/json.h"
#include "review.h"

/* No key guards against asking twice: what is asked for and the step's record, which says so, are of one commit (P3). */
static int begin_task(struct helios *h, const struct fill *fill, const struct plan_step *plan, struct bytes id,
                      struct bytes params, struct bytes *ret_task, char *err)
{
    const struct set_flow_step *set = plan->set;
    const struct run *run = fill->run;
    _autofree_ char *owner = bytes_dup(id);
    struct msg_request q = {
        .action = set->action,
        .params = params,
        .swarm = set->swarm,
        .role = set->role,
        .priority = (uint64_t)(set->priority < 0 ? run->plan->set.priority : set->priority),
        .locks = set->locks,
        .fair = run->r.pipeline,
        .max_attempts = set->retries < 0 ? 0 : (uint64_t)set->retries + 1,
        .backoff_ms = (uint64_t)set->backoff_ms,
        .attempt_ms = (uint64_t)set->timeout_ms,
    };
    struct task *t = task_submit(h, &q, "helios", decider_run.kind, owner, run->r.id.at, err);
    if (t == NULL)
        return -EINVAL;
    own_set(ret_task, t->r.id);
    return 0;
}

static int begin_run(struct helios *h, const struct fill *fill, const struct plan_step *plan, struct bytes id,
                     struct bytes params, struct bytes *ret_task, char *err)
{
    _autofree_ char *owner = bytes_dup(id);
    struct run_order order = {
        .pipeline = plan->set->pipeline,
        .params = params,
        .owner_kind = decider_run.kind,
        .owner_id = owner,
        .cause = fill->run->r.id.at,
        .time = fill->run->r.time,
    };
    const struct run *inner = run_start(h, &order, err);
    if (inner == NULL)
        return -EINVAL;
    own_set(ret_task, inner->r.id);
    return 0;
}

static int begin_review(struct helios *h, const struct fill *fill, const struct plan_step *plan, struct bytes id,
                        struct bytes subject, struct bytes *ret_task, char *err)
{
    const struct set_flow_step *set = plan->set;
    const struct run *run = fill->run;
    _autofree_ char *owner = bytes_dup(id);
    struct review_order order = {
        .committee = set->committee,
        .subject = subject,
        .owner_kind = decider_run.kind,
        .owner_id = owner,
        .cause = run->r.id.at,
        .priority = (uint64_t)(set->priority < 0 ? run->plan->set.priority : set->priority),
    };
    const struct review *v = review_start(h, &order, err);
    if (v == NULL)
        return -EINVAL;
    own_set(ret_task, v->r.id);
    return 0;
}

static void say_would(const struct set_flow_step *set, struct bytes params, struct buf *out)
{
    if (set->action.n)
        buf_printf(out, "would ask for %s with ", set->action.at);
    else
        buf_printf(out, "would %s %s with ", set->pipeline.n ? "run" : "ask", set->pipeline.n ? set->pipeline.at : set->committee.at);
    json_print(out, params, false);
}

int begin_work(struct helios *h, const struct fill *fill, const struct plan_step *plan, struct bytes id,
               struct bytes *ret_task, struct buf *ret_would, char *err)
{
    const struct set_flow_step *set = plan->set;
    _cleanup_(buf_done) struct buf params = {0};
    int r = fill_map(fill, set->params, &params, err);
    if (r < 0)
        return r;
    if (fill->run->r.dry_run) {
        say_would(set, buf_bytes(&params), ret_would);
        return 1;
    }
    if (set->action.n)
        return begin_task(h, fill, plan, id, buf_bytes(&params), ret_task, err);
    if (set->pipeline.n)
        return begin_run(h, fill, plan, id, buf_bytes(&params), ret_task, err);
    return begin_review(h, fill, plan, id, buf_bytes(&params), ret_task, err);
}

bool work_goes_on(struct helios *h, const struct plan_step *plan, struct bytes task)
{
    if (plan->set->pipeline.n) {
        const struct run *inner = run_find(h, task);
        return inner && !run_ended(inner);
    }
    if (plan->set->committee.n) {
        const struct review *v = review_find(h, task);
        return v && v->r.state == review_state_OPEN;
    }
    return task_find(h, task) != NULL;
}

bool work_stop(struct helios *h, const struct plan_step *plan, struct bytes task, const char *reason)
{
    if (plan->set->pipeline.n) {
        struct run *inner = run_find(h, task);
        if (inner && !run_ended(inner))
            run_cancel(h, inner, (struct bytes){0}, reason);
        return false;
    }
    if (plan->set->committee.n) {
        struct review *v = review_find(h, task);
        if (v)
            review_withdraw(h, v, reason);
        return true;
    }
    struct task *t = task_find(h, task);
    if (t)
        task_cancel(h, t, reason);
    return false;
}
