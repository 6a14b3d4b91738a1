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

static bool excused(const struct group *agents, const struct fact *start)
{
    const struct fact **over = group_seek(agents, start->who, "", 0);
    return over && *over > start;
}

static void attempt_starts(struct check *c, const struct group *agents, struct running *t,
                           const struct fact *f)
{
    const struct fact *last = t->last;
    if (last && last->n == f->n)
        broken(c, "attempt %llu of %s started at %s and at %s", (unsigned long long)f->n, f->id,
               last->who, f->who);
    else if (last && !t->ended && !excused(agents, last))
        broken(c, "attempt %llu of %s started at %s while attempt %llu ran at %s",
               (unsigned long long)f->n, f->id, f->who, (unsigned long long)last->n, last->who);
    t->last = f;
    t->ended = NULL;
}

void promise_attempts_apart(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(struct running)};
    _cleanup_(group_done) struct group agents = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (f->kind == FACT_gone || f->kind == FACT_judged) {
            *(const struct fact **)group_row(&agents, f->who, "", 0) = f;
        } else if (f->kind == FACT_started) {
            attempt_starts(c, &agents, group_row(&tasks, f->id, "", 0), f);
        } else if (f->kind == FACT_ended) {
            struct running *t = group_row(&tasks, f->id, "", 0);
            if (t->last && t->last->n == f->n)
                t->ended = f;
        }
    }
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
