/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the life of attempts. One function changes their state. Refuses to send anything itself. */
#include "agents/slot.h"

#include "agents/agent.h"
#include "agents/results.h"
#include "common/log.h"

/* ---- memory ---- */

static struct attempt *attempt_new(struct member *m, struct bytes task, uint64_t number)
{
    struct attempt *a = NEW(struct attempt);
    list_init(&a->link);
    a->member = m;
    a->asked = (struct asked){
        .task = bytes_dup(task), .attempt = number, .action = xdup(""), .key = xdup("")};
    return a;
}

static void attempt_free(struct attempt *a)
{
    list_out(&a->link);
    if (a->newer)
        a->newer->older = NULL;
    if (a->older)
        a->older->newer = NULL;
    job_done(&a->job);
    manifest_drop(a->manifest);
    free((char *)(uintptr_t)a->asked.task);
    free((char *)(uintptr_t)a->asked.action);
    free((char *)(uintptr_t)a->asked.key);
    buf_done(&a->params);
    buf_done(&a->checkpoint);
    buf_done(&a->note);
    buf_done(&a->saved);
    free(a);
}

static struct attempt *find(const struct slots *s, struct bytes task)
{
    struct attempt *a;
    HASH_FIND(hh, s->tasks, task.at, task.n, a);
    return a;
}

static void add(struct slots *s, struct attempt *a)
{
    HASH_ADD_KEYPTR(hh, s->tasks, a->asked.task, strlen(a->asked.task), a);
}

static void take_out(struct slots *s, struct attempt *a)
{
    if (find(s, bytes_of(a->asked.task)) == a)
        HASH_DEL(s->tasks, a);
}

/* ---- verbs of the table: each acts in the new state ---- */

enum attempt_event { START, CANCEL, END, SETTLE, DROP, EVENTS };
static void attempt_move(struct attempt *a, enum attempt_event event);

static void on_progress(struct job *j, const struct progress *p)
{
    struct attempt *a = container_of(j, struct attempt, job);
    a->percent = p->percent;
    buf_clear(&a->note);
    buf_add(&a->note, p->note.at, p->note.n);
    if (p->checkpoint.n == 0 || bytes_eq(buf_bytes(&p->checkpoint), buf_bytes(&a->saved)))
        return;
    buf_clear(&a->saved);
    buf_add(&a->saved, p->checkpoint.at, p->checkpoint.n);
    a->unsaid = true;
    agent_dirty(a->member);
}

static void on_job_end(struct job *j)
{
    attempt_move(container_of(j, struct attempt, job), END);
}

static void begin_job(struct attempt *a)
{
    struct slots *s = &a->member->slots;
    struct agent *agent = a->member->agent;
    list_out(&a->link);
    list_push(&s->running, &a->link);
    s->n_queued--;
    s->n_running++;
    a->started = agent->loop.now;
    a->asked.params = buf_bytes(&a->params);
    a->asked.checkpoint = buf_bytes(&a->checkpoint);
    a->asked.deadline = a->started + (int64_t)a->timeout_ms;
    a->manifest = manifest_hold(agent->manifest);
    a->job = (struct job){.member = a->member,
                          .manifest = a->manifest,
                          .asked = &a->asked,
                          .on_progress = on_progress,
                          .on_end = on_job_end};
    job_start(&a->job);
}

static void stop_job(struct attempt *a)
{
    job_stop(&a->job);
}

static void stop_silently(struct attempt *a)
{
    a->silent = true;
    job_stop(&a->job);
}

static void be_silent(struct attempt *a)
{
    a->silent = true;
}

static void forget(struct attempt *a)
{
    struct slots *s = &a->member->slots;
    take_out(s, a);
    attempt_free(a);
}

static void forget_queued(struct attempt *a)
{
    a->member->slots.n_queued--;
    forget(a);
}

static void forget_done(struct attempt *a)
{
    a->member->slots.n_done--;
    results_forget(a);
    forget(a);
}

static void keep_result(struct attempt *a)
{
    struct slots *s = &a->member->slots;
    s->ended++;
    s->n_done++;
    list_out(&a->link);
    list_push(&s->fresh, &a->link);
    agent_dirty(a->member);
    results_keep(a);
}

static void end_job(struct attempt *a)
{
    struct slots *s = &a->member->slots;
    if (a->unsaid && !a->silent)
        links_beat(a->member); /* its last checkpoint goes before its result (A8) */
    s->n_running--;
    a->elapsed = a->member->agent->loop.now - a->started;
    agent_dirty(a->member);
    if (a->silent)
        forget(a);
    else
        keep_result(a);
}

static void end_unstarted(struct attempt *a)
{
    a->member->slots.n_queued--;
    ended_say(&a->job.ended, outcome_CANCELLED, "cancelled before it began");
    keep_result(a);
}

static const struct row {
    void (*verb)(struct attempt *a); /* NULL: cannot happen here, or means nothing here */
    enum attempt_state to;
} table[ATTEMPT_STATES][EVENTS] = {
    [ATTEMPT_QUEUED][START] = {begin_job, ATTEMPT_RUNNING},
    [ATTEMPT_QUEUED][CANCEL] = {end_unstarted, ATTEMPT_DONE},
    [ATTEMPT_QUEUED][DROP] = {forget_queued, ATTEMPT_DONE},
    [ATTEMPT_RUNNING][CANCEL] = {stop_job, ATTEMPT_STOPPING},
    [ATTEMPT_RUNNING][END] = {end_job, ATTEMPT_DONE},
    [ATTEMPT_RUNNING][DROP] = {stop_silently, ATTEMPT_STOPPING},
    [ATTEMPT_STOPPING][END] = {end_job, ATTEMPT_DONE},
    [ATTEMPT_STOPPING][DROP] = {be_silent, ATTEMPT_STOPPING},
    [ATTEMPT_DONE][SETTLE] = {forget_done, ATTEMPT_DONE},
    [ATTEMPT_DONE][DROP] = {forget_done, ATTEMPT_DONE},
};

/* attempt_move is the only place where a state changes. The attempt may be gone afterwards. */
static void attempt_move(struct attempt *a, enum attempt_event event)
{
    static const char *const events[EVENTS] = {"start", "cancel", "end", "settle", "drop"};
    const struct row *row = &table[a->state][event];
    if (row->verb == NULL)
        return;
    log_debug("attempt.moved", "%s/%llu of %s: %s", a->asked.task,
              (unsigned long long)a->asked.attempt, a->member->id, events[event]);
    a->state = row->to;
    row->verb(a);
}

/* ---- what links and the loop call ---- */

void slots_init(struct slots *s)
{
    *s = (struct slots){0};
    list_init(&s->queue);
    list_init(&s->running);
    list_init(&s->fresh);
    list_init(&s->sent);
}

void slots_done(struct slots *s)
{
    struct list *lists[] = {&s->queue, &s->running, &s->fresh, &s->sent};
    HASH_CLEAR(hh, s->tasks);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (lists[i]->next)
            list_each(a, lists[i], struct attempt, link) attempt_free(a);
}

/* Mostly tasks come in the order of their priority, so the walk from the end is short. */
static void enqueue(struct slots *s, struct attempt *a)
{
    struct list *behind = s->queue.prev;
    while (behind != &s->queue &&
           container_of(behind, struct attempt, link)->priority > a->priority)
        behind = behind->prev;
    list_push_front(behind, &a->link);
    s->n_queued++;
}

/* make_room: an older attempt of the task is stale, since the controller has given out a newer one.
 * Answers it when it still runs: the newer one then waits for its end (T5). */
static struct attempt *make_room(struct slots *s, struct attempt *old)
{
    take_out(s, old);
    bool runs = old->state == ATTEMPT_RUNNING || old->state == ATTEMPT_STOPPING;
    attempt_move(old, DROP);
    return runs ? old : NULL;
}

static bool sane(const struct msg_task *t)
{
    return t->id.n && !memchr(t->id.at, '\0', t->id.n) && t->attempt;
}

void slots_take(struct member *m, const struct msg_task *task)
{
    struct slots *s = &m->slots;
    struct attempt *known = find(s, task->id);
    if (!sane(task) || (known && known->asked.attempt > task->attempt))
        return;
    if (known &&
        known->asked.attempt == task->attempt) { /* never twice; its result is on the way again */
        if (known->state == ATTEMPT_DONE)
            slots_again(m, INT64_MAX);
        return;
    }
    struct attempt *older = known ? make_room(s, known) : NULL;
    struct attempt *a = attempt_new(m, task->id, task->attempt);
    free((char *)(uintptr_t)a->asked.action);
    free((char *)(uintptr_t)a->asked.key);
    a->asked.action = bytes_dup(task->action);
    a->asked.key = bytes_dup(task->key);
    buf_add(&a->params, task->params.at, task->params.n);
    buf_add(&a->checkpoint, task->checkpoint.at, task->checkpoint.n);
    a->timeout_ms = task->timeout_ms;
    a->priority = task->priority;
    a->older = older;
    if (older)
        older->newer = a;
    add(s, a);
    enqueue(s, a);
    agent_dirty(m);
}

void slots_start(struct member *m)
{
    struct slots *s = &m->slots;
    if (m->left || m->agent->state != AGENT_RUNNING)
        return;
    list_each(a, &s->queue, struct attempt, link)
    {
        if (s->n_running >= (size_t)m->set->slots)
            return;
        if (a->older == NULL)
            attempt_move(a, START);
    }
}

static struct attempt *find_exact(struct member *m, struct bytes task, uint64_t attempt)
{
    struct attempt *a = find(&m->slots, task);
    return a && a->asked.attempt == attempt ? a : NULL;
}

void slots_cancel(struct member *m, struct bytes task, uint64_t attempt)
{
    struct attempt *a = find_exact(m, task, attempt);
    if (a)
        attempt_move(a, CANCEL);
}

void slots_settle(struct member *m, struct bytes task, uint64_t attempt)
{
    struct attempt *a = find_exact(m, task, attempt);
    if (a)
        attempt_move(a, SETTLE);
}

void slots_drop_queue(struct member *m)
{
    list_each(a, &m->slots.queue, struct attempt, link) attempt_move(a, DROP);
}

bool slots_unsaid(const struct member *m)
{
    list_each(a, &m->slots.running, struct attempt, link) if (a->unsaid) return true;
    return false;
}

void slots_drop_all(struct member *m)
{
    slots_drop_queue(m);
    list_each(a, &m->slots.running, struct attempt, link) attempt_move(a, DROP);
}

uint64_t slots_free(const struct member *m)
{
    uint64_t owed = (uint64_t)(m->set->slots + m->set->prefetch),
             used = m->slots.n_queued + m->slots.n_running;
    if (m->left || m->draining || m->agent->state != AGENT_RUNNING || used > owed)
        return 0;
    return owed - used;
}

void slots_again(struct member *m, int64_t before)
{
    list_each(a, &m->slots.sent, struct attempt, link)
    {
        if (a->said >= before)
            return;
        list_out(&a->link);
        list_push(&m->slots.fresh, &a->link);
        agent_dirty(m);
    }
}

struct msg_result attempt_result(const struct attempt *a)
{
    const struct ended *e = &a->job.ended;
    return (struct msg_result){.task = bytes_of(a->asked.task),
                               .attempt = a->asked.attempt,
                               .outcome = e->outcome,
                               .exit_code = e->exit_code,
                               .output = buf_bytes(&e->output),
                               .cut = e->cut,
                               .data = buf_bytes(&e->data),
                               .error = buf_bytes(&e->error),
                               .elapsed_ms = (uint64_t)MAX(a->elapsed, 0),
                               .cpu_ms = (uint64_t)MAX(e->cpu_ms, 0)};
}

void attempt_shrink(struct attempt *a, const char *reason)
{
    struct ended *e = &a->job.ended;
    buf_clear(&e->data);
    buf_clear(&e->output);
    ended_say(e, outcome_FAILED, "its answer cannot be sent: %s", reason);
}

void slots_restore(struct member *m, const struct msg_result *r)
{
    struct attempt *a = attempt_new(m, r->task, r->attempt);
    struct ended *e = &a->job.ended;
    a->state = ATTEMPT_DONE;
    a->elapsed = (int64_t)r->elapsed_ms;
    e->outcome = r->outcome;
    e->exit_code = (int)r->exit_code;
    e->cut = r->cut;
    e->cpu_ms = (int64_t)r->cpu_ms;
    buf_add(&e->output, r->output.at, r->output.n);
    buf_add(&e->data, r->data.at, r->data.n);
    buf_add(&e->error, r->error.at, r->error.n);
    add(&m->slots, a);
    m->slots.n_done++;
    list_push(&m->slots.fresh, &a->link);
}
