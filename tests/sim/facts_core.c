/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what is read from a leading core at the end: what has not ended, and why; which samples it counted. */
#include "agent.h"
#include "controller.h"
#include "facts.h"
#include "flow.h"
#include "orchestrator/decide/optimization.h"
#include "orchestrator/flow/review.h"
#include "orchestrator/flow/run.h"
#include "orchestrator/sense/source.h"
#include "orchestrator/work/order.h"
#include "orchestrator/work/task.h"

#define YOUNG_MS 5000 /* what a cycle has only just begun may go on when the run ends */

static const char *why_of(struct helios *h, const struct task *t, struct buf *why)
{
    buf_clear(why);
    if (t->r.state == task_state_IN_PROGRESS)
        buf_printf(why, "attempt %llu is at " BYTES_F, (unsigned long long)t->r.attempt, BYTES_A(t->r.holder));
    else
        task_why(h, t, why);
    return buf_str(why);
}

static size_t live_runs(struct helios *h, bool tell)
{
    size_t n = 0;
    struct run *r, *next;
    HASH_ITER (hh, runs_of(h)->by_id, r, next) {
        if (run_ended(r))
            continue;
        n++;
        if (tell)
            fact(.kind = FACT_live, .id = r->r.id.at, .text = "is under way", .n = h->now - r->r.created < YOUNG_MS);
    }
    return n;
}

void facts_live(const struct node *controller)
{
    struct helios *h = controller_shell(controller)->core;
    _cleanup_(buf_done) struct buf why = {0};
    struct task **all = tasks_sorted(h);
    for (struct task *const *at = all, *t; (t = *at); at++)
        fact(.kind = FACT_live, .id = t->r.id.at, .text = why_of(h, t, &why), .n = h->now - t->r.created < YOUNG_MS);
    free(all);
    list_each (v, &reviews_of(h)->open, struct review, link)
        fact(.kind = FACT_live, .id = v->r.id.at, .text = "is open", .n = h->now - v->r.began < YOUNG_MS);
    live_runs(h, true);
}

bool facts_busy(const struct node *controller)
{
    struct helios *h = controller_shell(controller)->core;
    return h->work.n_tasks || !list_empty(&optimizations_of(h)->live) || flow_busy(h);
}

void facts_samples(const struct node *controller, const struct node *agent)
{
    const char *source, *instance;
    uint64_t sent;
    agent_told(agent, &source, &instance, &sent);
    struct helios *h = controller_shell(controller)->core;
    struct source *s;
    HASH_FIND_STR(h->sense.sources, source, s);
    if (s == NULL || strcmp(s->instance, instance) != 0)
        return;
    fact(.kind = FACT_sent, .who = instance, .key = controller->name, .n = sent - s->joined + 1);
    fact(.kind = FACT_stored, .who = instance, .key = controller->name, .n = s->stored);
    fact(.kind = FACT_dropped, .who = instance, .key = controller->name, .text = "refused", .n = s->refused);
    fact(.kind = FACT_dropped, .who = instance, .key = controller->name, .text = "lost", .n = s->lost);
}
