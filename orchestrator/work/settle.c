/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the judgement of attempts: which outcome is followed by what (T2, T5, T6). Refuses to know
 * where a task waits. */
#include "settle.h"

#include "common/text.h"
#include "gate.h"
#include "grant.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "roster.h"
#include "task.h"

/* ---- booked and released ---- */

void hold_attempt(struct helios *h, struct task *t, struct agent *a)
{
    t->agent = a;
    if (t->grant)
        t->grant->agent = a;
    if (a) {
        list_push(&a->held, &t->held);
        a->n_held++;
        agent_credit(h, a);
    }
    gate_enter(h, t);
}

void release_attempt(struct helios *h, struct task *t)
{
    struct agent *a = t->agent;
    t->agent = NULL;
    t->begun = t->excused = 0;
    t->percent = 0;
    free(t->progress);
    t->progress = NULL;
    grant_over(h, t);
    if (a) {
        list_out(&t->held);
        a->n_held--;
        agent_credit(h, a);
    }
    gate_leave(h, t);
}

/* ---- what follows ---- */

int64_t backoff_most(const struct helios *h, uint64_t base, uint64_t n)
{
    int64_t cap = h->config->tasks.backoff_cap_ms, pause = MIN((int64_t)base, cap);
    for (uint64_t i = 1; i < n && pause > 0 && pause < cap; i++)
        pause = MIN(pause * 2, cap);
    return pause;
}

int64_t backoff_ms(struct helios *h, uint64_t base, uint64_t n)
{
    int64_t pause = backoff_most(h, base, n);
    if (h->config->tasks.jitter)
        pause = (int64_t)(rand_unit(&h->rand) * (double)pause);
    return pause;
}

static uint64_t failures(const struct task *t)
{
    return t->r.attempt - t->r.lost - t->r.oom;
}

static int64_t no_pause(struct helios *h, const struct task *t)
{
    (void)h, (void)t;
    return 0;
}

static int64_t pause_failed(struct helios *h, const struct task *t)
{
    return backoff_ms(h, t->r.backoff_ms, failures(t));
}

static int64_t pause_oom(struct helios *h, const struct task *t)
{
    return backoff_ms(h, t->r.backoff_ms, t->r.oom);
}

/* The first loss is the agent's fault: the task starts again at once. More of them may be the
 * task's own. */
static int64_t pause_lost(struct helios *h, const struct task *t)
{
    return t->r.lost < 2 ? 0 : backoff_ms(h, t->r.backoff_ms, t->r.lost - 1);
}

static bool exit_is_final(struct helios *h, int64_t exit_code)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)exit_code);
    return exit_code && names_have(h->config->tasks.no_retry, bytes_of(text));
}

/* The limits answer whether another attempt may follow, and if not why. */
static bool within_failed(struct helios *h, struct task *t, struct buf *why)
{
    if (exit_is_final(h, t->r.exit_code))
        buf_printf(why, "failed with exit code %lld, which is never retried",
                   (long long)t->r.exit_code);
    else if (failures(t) >= t->r.max_attempts)
        buf_printf(why, "failed for good after %llu attempts", (unsigned long long)t->r.attempt);
    return why->n == 0;
}

static bool within_timeout(struct helios *h, struct task *t, struct buf *why)
{
    (void)h;
    if (failures(t) >= t->r.max_attempts)
        buf_printf(why, "ran out of time in each of %llu attempts",
                   (unsigned long long)t->r.attempt);
    return why->n == 0;
}

static bool within_oom(struct helios *h, struct task *t, struct buf *why)
{
    (void)h;
    if (++t->r.oom >= t->r.max_attempts)
        buf_printf(why, "was killed for its memory %llu times", (unsigned long long)t->r.oom);
    return why->n == 0;
}

static bool within_refused(struct helios *h, struct task *t, struct buf *why)
{
    t->avoid = t->agent;
    if (t->agent && !class_has_other(t->class, t->agent))
        buf_printf(why, "was refused by its agent (" BYTES_F "), and no other one offers it",
                   BYTES_A(t->r.error));
    else
        within_failed(h, t, why);
    return why->n == 0;
}

static bool within_lost(struct helios *h, struct task *t, struct buf *why)
{
    h->counters.lost_attempts++;
    if (++t->r.lost >= LOST_MOST)
        buf_printf(why, "was lost with its agents %d times", LOST_MOST);
    return why->n == 0;
}

/* Two different agents that vanished while running it are no accident (T6). */
static bool within_poison(struct helios *h, struct task *t, struct buf *why)
{
    if (!names_have(t->r.killed, t->r.holder))
        own_names_add(&t->r.killed, t->r.holder);
    if (t->r.killed.n >= 2) {
        struct bytes *killed = t->r.killed.at;
        buf_printf(why, "is poison: " BYTES_F " and " BYTES_F " vanished while they ran it",
                   BYTES_A(killed[0]), BYTES_A(killed[1]));
        note(h, EVENT_task_poison, t->r.id.at, t->r.cause.n ? t->r.cause.at : NULL, NULL,
             "%s %s %s", t->r.id.at, t->r.action.at, buf_str(why));
    }
    return within_lost(h, t, why) && why->n == 0;
}

struct follow {
    enum task_event next;
    bool (*within)(struct helios *h, struct task *t, struct buf *why);
    int64_t (*pause)(struct helios *h, const struct task *t);
};
static const struct follow follows[outcome_COUNT] = {
    [outcome_FAILED] = {TASK_RETRY, within_failed, pause_failed},
    [outcome_TIMEOUT] = {TASK_RETRY, within_timeout, pause_failed},
    [outcome_OOM] = {TASK_RETRY, within_oom, pause_oom},
    [outcome_CANCELLED] = {TASK_VANISH, within_lost,
                           pause_lost}, /* nobody here asked: its agent stops */
    [outcome_REFUSED] = {TASK_RETRY, within_refused, no_pause},
    [outcome_WORKER_LOST] = {TASK_VANISH, within_poison, pause_lost},
};
static const struct follow blameless = {TASK_VANISH, within_lost, pause_lost};

/* add_error: the rule alone would hide from a person what the action said. */
static void add_error(struct buf *why, struct bytes error)
{
    if (error.n && memmem(why->at, why->n, error.at, error.n) == NULL)
        buf_printf(why, ": " BYTES_F, BYTES_A(error));
}

/* end_unsigned: what an agent refused for its signature no other attempt can mend, and somebody
 * must look. */
static void end_unsigned(struct helios *h, struct task *t, const struct over *over)
{
    struct buf why = {0};
    buf_printf(&why, "was refused by %s: " BYTES_F, t->agent ? t->agent->r.id.at : "its agent",
               BYTES_A(over->error));
    h->counters.not_signed++;
    note(h, EVENT_task_not_signed, t->r.id.at, t->r.cause.n ? t->r.cause.at : NULL, NULL,
         "%s %s %s", t->r.id.at, t->r.action.at, buf_str(&why));
    task_change(h, t, TASK_GIVE_UP, buf_str(&why));
    buf_done(&why);
}

static void follow_up(struct helios *h, struct task *t, const struct over *over, struct buf *why)
{
    const struct follow *f = over->blameless ? &blameless : &follows[over->outcome];
    if (!f->within(h, t, why)) {
        add_error(why, t->r.error);
        task_change(h, t, TASK_GIVE_UP, buf_str(why));
        return;
    }
    int64_t pause = f->pause(h, t);
    if (t->r.total_ms && h->now + pause >= t->r.created + (int64_t)t->r.total_ms) {
        buf_printf(why, "could not start again within its total time");
        task_change(h, t, TASK_GIVE_UP, buf_str(why));
        return;
    }
    t->r.not_before = h->now + pause;
    buf_printf(why, "attempt %llu ended %s (" BYTES_F "); the next one in ",
               (unsigned long long)t->r.attempt, enum_text(&enum_outcome, (int)over->outcome),
               BYTES_A(t->r.error));
    text_duration(why, pause);
    task_change(h, t, f->next, buf_str(why));
}

static void write_down(struct task *t, const struct over *o)
{
    t->r.exit_code = o->exit_code;
    t->r.elapsed_ms = o->elapsed_ms;
    own_set(&t->r.output, o->output);
    own_set(&t->r.data, o->data);
    if (!t->r.cancelling)
        own_set(&t->r.error, o->error);
}

/* What somebody wanted stopped is CANCELLED however it ended, but for an attempt that completed
 * before: that one did its work. An at_most_once task has this one attempt: what nobody can tell is
 * UNKNOWN (T2). */
void attempt_over(struct helios *h, struct task *t, const struct over *over)
{
    struct buf why = {0};
    write_down(t, over);
    if (over->outcome == outcome_COMPLETED) {
        buf_printf(&why, "completed in ");
        text_duration(&why, (int64_t)over->elapsed_ms);
        task_change(h, t, TASK_SUCCEED, buf_str(&why));
    } else if (over->not_signed) {
        end_unsigned(h, t, over);
    } else if (over->judged && t->r.at_most_once) {
        h->counters.lost_attempts++;
        buf_printf(&why, "may run at most once, and nobody knows how far it came: " BYTES_F,
                   BYTES_A(over->error));
        task_change(h, t, TASK_LOSE, buf_str(&why));
    } else if (t->r.cancelling) {
        task_change(h, t, TASK_DROP, t->r.error.n ? t->r.error.at : "was cancelled");
    } else if (t->r.at_most_once) {
        buf_printf(&why, "may run at most once, and that attempt ended %s",
                   enum_text(&enum_outcome, (int)over->outcome));
        add_error(&why, over->error);
        task_change(h, t, TASK_GIVE_UP, buf_str(&why));
    } else {
        follow_up(h, t, over, &why);
    }
    buf_done(&why);
}

void attempt_abandon(struct helios *h, struct task *t)
{
    if (t->r.state == task_state_IN_PROGRESS && t->agent)
        stop_add(h, t->agent, t->r.id, t->r.attempt);
}

void attempt_late(struct helios *h, struct task *t)
{
    struct over over = {.outcome = outcome_TIMEOUT,
                        .judged = true,
                        .elapsed_ms = task_ran_ms(h, t),
                        .error = BYTES("its agent did not end it in time")};
    attempt_abandon(h, t);
    attempt_over(h, t, &over);
}

void attempt_lost(struct helios *h, struct task *t, const char *how, bool is_blameless)
{
    struct over over = {.outcome = outcome_WORKER_LOST,
                        .judged = true,
                        .blameless = is_blameless,
                        .elapsed_ms = task_ran_ms(h, t),
                        .error = bytes_of(how)};
    attempt_over(h, t, &over);
}
