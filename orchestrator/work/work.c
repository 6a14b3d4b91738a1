/* SPDX-License-Identifier: MPL-2.0 */
/* The room's life: made, loaded, leading, a turn. */
#include "work.h"

#include "dispatch.h"
#include "drain.h"
#include "gate.h"
#include "grant.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "order.h"
#include "queue.h"
#include "quota.h"
#include "roster.h"
#include "settle.h"
#include "sheaf.h"
#include "task.h"
#include "watch.h"

/* The timer only makes helios_tick answer `soon`; the turn itself comes with the tick. */
static void turn_due(struct helios *h, struct timer *t)
{
    (void)t;
    h->work.dispatch_due = true;
}

void work_wants_turn(struct helios *h)
{
    h->work.dispatch_due = true;
    if (!timer_is_set(&h->work.turn))
        timer_set(h, &h->work.turn, h->now + 1);
}

void work_init(struct helios *h)
{
    struct work *w = &h->work;
    struct list *const lists[] = {&w->failed, &w->keys, &w->sending, &w->doomed, &w->grants,
                                  &w->spare_tasks};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_init(lists[i]);
    w->queue = queue_new();
    w->gates = gates_new();
    quotas_follow(h);
    w->past = past_new();
    w->turn.run = turn_due;
    w->drain.run = realm_drain_over;
}

void work_done(struct helios *h)
{
    MAP_EACH (t, struct task, &h->work.tasks) {
        if (t->key_text)
            HASH_DELETE(hh_key, h->work.tasks_by_key, t);
        t->is_scout = false; /* nobody wakes any more */
        task_free(h, t);
    }
    map_done(&h->work.tasks);
    tasks_forget(h);
    sheaves_free(h);
    grants_free(h);
    agent_free_all(h);
    queue_free(h);
    gates_free(h);
    keep_free(h);
    watch_flush(h);
    past_free(h->work.past);
    timer_stop(h, &h->work.turn);
    timer_stop(h, &h->work.drain);
}

/* ---- recovery ---- */

static bool is_text(struct bytes b)
{
    return b.n == 0 || memchr(b.at, '\0', b.n) == NULL;
}

bool task_could_live(const struct rec_task *r)
{
    uint64_t number;
    return task_number(r->id, &number) == 0 && !state_terminal(r->state) &&
           r->priority < PRIORITIES && is_text(r->client) && is_text(r->key) &&
           r->holder.n < sizeof(((struct task *)0)->holder);
}

static int load_task(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_task r;
    int e = struct_decode(&schema_records[REC_task], value, &r, &arena, NULL);
    if (e == 0 && !task_could_live(&r))
        e = -EPROTO;
    if (e == 0) {
        record_own(&schema_records[REC_task], &r);
        save_loaded(&task_new(h, &r)->save);
    }
    arena_done(&arena);
    return e;
}

static int load_agent(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_agent r;
    int e = struct_decode(&schema_records[REC_agent], value, &r, &arena, NULL);
    if (e == 0) {
        record_own(&schema_records[REC_agent], &r);
        save_loaded(&agent_new(h, &r)->save);
    }
    arena_done(&arena);
    return e;
}

int work_load(struct helios *h, enum rec kind, struct bytes value)
{
    static int (*const loads[REC_COUNT])(struct helios *, struct bytes) = {
        [REC_task] = load_task,
        [REC_sheaf] = sheaf_load,
        [REC_left] = sheaf_load_left,
        [REC_grant] = grant_load,
        [REC_failed] = failed_load,
        [REC_key] = key_load,
        [REC_agent] = load_agent,
        [REC_quota] = quota_load,
    };
    return loads[kind] ? loads[kind](h, value) : -ENOENT;
}

/* holder_of gives the agent that a recovered attempt is out with, also when its own record is not
 * there. */
static struct agent *holder_of(struct helios *h, const struct task *t)
{
    struct agent *a = agent_find(h, t->r.holder);
    if (a)
        return a;
    struct rec_agent r;
    struct_defaults(&schema_records[REC_agent], &r);
    r.id = t->r.holder;
    record_own(&schema_records[REC_agent], &r);
    return agent_new(h, &r);
}

/* The leader before us may have had a clock that was ahead of ours: nothing was created later than now, and no pause between two
 * attempts is longer than a pause can be. What a submitter asked for, before the first attempt, stands. */
static void bring_back(const struct helios *h, struct task *t)
{
    t->r.created = MIN(t->r.created, h->now);
    if (t->r.attempt > 0)
        t->r.not_before = MIN(t->r.not_before, h->now + backoff_most(h, t->r.backoff_ms, t->r.attempt));
}

static void go_on(struct helios *h, struct task *t)
{
    bring_back(h, t);
    if (t->r.state != task_state_IN_PROGRESS) {
        task_place(h, t);
        return;
    }
    bool internal = t->class->internal != NULL;
    h->work.ask_again |= internal;
    hold_attempt(h, t, internal ? NULL : holder_of(h, t));
    t->excused = h->now - t->r.started; /* its time counts anew: whatever we missed is not its fault (L6) */
    if (t->agent && !timer_is_set(&t->agent->lost)) {
        t->agent->r.lost = t->agent->r.stopped = false;
        agent_expect(h, t->agent);
    }
    task_arm(h, t);
}

/* Internal tasks that were begun are asked for again: their decider knows by the id whether it has
 * them already. */
static void ask_again(struct helios *h)
{
    struct task **all = tasks_sorted(h);
    size_t n = h->work.tasks.n;
    uint64_t *numbers = xalloc((n + 1) * sizeof(*numbers));
    for (size_t i = 0; i < n; i++)
        numbers[i] = all[i]->number;
    free(all);
    for (size_t i = 0; i < n; i++) { /* one that is asked for may end another */
        struct task *t = map_get_number(&h->work.tasks, numbers[i]);
        if (t && t->r.state == task_state_IN_PROGRESS && t->agent == NULL)
            t->class->internal->on_request(h, t);
    }
    free(numbers);
}

void work_lead(struct helios *h)
{
    struct agent *a, *next_a;
    keep_sort(h);
    HASH_ITER(hh, h->work.agents_by_id, a, next_a)
    agent_expect(h, a);
    grants_enforce(h);
    quotas_lead(h);
    struct task **all = tasks_sorted(h); /* equal after any order of loading */
    for (struct task **t = all; *t; t++)
        go_on(h, *t);
    free(all);
    sheaves_start(h);
    if (h->control.draining)
        realm_drain_arm(h);
    work_wants_turn(h);
}

/* ---- each turn ---- */

/* start_all starts what can start, until nobody waits for a free lock; after it no turn is due but
 * for what ages. */
static void start_all(struct helios *h)
{
    bool more = queue_age(h);
    if (dispatch_open(h)) {
        do
            dispatch(h);
        while (gates_wake(h));
    }
    h->work.dispatch_due = false;
    timer_stop(h, &h->work.turn);
    if (more)
        work_wants_turn(h);
}

void work_turn(struct helios *h)
{
    doomed_end(h);
    if (h->work.ask_again) {
        h->work.ask_again = false;
        ask_again(h);
    }
    if (h->work.dispatch_due)
        start_all(h);
    doomed_end(h);
    watch_flush(h);
}

void work_reload(struct helios *h)
{
    keys_bound(h);
    failed_bound(h);
    quotas_follow(h);
    work_wants_turn(h);
}

void work_excuse(struct helios *h, int64_t pause_ms)
{
    struct agent *a, *next;
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    {
        if (timer_is_set(&a->lost))
            timer_set(h, &a->lost, a->lost.node.key + pause_ms);
        list_each(t, &a->held, struct task, held)
        {
            t->excused += pause_ms;
            task_arm(h, t);
        }
    }
}

void work_wall(struct helios *h)
{
    quotas_wall(h);
}

#define SAID_AGAIN_MS 6000 /* agents say again what was not acknowledged after five seconds */

void work_held(struct helios *h)
{
    int64_t more = h->held ? 0 : h->now - h->held_since + SAID_AGAIN_MS;
    struct agent *a, *next;
    HASH_ITER(hh, h->work.agents_by_id, a, next)
    list_each(t, &a->held, struct task, held)
    {
        t->excused += more;
        task_arm(h, t);
    }
}
