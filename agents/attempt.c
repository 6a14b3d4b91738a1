/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the life of an attempt: the table of its states. Refuses to send anything itself. */
#include "agents/attempt.h"

#include "agents/agent.h"
#include "agents/results.h"
#include "common/log.h"

enum { USUAL_PRIORITY = 2 };

/* keep copies a view to *at, with a NUL behind it, and moves *at on. */
static struct bytes keep(char **at, struct bytes b)
{
    struct bytes kept = {*at, b.n};
    if (b.n)
        memcpy(*at, b.at, b.n);
    (*at)[b.n] = '\0';
    *at += b.n + 1;
    return kept;
}

struct attempt *attempt_new(struct member *m, const struct msg_task *t)
{
    const struct bytes all[] = {t->id, t->action, t->key, t->params, t->checkpoint, t->signature};
    size_t room = 0;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        room += all[i].n + 1;
    struct attempt *a = xalloc(sizeof(*a) + room);
    char *at = a->words;
    list_init(&a->link);
    a->member = m;
    a->timeout_ms = t->timeout_ms;
    a->priority = t->priority;
    a->asked.attempt = t->attempt;
    a->asked.task = keep(&at, t->id).at;
    a->asked.action = keep(&at, t->action).at;
    a->asked.key = keep(&at, t->key).at;
    a->asked.params = keep(&at, t->params);
    a->asked.checkpoint = keep(&at, t->checkpoint);
    a->asked.signature = keep(&at, t->signature);
    return a;
}

void attempt_free(struct attempt *a)
{
    list_out(&a->link);
    if (a->newer)
        a->newer->older = NULL;
    if (a->older)
        a->older->newer = NULL;
    job_done(&a->job);
    manifest_drop(a->manifest);
    buf_done(&a->note);
    buf_done(&a->saved);
    free(a);
}

/* ---- verbs of the table: each acts in the new state ---- */

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
    attempt_move(container_of(j, struct attempt, job), ATTEMPT_END);
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
    slots_take_out(s, a);
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
    s->urgent = s->urgent || a->priority < USUAL_PRIORITY || a->job.ended.outcome != outcome_COMPLETED;
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
    if (a->job.vouched && a->job.ended.outcome == outcome_COMPLETED)
        signed_completed(&a->member->agent->signed_guard, a->job.nonce);
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
} table[ATTEMPT_STATES][ATTEMPT_EVENTS] = {
    [ATTEMPT_QUEUED][ATTEMPT_START] = {begin_job, ATTEMPT_RUNNING},
    [ATTEMPT_QUEUED][ATTEMPT_CANCEL] = {end_unstarted, ATTEMPT_DONE},
    [ATTEMPT_QUEUED][ATTEMPT_DROP] = {forget_queued, ATTEMPT_DONE},
    [ATTEMPT_RUNNING][ATTEMPT_CANCEL] = {stop_job, ATTEMPT_STOPPING},
    [ATTEMPT_RUNNING][ATTEMPT_END] = {end_job, ATTEMPT_DONE},
    [ATTEMPT_RUNNING][ATTEMPT_DROP] = {stop_silently, ATTEMPT_STOPPING},
    [ATTEMPT_STOPPING][ATTEMPT_END] = {end_job, ATTEMPT_DONE},
    [ATTEMPT_STOPPING][ATTEMPT_DROP] = {be_silent, ATTEMPT_STOPPING},
    [ATTEMPT_DONE][ATTEMPT_SETTLE] = {forget_done, ATTEMPT_DONE},
    [ATTEMPT_DONE][ATTEMPT_DROP] = {forget_done, ATTEMPT_DONE},
};

void attempt_move(struct attempt *a, enum attempt_event event)
{
    static const char *const events[ATTEMPT_EVENTS] = {"start", "cancel", "end", "settle", "drop"};
    const struct row *row = &table[a->state][event];
    if (row->verb == NULL)
        return;
    log_debug("attempt.moved", "%s/%llu of %s: %s", a->asked.task,
              (unsigned long long)a->asked.attempt, a->member->id, events[event]);
    a->state = row->to;
    row->verb(a);
}

/* ---- its result ---- */

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
                               .cpu_ms = (uint64_t)MAX(e->cpu_ms, 0),
                               .not_signed = e->not_signed};
}

bool attempt_shrink(struct attempt *a, const char *reason)
{
    struct ended *e = &a->job.ended;
    if (e->output.n + e->data.n == 0)
        return false;
    buf_clear(&e->data);
    buf_clear(&e->output);
    ended_say(e, outcome_FAILED, "its answer cannot be sent: %s", reason);
    return true;
}
