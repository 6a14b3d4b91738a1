/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the lists of a member's attempts. Refuses to change an attempt's state but by attempt_move.
 */
#include "agents/slot.h"

#include "agents/agent.h"

enum { QUEUED_A_SLOT = 4 }; /* so much waits here when results may gather */

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

void slots_take_out(struct slots *s, struct attempt *a)
{
    if (a->hh.tbl == NULL)
        return;
    HASH_DEL(s->tasks, a);
    a->hh.tbl = NULL;
}

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
    slots_take_out(s, old);
    bool runs = old->state == ATTEMPT_RUNNING || old->state == ATTEMPT_STOPPING;
    attempt_move(old, ATTEMPT_DROP);
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
    bool leaving = m->left || m->agent->state != AGENT_RUNNING; /* our bye gives it back */
    if (leaving || !sane(task) || (known && known->asked.attempt > task->attempt))
        return;
    if (known && known->asked.attempt == task->attempt) {
        if (known->state == ATTEMPT_DONE) /* never twice: its result is sent again */
            slots_again(m, INT64_MAX);
        return;
    }
    struct attempt *older = known ? make_room(s, known) : NULL;
    struct attempt *a = attempt_new(m, task);
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
            attempt_move(a, ATTEMPT_START);
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
        attempt_move(a, ATTEMPT_CANCEL);
}

void slots_settle(struct member *m, struct bytes task, uint64_t attempt)
{
    struct attempt *a = find_exact(m, task, attempt);
    if (a)
        attempt_move(a, ATTEMPT_SETTLE);
}

void slots_drop_queue(struct member *m)
{
    list_each(a, &m->slots.queue, struct attempt, link) attempt_move(a, ATTEMPT_DROP);
}

bool slots_unsaid(const struct member *m)
{
    list_each(a, &m->slots.running, struct attempt, link) if (a->unsaid) return true;
    return false;
}

void slots_drop_all(struct member *m)
{
    slots_drop_queue(m);
    list_each(a, &m->slots.running, struct attempt, link) attempt_move(a, ATTEMPT_DROP);
}

uint64_t slots_free(const struct member *m)
{
    uint64_t owed = (uint64_t)(m->set->slots + m->set->prefetch),
             used = m->slots.n_queued + m->slots.n_running;
    if (m->left || m->draining || m->agent->state != AGENT_RUNNING || used > owed)
        return 0;
    return owed - used;
}

/* While the queue here keeps the slots busy, a message a result would only take the processor from the
 * programs that run. */
bool slots_may_gather(const struct member *m)
{
    const struct slots *s = &m->slots;
    return !s->urgent && s->n_queued >= QUEUED_A_SLOT * (size_t)m->set->slots && !m->draining &&
           m->agent->state == AGENT_RUNNING;
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

void slots_say_again(struct member *m)
{
    list_each(a, &m->slots.running, struct attempt, link) a->unsaid = a->saved.n > 0;
}

void slots_restore(struct member *m, const struct msg_result *r)
{
    struct attempt *a = attempt_new(m, &(struct msg_task){.id = r->task, .attempt = r->attempt});
    struct ended *e = &a->job.ended;
    a->state = ATTEMPT_DONE;
    a->elapsed = (int64_t)r->elapsed_ms;
    e->outcome = r->outcome;
    e->exit_code = (int)r->exit_code;
    e->cut = r->cut;
    e->not_signed = r->not_signed;
    e->cpu_ms = (int64_t)r->cpu_ms;
    buf_add(&e->output, r->output.at, r->output.n);
    buf_add(&e->data, r->data.at, r->data.n);
    buf_add(&e->error, r->error.at, r->error.n);
    add(&m->slots, a);
    m->slots.n_done++;
    list_push(&m->slots.fresh, &a->link);
}
