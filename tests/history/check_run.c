/* SPDX-License-Identifier: MPL-2.0 */
/* What who runs a pipeline is promised: each step once, in its order, and an end that says what the steps have come to (P2, P3, P7).
 * Counts by itself: it knows nothing of orchestrator/flow. */
#include "inside.h"

struct seen {
    const struct fact *wanted, *began, *ended; /* of a step: its task, its first begin, its end */
    bool good;
};
struct drawn {
    struct check *c;
    struct group edges; /* (step, parent) → the fact, of all pipelines */
    struct group runs;  /* run → the fact that it began */
    struct group steps; /* RUN/STEP → struct seen */
};

static bool has_ended(const struct fact *f)
{
    return strcmp(f->text, "RUNNING") != 0 && strcmp(f->text, "WAITING") != 0;
}

/* What was asked for in a step's name, or came without asking: the rest was skipped, and never began. */
static bool has_begun(const struct fact *f)
{
    return *f->key != '\0';
}

static void check_parents(struct drawn *d, const struct fact *f)
{
    unsigned all = 0, ended = 0, good = 0;
    const char *rule = "all", *slash = strchr(f->id, '/');
    char run[64], id[160];
    snprintf(run, sizeof(run), "%.*s", (int)(slash - f->id), f->id);
    const char *word = history_word(d->c->h, run);
    const struct fact **began = word ? group_seek(&d->runs, word, "", 0) : NULL;
    for (const struct fact **e = NULL; began && (e = group_next(&d->edges, e));) {
        if (strcmp((*e)->who, (*began)->key) != 0 || strcmp((*e)->id, slash + 1) != 0)
            continue;
        snprintf(id, sizeof(id), "%s/%s", run, (*e)->key);
        word = history_word(d->c->h, id);
        const struct seen *parent = word ? group_seek(&d->steps, word, "", 0) : NULL;
        all++;
        ended += parent && parent->ended;
        good += parent && parent->good;
        rule = (*e)->text;
    }
    bool holds = strcmp(rule, "any") == 0 ? good > 0 || all == 0 : (strcmp(rule, "all") == 0 ? good : ended) == all;
    if (!holds)
        broken(d->c, "%s began (%s) with %u parents, %u ended, %u well: its rule is %s", f->id, f->key, all, ended, good, rule);
}

static void see_step(struct drawn *d, const struct fact *f)
{
    struct seen *s = group_row(&d->steps, f->id, "", 0);
    if (s->ended && strcmp(s->ended->text, f->text) != 0)
        broken(d->c, "%s was %s and is %s", f->id, s->ended->text, f->text);
    if (s->began && has_begun(f) && strcmp(s->began->key, f->key) != 0)
        broken(d->c, "%s has begun twice: %s and %s", f->id, s->began->key, f->key);
    if (s->began == NULL && has_begun(f)) {
        s->began = f;
        check_parents(d, f);
    }
    if (s->ended == NULL && has_ended(f)) {
        s->ended = f;
        s->good = f->n == 1;
    }
}

static void see_wanted(struct drawn *d, const struct fact *f)
{
    struct seen *s = group_row(&d->steps, f->id, "", 0);
    if (s->wanted && strcmp(s->wanted->key, f->key) != 0)
        broken(d->c, "%s has two tasks: %s and %s", f->id, s->wanted->key, f->key);
    s->wanted = f;
}

static void see_end(struct drawn *d, const struct fact *f)
{
    size_t n = strlen(f->id);
    unsigned failed = 0;
    for (const struct seen *s = NULL; (s = group_next(&d->steps, s));) {
        const struct fact *at = s->ended ? s->ended : s->began;
        if (at == NULL || strncmp(at->id, f->id, n) != 0 || at->id[n] != '/' || strchr(at->id + n + 1, '/'))
            continue;
        failed += s->ended && strcmp(s->ended->text, "FAILED") == 0;
        if (s->ended == NULL)
            broken(d->c, "%s is %s, but %s has not ended", f->id, f->text, at->id);
    }
    if (f->n != f->m)
        broken(d->c, "%s is %s with %llu of %llu steps", f->id, f->text, (unsigned long long)f->m, (unsigned long long)f->n);
    if ((strcmp(f->text, "FAILED") == 0) != (failed > 0))
        broken(d->c, "%s is %s, and %u of its steps have failed", f->id, f->text, failed);
}

void promise_runs(struct check *c)
{
    struct drawn d = {c, {.size = sizeof(const struct fact *)}, {.size = sizeof(const struct fact *)}, {.size = sizeof(struct seen)}};
    for each_fact(f, c->h) {
        if (f->kind == FACT_edge)
            *(const struct fact **)group_row(&d.edges, f->id, f->key, 0) = f;
        if (f->kind == FACT_began)
            *(const struct fact **)group_row(&d.runs, f->id, "", 0) = f;
    }
    for each_fact(f, c->h) {
        if (f->kind == FACT_stepped)
            see_step(&d, f);
        if (f->kind == FACT_wanted)
            see_wanted(&d, f);
    }
    for each_fact(f, c->h) /* a run's end and its last step's are of one commit, in any order */
        if (f->kind == FACT_finished)
            see_end(&d, f);
    group_done(&d.edges);
    group_done(&d.runs);
    group_done(&d.steps);
}
