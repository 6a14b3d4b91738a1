/* SPDX-License-Identifier: MPL-2.0 */
/* What a run of a pipeline is promised: its key is one run, which ends; its steps begin once, in their order. */
#include "inside.h"

struct run {
    const struct fact *last, *promised;
};

static bool is_over(const char *state)
{
    return strcmp(state, "COMPLETED") == 0 || strcmp(state, "FAILED") == 0 || strcmp(state, "CANCELLED") == 0 ||
           strcmp(state, "SKIPPED") == 0;
}

static void run_promised(struct check *c, struct group *keys, struct run *r, const struct fact *f)
{
    const struct fact **first = group_row(keys, f->key, "", 0);
    if (*first && (*first)->id != f->id)
        broken(c, "key `%s` was answered with %s, then with %s", f->key, (*first)->id, f->id);
    if (r->last == NULL)
        broken(c, "%s was told to %s before it was durable", f->id, f->who);
    *first = r->promised = f;
}

static void run_moves(struct check *c, struct run *r, const struct fact *f)
{
    if (r->last && is_over(r->last->text) && r->last->n == f->n && r->last->text != f->text)
        broken(c, "%s was %s and is %s", f->id, r->last->text, f->text);
    r->last = f;
}

void promise_runs(struct check *c)
{
    _cleanup_(group_done) struct group runs = {.size = sizeof(struct run)};
    _cleanup_(group_done) struct group keys = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (f->kind != FACT_run && f->kind != FACT_promised)
            continue;
        struct run *r = group_row(&runs, f->id, "", 0);
        if (f->kind == FACT_run)
            run_moves(c, r, f);
        else
            run_promised(c, &keys, r, f);
    }
    for (struct run *r = NULL; (r = group_next(&runs, r));)
        if (c->h->seen[FACT_quiet] && r->last && !is_over(r->last->text))
            broken(c, "%s has not ended: it is %s", r->last->id, r->last->text);
}

/* ---- steps ---- */

struct step {
    const struct fact *last;
};

struct steps {
    struct check *check;
    struct group steps;  /* struct step, by id */
    struct group begun;  /* const struct fact *: FACT_begun, by step and retries of its run */
    struct group tasks;  /* const struct fact *: FACT_begun, by task */
    struct group runs;   /* const char *: pipeline, by run */
    struct group edges;  /* const struct fact *, by pipeline, step and a number from 0 */
};

static bool is_good(const struct fact *f)
{
    return f && (strcmp(f->text, "COMPLETED") == 0 || (strcmp(f->text, "SKIPPED") == 0 && f->n));
}

static const struct fact *state_of(const struct steps *s, const char *run, const char *step)
{
    char id[160];
    snprintf(id, sizeof(id), "%s/%s", run, step);
    const char *word = history_word(s->check->h, id);
    const struct step *at = word ? group_seek(&s->steps, word, "", 0) : NULL;
    return at ? at->last : NULL;
}

/* split finds the words of RUN and STEP in RUN/STEP/N; false: the history has no such words. */
static bool split(const struct steps *s, const char *id, const char **ret_run, const char **ret_step)
{
    char text[160];
    snprintf(text, sizeof(text), "%s", id);
    char *step = strchr(text, '/');
    if (step == NULL)
        return false;
    *step++ = '\0';
    step[strcspn(step, "/")] = '\0';
    *ret_run = history_word(s->check->h, text);
    *ret_step = history_word(s->check->h, step);
    return *ret_run && *ret_step;
}

/* edges_hold: has what it comes after ended as its rule says, in this commit or before? */
static void edges_hold(struct steps *s, const char *id)
{
    const char *run, *step;
    const char **pipeline = split(s, id, &run, &step) ? group_seek(&s->runs, run, "", 0) : NULL;
    size_t n = 0, good = 0, over = 0;
    uint64_t rule = 0;
    for (const struct fact **e; pipeline && (e = group_seek(&s->edges, *pipeline, step, n)); n++) {
        const struct fact *parent = state_of(s, run, (*e)->text);
        rule = (*e)->n;
        good += is_good(parent);
        over += parent && is_over(parent->text);
    }
    if (n && (rule == 0 ? good < n : rule == 1 ? good == 0 : over < n))
        broken(s->check, "%s began when of %zu steps before it %zu had ended, %zu of them well", id, n, over, good);
}

static void see_step(struct steps *s, const struct fact *f)
{
    struct step *at = group_row(&s->steps, f->id, "", 0);
    const struct fact *last = at->last;
    if (last && is_over(last->text) && last->text != f->text && (is_good(last) || last->m == f->m))
        broken(s->check, "%s was %s and is %s", f->id, last->text, f->text);
    at->last = f;
}

static void see_begun(struct steps *s, const struct fact *f)
{
    const struct fact **first = group_row(&s->begun, f->id, "", f->n);
    if (*first && (*first)->text != f->text)
        broken(s->check, "%s began twice: %s and %s", f->id, (*first)->text, f->text);
    *first = *(const struct fact **)group_row(&s->tasks, f->text, "", 0) = f;
}

static void see(struct steps *s, const struct fact *f)
{
    if (f->kind == FACT_step) {
        see_step(s, f);
    } else if (f->kind == FACT_begun) {
        see_begun(s, f);
    } else if (f->kind == FACT_run) {
        *(const char **)group_row(&s->runs, f->id, "", 0) = f->key;
    } else if (f->kind == FACT_edge) {
        uint64_t n = 0;
        while (group_seek(&s->edges, f->key, f->id, n))
            n++;
        *(const struct fact **)group_row(&s->edges, f->key, f->id, n) = f;
    }
}

/* A task is of the commit that says that its step runs; its end is of the commit that says what the step has come to. */
static void task_of_step(struct steps *s, const struct fact *begun, bool ended)
{
    const struct step *at = group_seek(&s->steps, begun->id, "", 0);
    if (at == NULL || at->last == NULL)
        broken(s->check, "%s is durable as the task of %s, which is not", begun->text, begun->id);
    else if (ended && at->last->key == begun->text && strcmp(at->last->text, "RUNNING") == 0)
        broken(s->check, "%s has ended, and its step %s still runs", begun->text, begun->id);
}

/* A run's end is of the commit of its last step's end, and says what the steps have come to. */
static void run_ends(struct steps *s, const struct fact *f)
{
    size_t n = strlen(f->id), failed = 0;
    for (const struct step *at = NULL; (at = group_next(&s->steps, at));) {
        const char *id = at->last->id;
        if (strncmp(id, f->id, n) != 0 || id[n] != '/' || strchr(id + n + 1, '/'))
            continue;
        failed += strcmp(at->last->text, "FAILED") == 0;
        if (!is_over(at->last->text))
            broken(s->check, "%s is %s, and %s has not ended", f->id, f->text, id);
    }
    if (f->m)
        broken(s->check, "%s is %s, and %llu of its steps have not ended", f->id, f->text, (unsigned long long)f->m);
    if (strcmp(f->text, "CANCELLED") != 0 && (failed > 0) != (strcmp(f->text, "FAILED") == 0))
        broken(s->check, "%s is %s, and %zu of its steps have failed", f->id, f->text, failed);
}

static void judge(struct steps *s, const struct fact *f)
{
    if (f->kind == FACT_begun) {
        edges_hold(s, f->id);
        task_of_step(s, f, false);
    } else if (f->kind == FACT_step && (strcmp(f->text, "RUNNING") == 0 || strcmp(f->text, "COMPLETED") == 0)) {
        edges_hold(s, f->id);
    } else if (f->kind == FACT_run && is_over(f->text)) {
        run_ends(s, f);
    } else if (f->kind == FACT_outcome) {
        const struct fact **begun = group_seek(&s->tasks, f->id, "", 0);
        if (begun)
            task_of_step(s, *begun, true);
    }
}

void promise_steps(struct check *c)
{
    struct steps s = {.check = c,
                      .steps = {.size = sizeof(struct step)},
                      .begun = {.size = sizeof(const struct fact *)},
                      .tasks = {.size = sizeof(const struct fact *)},
                      .runs = {.size = sizeof(const char *)},
                      .edges = {.size = sizeof(const struct fact *)}};
    const struct fact *end = c->h->facts + c->h->n;
    for (const struct fact *f = c->h->facts, *next; c->h->seen[FACT_step] + c->h->seen[FACT_begun] && f < end; f = next) {
        for (next = f; next < end && (next == f || next->kind != FACT_commit); next++)
            see(&s, next);
        for (const struct fact *it = f; it < next; it++)
            judge(&s, it);
    }
    group_done(&s.steps);
    group_done(&s.begun);
    group_done(&s.tasks);
    group_done(&s.runs);
    group_done(&s.edges);
}
