/* SPDX-License-Identifier: MPL-2.0 */
/* What a client is promised: its task ends once, its key names one task, and nothing is said too early. */
#include "inside.h"

struct submitted {
    const char *id;
    const struct fact *accepted, *outcome, *told, *live;
};

static void task_told(struct check *c, struct submitted *t, const struct fact *f)
{
    if (t->told && t->told->text != f->text)
        broken(c, "%s was told to be %s, then %s", f->id, t->told->text, f->text);
    t->told = f;
}

static void task_outcome(struct check *c, struct submitted *t, const struct fact *f)
{
    if (t->outcome)
        broken(c, "%s ended twice: %s, then %s", f->id, t->outcome->text, f->text);
    else
        t->outcome = f;
}

static void task_judge(struct check *c, const struct submitted *t)
{
    if (t->accepted && !t->outcome && !t->live)
        broken(c, "%s, accepted from %s with key `%s`, is lost: it has no outcome and is not live",
               t->id, t->accepted->who, t->accepted->key);
    if (t->outcome && t->live)
        broken(c, "%s has ended (%s) and is live", t->id, t->outcome->text);
    if (t->told && !t->outcome)
        broken(c, "%s was told to be %s and has no outcome", t->id, t->told->text);
    if (t->told && t->outcome && t->told->text != t->outcome->text)
        broken(c, "%s was told to be %s and is %s", t->id, t->told->text, t->outcome->text);
}

void promise_ended_once(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(struct submitted)};
    for each_fact(f, c->h) {
        if (f->kind != FACT_accepted && f->kind != FACT_outcome && f->kind != FACT_told &&
            f->kind != FACT_live)
            continue;
        struct submitted *t = group_row(&tasks, f->id, "", 0);
        t->id = f->id;
        if (f->kind == FACT_accepted)
            t->accepted = f;
        else if (f->kind == FACT_live)
            t->live = f;
        else if (f->kind == FACT_told)
            task_told(c, t, f);
        else
            task_outcome(c, t, f);
    }
    for (struct submitted *t = NULL; (t = group_next(&tasks, t));)
        task_judge(c, t);
}

/* ---- keys ---- */

static void key_accepted(struct check *c, struct group *ids, const struct fact **first,
                         const struct fact *f)
{
    if (!*first)
        *first = f;
    else if ((*first)->id != f->id)
        broken(c, "key `%s` of %s was answered with %s, then with %s", f->key, f->who, (*first)->id,
               f->id);
    else if ((*first)->n != f->n)
        broken(c, "key `%s` of %s was accepted with another body", f->key, f->who);
    const struct fact **owner = group_row(ids, f->id, "", 0);
    if (*owner && ((*owner)->key != f->key || (*owner)->who != f->who))
        broken(c, "%s answers key `%s` of %s and key `%s` of %s", f->id, (*owner)->key,
               (*owner)->who, f->key, f->who);
    *owner = f;
}

void promise_keys(struct check *c)
{
    _cleanup_(group_done) struct group keys = {.size = sizeof(const struct fact *)};
    _cleanup_(group_done) struct group ids = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (!*f->key || (f->kind != FACT_accepted && f->kind != FACT_refused))
            continue;
        const struct fact **first = group_row(&keys, f->who, f->key, 0);
        if (f->kind == FACT_accepted)
            key_accepted(c, &ids, first, f);
        else if (*first && (*first)->n == f->n && strcmp(f->text, "key_reused") == 0)
            broken(c, "key `%s` of %s was refused with the body of %s", f->key, f->who,
                   (*first)->id);
    }
}

/* ---- nothing is said before it is durable ---- */

/* What must be durable before something else is seen. A history that tells no fact of the first kind is not judged. */
static const struct order {
    enum fact_kind durable, said;
    bool by_attempt;
} orders[] = {
    {FACT_taken, FACT_accepted, false},
    {FACT_dispatched, FACT_started, true},
    {FACT_outcome, FACT_told, false},
};

static void check_order(struct check *c, const struct order *o)
{
    _cleanup_(group_done) struct group durable = {.size = 1};
    for each_fact(f, c->h) {
        uint64_t n = o->by_attempt ? f->n : 0;
        if (f->kind == o->durable)
            group_row(&durable, f->id, "", n);
        else if (f->kind == o->said && !group_seek(&durable, f->id, "", n))
            broken(c, "%s (%s) was %s by %s before it was durably %s", f->id,
                   *f->text ? f->text : "-", fact_name(f->kind), f->who, fact_name(o->durable));
    }
}

void promise_durable_first(struct check *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
        if (c->h->seen[orders[i].durable])
            check_order(c, &orders[i]);
}
