/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the talk about running attempts: beats with their progress, stops, and after a reconnect who
 * holds what (A2, A8). Refuses to know who is live (roster.c). */
#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "roster.h"
#include "settle.h"
#include "task.h"

#define ASK_AGAIN_MS 1000

/* ---- stops ---- */

static void say_stops(struct helios *h, struct agent *a, struct msg_cancel *cancels, size_t n)
{
    struct msg_beat_ok ok = {.epoch = h->epoch, .cancels = {cancels, n}, .drain = a->r.draining};
    /* A stop waits for the commit that decided it; a plain answer must come even while commits are
     * held. */
    say(h, ENDPOINT_agents, &a->routing, MSG_beat_ok, &ok, n ? SAY_AFTER_COMMIT : SAY_NOW);
}

void agent_stop(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt)
{
    struct msg_cancel cancel = {.task = task, .attempt = attempt};
    if (a->live)
        say_stops(h, a, &cancel, 1);
}

void stop_add(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt)
{
    if (!a->live)
        return;
    struct stop *s = NEW(struct stop);
    s->task = bytes_dup(task);
    s->attempt = attempt;
    s->since = h->now;
    list_push(&a->stops, &s->link);
    a->n_stops++;
    agent_credit(h, a);
    agent_stop(h, a, task, attempt);
}

static void stop_free(struct agent *a, struct stop *s)
{
    list_out(&s->link);
    a->n_stops--;
    free(s->task);
    free(s);
}

void stop_answered(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt)
{
    list_each(s, &a->stops, struct stop, link) if (s->attempt == attempt && bytes_is(task, s->task))
    {
        stop_free(a, s);
        agent_credit(h, a);
    }
}

/* stop_ms is how long an agent may owe an answer. One whose whole credit is free holds nothing: once it was told in each of so many
 * beats as make a lost one, it does not know what is to be stopped, and will never answer. */
static int64_t stop_ms(const struct helios *h, const struct agent *a, const struct msg_beat *m)
{
    bool holds_nothing = m->running.n == 0 && m->free >= a->slots + a->prefetch;
    return holds_nothing ? h->config->agents.missed * h->config->agents.beat_ms : STOP_MS;
}

static void stops_expire(struct helios *h, struct agent *a, const struct msg_beat *m)
{
    int64_t limit = stop_ms(h, a, m);
    bool some = false;
    list_each(s, &a->stops, struct stop, link) if (h->now - s->since >= limit)
    {
        stop_free(a, s);
        some = true;
    }
    if (some)
        agent_credit(h, a);
}

void stops_forget(struct helios *h, struct agent *a)
{
    (void)h;
    list_each(s, &a->stops, struct stop, link) stop_free(a, s);
}

/* ---- beats ---- */

static void take_checkpoint(struct helios *h, struct task *t, struct bytes checkpoint)
{
    if (checkpoint.n == 0 || checkpoint.n > CHECKPOINT_MAX || bytes_eq(checkpoint, t->r.checkpoint))
        return;
    own_set(&t->r.checkpoint, checkpoint);
    task_save(h, t);
}

static void take_progress(struct helios *h, struct agent *a, const struct msg_running *m)
{
    struct task *t = task_find(h, m->task);
    if (t == NULL || t->agent != a || t->r.attempt != m->attempt)
        return;
    if (t->begun == 0) {
        t->begun = h->now;
        t->excused = 0; /* what was before it began took nothing of its time */
        task_arm(h, t);
    }
    take_checkpoint(h, t, m->checkpoint);
    unsigned percent = (unsigned)MIN(m->percent, 100u);
    struct bytes text = {m->note.at, MIN(m->note.n, (size_t)200)};
    if (percent == t->percent && bytes_is(text, t->progress ? t->progress : ""))
        return;
    t->percent = percent;
    free(t->progress);
    t->progress = bytes_dup(text);
    note(h, EVENT_task_progress, t->r.id.at, t->r.cause.n ? t->r.cause.at : NULL, NULL,
         "%s %s is at %u %%: %s", t->r.id.at, t->r.action.at, percent, t->progress);
}

/* gather_stops answers how many stops there are: of tasks that are being cancelled, and of attempts
 * already settled. */
static size_t gather_stops(const struct agent *a, struct msg_cancel *cancels)
{
    size_t n = 0;
    list_each(t, &a->held, struct task, held) if (t->r.cancelling) cancels[n++] =
        (struct msg_cancel){.task = t->r.id, .attempt = t->r.attempt};
    list_each(s, &a->stops, struct stop, link) cancels[n++] =
        (struct msg_cancel){.task = bytes_of(s->task), .attempt = s->attempt};
    return n;
}

void on_beat(struct helios *h, const struct routing *from, const struct msg_beat *m)
{
    struct agent *a = agent_by_route(h, from);
    if (a == NULL) {
        struct msg_beat_ok ok = {.epoch = h->epoch, .again = true};
        say(h, ENDPOINT_agents, from, MSG_beat_ok, &ok, SAY_NOW);
        return;
    }
    agent_seen(h, a);
    a->done = m->done;
    SEQ_EACH(running, struct msg_running, m->running)
    take_progress(h, a, running);
    stops_expire(h, a, m);
    struct msg_cancel *cancels = xalloc((a->n_held + a->n_stops + 1) * sizeof(*cancels));
    say_stops(h, a, cancels, h->held ? 0 : gather_stops(a, cancels));
    free(cancels);
}

/* ---- after a reconnect ---- */

static bool says_to_hold(struct seq holds, const struct task *t)
{
    char text[128];
    snprintf(text, sizeof(text), BYTES_F "/%llu", BYTES_A(t->r.id),
             (unsigned long long)t->r.attempt);
    return names_have(holds, bytes_of(text));
}

/* stop_others: what it holds and should not hold (it was given to another agent, or has ended) is
 * told to stop. Its results of those come as well and are answered one by one. */
static void stop_others(struct helios *h, struct agent *a, struct seq holds)
{
    unsigned most = a->slots + a->prefetch;
    SEQ_EACH(held, struct bytes, holds)
    {
        const char *slash = held->n ? memrchr(held->at, '/', held->n) : NULL;
        int64_t attempt;
        if (slash == NULL || a->n_stops >= most)
            continue;
        struct bytes id = {held->at, (size_t)(slash - held->at)};
        struct bytes number = {slash + 1, held->n - id.n - 1};
        if (text_parse_int(number, &attempt) < 0)
            continue;
        struct task *t = task_find(h, id);
        if (t == NULL || t->agent != a || t->r.attempt != (uint64_t)attempt)
            stop_add(h, a, id, (uint64_t)attempt);
    }
}

/* on_its_way: over the same connection its attempt may come behind this hello, since it left only when it was durable (C1). */
static bool on_its_way(const struct helios *h, const struct task *t)
{
    int64_t fresh = h->now - h->config->agents.beat_ms * h->config->agents.missed;
    return t->r.epoch == h->epoch && (h->held || MAX(t->r.started, h->resumed) > fresh);
}

/* may_come: an attempt of an earlier leader that is missing in a hello may still reach the agent, or has reached it since: until the
 * agent has heard of our epoch it takes attempts of that one, and its hello may have waited for us (A6). */
static bool may_come(const struct helios *h, const struct task *t, uint64_t known_epoch)
{
    return t->r.epoch < h->epoch && known_epoch < h->epoch;
}

static void ask_again(struct helios *h, struct agent *a)
{
    if (h->now - a->asked < ASK_AGAIN_MS)
        return; /* it does not tell its epoch: its attempts' deadlines decide */
    a->asked = h->now;
    say(h, ENDPOINT_agents, &a->routing, MSG_beat_ok, &(struct msg_beat_ok){.epoch = h->epoch, .again = true},
        SAY_AFTER_COMMIT);
}

/* An agent that restarted is refused until the older instance is lost (A5), so what is missing here
 * was lost on its way or during our own restart: nobody's fault. */
void holds_settle(struct helios *h, struct agent *a, const struct msg_hello *m, bool again)
{
    bool unsure = false;
    list_each(t, &a->held, struct task, held)
    {
        if (says_to_hold(m->holds, t) || (again && on_its_way(h, t)))
            continue;
        if (may_come(h, t, m->epoch))
            unsure = true;
        else
            attempt_lost(h, t, "its agent came back without it", true);
    }
    stop_others(h, a, m->holds);
    if (unsure)
        ask_again(h, a);
}
