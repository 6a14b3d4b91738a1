/* SPDX-License-Identifier: MPL-2.0 */
/* What an action is promised: one attempt at a time, and a result that counts once.
 *
 * An attempt may start while an older one still runs on an agent that the controller took for lost: nobody can know more of an
 * agent that does not answer (T5). Everything else is a broken promise. */
#include "inside.h"

struct counting {
    uint64_t current; /* the attempt that was dispatched last */
    uint64_t counted; /* the attempt that was counted last */
};

void promise_counted_once(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(struct counting)};
    for each_fact(f, c->h) {
        if (f->kind != FACT_dispatched && f->kind != FACT_counted)
            continue;
        struct counting *t = group_row(&tasks, f->id, "", 0);
        if (f->kind == FACT_dispatched) {
            t->current = f->n;
            continue;
        }
        if (f->n != t->current)
            broken(c, "%s counted %s of attempt %llu of %s while attempt %llu was current", f->who,
                   f->text, (unsigned long long)f->n, f->id, (unsigned long long)t->current);
        if (f->n == t->counted)
            broken(c, "%s counted attempt %llu of %s twice", f->who, (unsigned long long)f->n,
                   f->id);
        t->counted = f->n;
    }
}

/* ---- one attempt at a time ---- */

struct running {
    const struct fact *last;  /* the newest attempt's start */
    const struct fact *ended; /* its end, NULL while it runs */
};

struct starts {
    struct check *check;
    struct group tasks;      /* struct running, by task */
    struct group agents;     /* const struct fact *: when it died or was last taken for lost */
    struct group dispatched; /* const struct fact *, by task and attempt */
};

/* excused: after this attempt was sent, its agent died or was taken for lost. Nobody could know any more what it does: it may even
 * begin what it was sent before it hears of that judgement. */
static bool excused(const struct starts *s, const struct fact *start)
{
    const struct fact **sent = group_seek(&s->dispatched, start->id, "", start->n);
    const struct fact **over = group_seek(&s->agents, start->who, "", 0);
    return over && *over > (sent ? *sent : start);
}

static void attempt_starts(const struct starts *s, struct running *t, const struct fact *f)
{
    const struct fact *last = t->last;
    if (last && f->n < last->n && excused(s, f))
        return;
    if (last && last->n == f->n)
        broken(s->check, "attempt %llu of %s started at %s and at %s", (unsigned long long)f->n,
               f->id, last->who, f->who);
    else if (last && !t->ended && !excused(s, last))
        broken(s->check, "attempt %llu of %s started at %s while attempt %llu ran at %s",
               (unsigned long long)f->n, f->id, f->who, (unsigned long long)last->n, last->who);
    t->last = f;
    t->ended = NULL;
}

static void see_attempt(struct starts *s, const struct fact *f)
{
    struct running *t = group_row(&s->tasks, f->id, "", 0);
    if (f->kind == FACT_started)
        attempt_starts(s, t, f);
    else if (f->kind == FACT_ended && t->last && t->last->n == f->n)
        t->ended = f;
    else if (f->kind == FACT_dispatched)
        *(const struct fact **)group_row(&s->dispatched, f->id, "", f->n) = f;
}

void promise_attempts_apart(struct check *c)
{
    struct starts s = {.check = c,
                       .tasks = {.size = sizeof(struct running)},
                       .agents = {.size = sizeof(const struct fact *)},
                       .dispatched = {.size = sizeof(const struct fact *)}};
    for each_fact(f, c->h) {
        if (f->kind == FACT_gone || f->kind == FACT_judged)
            *(const struct fact **)group_row(&s.agents, f->who, "", 0) = f;
        else if (f->kind == FACT_started || f->kind == FACT_ended || f->kind == FACT_dispatched)
            see_attempt(&s, f);
    }
    group_done(&s.tasks);
    group_done(&s.agents);
    group_done(&s.dispatched);
}

void promise_at_most_once(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (f->kind != FACT_started || f->m != 1)
            continue;
        const struct fact **first = group_row(&tasks, f->id, "", 0);
        if (*first)
            broken(c, "%s is at_most_once and started at %s (attempt %llu) and at %s (attempt %llu)",
                   f->id, (*first)->who, (unsigned long long)(*first)->n, f->who,
                   (unsigned long long)f->n);
        *first = f;
    }
}
