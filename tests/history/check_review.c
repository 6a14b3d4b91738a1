/* SPDX-License-Identifier: MPL-2.0 */
/* What who asks a committee is promised: one decision, by votes that were given, counted as the rule says (V2, V3); and what limits
 * promise (Q1). Counts by itself: it knows nothing of orchestrator/flow. */
#include "inside.h"

struct votes {
    const struct fact *voted, *said;
};

/* agreed reads V3 word by word: every seat weighs the same, nobody has a veto, no score is asked for. */
static bool agreed(const struct fact *f)
{
    unsigned seats = 0, voted = 0, yes = 0, no = 0;
    for (const char *at = f->key; *at; at++) {
        seats++;
        voted += *at != '-';
        yes += *at == 'y';
        no += *at == 'n';
    }
    return voted * 100 >= f->n * seats && yes * 100 > f->m * (yes + no);
}

static void see_vote(struct check *c, struct group *tasks, const struct fact *decided, const struct fact *f)
{
    struct votes *v = group_row(tasks, f->key, "", 0);
    bool given = v->said && strcmp(v->said->text, f->text) == 0;
    if (v->voted)
        broken(c, "%s: the vote of %s was %s and is %s", f->id, f->key, v->voted->text, f->text);
    else if (strcmp(f->text, "missing") != 0 && !given)
        broken(c, "%s: %s counts as %s, and nobody said so", f->id, f->key, f->text);
    else if (decided)
        broken(c, "%s: a vote of %s after the decision", f->id, f->key);
    v->voted = f;
}

static void see_decision(struct check *c, const struct fact **decided, const struct fact *f)
{
    const char *wanted = agreed(f) ? "APPROVED" : "REJECTED";
    if (*decided)
        broken(c, "%s was decided twice: %s and %s", f->id, (*decided)->text, f->text);
    if (strcmp(f->text, wanted) != 0)
        broken(c, "%s is %s, but its votes are %s: %s", f->id, f->text, f->key, wanted);
    *decided = f;
}

void promise_reviews(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(struct votes)};
    _cleanup_(group_done) struct group reviews = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (f->kind == FACT_said)
            ((struct votes *)group_row(&tasks, f->id, "", 0))->said = f;
        if (f->kind != FACT_voted && f->kind != FACT_decided)
            continue;
        const struct fact **decided = group_row(&reviews, f->id, "", 0);
        if (f->kind == FACT_voted)
            see_vote(c, &tasks, *decided, f);
        else
            see_decision(c, decided, f);
    }
}

void promise_limits(struct check *c)
{
    for each_fact(f, c->h)
        if (f->kind == FACT_limited && f->n > f->m)
            broken(c, "%s: %llu attempts have begun, its quota has counted %llu", f->key, (unsigned long long)f->n,
                   (unsigned long long)f->m);
}
