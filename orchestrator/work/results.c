/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what agents say of ended attempts: each is settled, or refused and shown, and acknowledged
 * after the commit (T5, A4). */
#include "common/mutant.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "roster.h"
#include "settle.h"
#include "task.h"

enum { OUTPUT_MAX = 64 * 1024, DATA_MAX = 256 * 1024 };

static void refuse(struct helios *h, const struct agent *a, const struct msg_result *m,
                   const char *why)
{
    _autofree_ char *id = bytes_dup(m->task);
    h->counters.refused_results++;
    note(h, EVENT_result_refused, id, NULL, NULL, "the result of %s/%llu from %s was refused: %s",
         id, (unsigned long long)m->attempt, a->r.id.at, why);
}

/* stale: such a result counted already (its acknowledgement was lost), or it never will. */
static const char *stale(struct helios *h, struct agent *a, const struct msg_result *m,
                         const struct task *t)
{
    if (past_was_settled(h, m->task, m->attempt, a->r.id))
        return "ok";
    if (t || past_find(h, m->task)) {
        refuse(h, a, m, "it is not the current attempt of this agent");
        return "stale";
    }
    refuse(h, a, m, "there is no such task");
    return "unknown";
}

/* capped: agents cap their output themselves; one that does not is not trusted (A7). */
static struct bytes capped_output(struct bytes output)
{
    return (struct bytes){output.at, MIN(output.n, (size_t)OUTPUT_MAX)};
}

static struct bytes capped_data(struct bytes data)
{
    return data.n <= DATA_MAX ? data : (struct bytes){0};
}

static const char *settle(struct helios *h, struct agent *a, const struct msg_result *m)
{
    struct task *t = task_find(h, m->task);
    stop_answered(h, a, m->task, m->attempt);
    bool current = t && t->agent == a && (t->r.attempt == m->attempt || MUTANT(attempt));
    if (!current)
        return stale(h, a, m, t);
    struct over over = {
        .outcome = m->outcome == outcome_WORKER_LOST ? outcome_FAILED
                                                     : m->outcome, /* only we judge that */
        .exit_code = m->exit_code,
        .output = capped_output(m->output),
        .data = capped_data(m->data),
        .error = m->error,
        .elapsed_ms = m->elapsed_ms,
        .not_signed = m->not_signed && m->outcome == outcome_REFUSED,
    };
    past_settled(h, m->task, m->attempt, a->r.id);
    attempt_over(h, t, &over);
    return "ok";
}

/* fetch_ahead has the tasks on their way from memory while the first ones are settled. */
static void fetch_ahead(struct helios *h, struct seq results)
{
    enum { LINE = 64 };
    uint64_t number;
    SEQ_EACH (m, const struct msg_result, results) {
        const char *t = task_number(m->task, &number) == 0 ? map_get_number(&h->work.tasks, number) : NULL;
        for (size_t at = 0; t && at < sizeof(struct task); at += LINE)
            __builtin_prefetch(t + at);
    }
}

/* While commits are held nothing is acknowledged: the agent keeps its results and sends them again
 * (C5, A4). */
void on_results(struct helios *h, const struct routing *from, const struct msg_results *m)
{
    struct agent *a = agent_by_route(h, from);
    if (h->held || a == NULL) {
        h->counters.unacked_results += m->items.n;
        return;
    }
    struct msg_settled *items = m->items.n ? xalloc(m->items.n * sizeof(*items)) : NULL;
    struct msg_results_ok ok = {.items = {items, m->items.n}};
    fetch_ahead(h, m->items);
    SEQ_EACH(result, struct msg_result, m->items)
    {
        *items++ = (struct msg_settled){.task = result->task,
                                        .attempt = result->attempt,
                                        .code = bytes_of(settle(h, a, result))};
    }
    say(h, ENDPOINT_agents, from, MSG_results_ok, &ok, SAY_SOON); /* more work follows, mostly */
    free(ok.items.at);
}
