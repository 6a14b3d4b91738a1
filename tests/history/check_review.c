/* SPDX-License-Identifier: MPL-2.0 */
/* What who asks a committee is promised: one decision, by the votes that were given and no others, counted as the rule says (V2,
 * V3); and what limits promise (Q1). Counts by itself: it knows nothing of orchestrator/flow. */
#include "inside.h"

struct review {
    const struct fact *rule, *decided, *state;
    uint64_t total, voted, yes, no, scored, points; /* by weight, of the seats that the decision counted */
    bool vetoed;
};

struct ballots {
    struct check *check;
    struct group reviews; /* struct review, by id */
    struct group voted;   /* const struct fact *, by review and seat */
    struct group said;    /* the same: what the reviewer's program printed */
};

/* A seat may be asked anew, of another agent; either may answer. */
static uint64_t as_said(const struct fact *f)
{
    return f->m << 8 | (unsigned char)*f->text;
}

/* A vote of the ledger is what the program said; nobody has two. */
static void see_vote(struct ballots *b, const struct fact *f)
{
    const struct fact **vote = group_row(&b->voted, f->id, f->key, 0), **said = group_seek(&b->said, f->id, f->key, as_said(f));
    if (*vote)
        broken(b->check, "%s of %s votes twice: %s and %s", f->key, f->id, (*vote)->text, f->text);
    else if (strcmp(f->text, "missing") != 0 && b->check->h->seen[FACT_said] && said == NULL)
        broken(b->check, "%s of %s is told to have voted %s with %llu, and its reviewer said nothing like it", f->key, f->id, f->text,
               (unsigned long long)f->m);
    *vote = f;
}

static void see_seat(struct ballots *b, struct review *r, const struct fact *f)
{
    const struct fact **vote = group_seek(&b->voted, f->id, f->key, 0);
    const char *told = vote ? (*vote)->text : "missing";
    bool yes = strcmp(told, "yes") == 0, no = strcmp(told, "no") == 0;
    if (strcmp(told, f->text) != 0)
        broken(b->check, "%s of %s was counted as %s, and the ledger tells of %s", f->key, f->id, f->text, told);
    r->total += f->n;
    r->voted += strcmp(told, "missing") == 0 ? 0 : f->n;
    r->yes += yes ? f->n : 0;
    r->no += no ? f->n : 0;
    r->vetoed |= no && f->m;
    r->scored += yes || no ? f->n : 0;
    r->points += yes || no ? f->n * (*vote)->m : 0;
}

/* outcome: what the rule of V3 makes of the votes; all seats of our reviews that say yes or no give a score. */
static const char *outcome(const struct review *r)
{
    unsigned quorum = 0, threshold = 0, score = 0;
    sscanf(r->rule->text, "%u/%u/%u", &quorum, &threshold, &score);
    bool most = threshold >= 100 ? r->no == 0 : 100 * r->yes > threshold * (r->yes + r->no);
    bool approved = !r->vetoed && 100 * r->voted >= quorum * r->total && r->yes + r->no && most &&
                    (score == 0 || r->points >= score * r->scored);
    return approved ? "APPROVED" : "REJECTED";
}

/* One that its owner withdrew is rejected for a reason that is no rule's. */
static bool was_withdrawn(const struct fact *decided)
{
    static const char *const rules[] = {"veto", "no quorum", "nobody said yes or no", "too few yes", "score too low", "agreed"};
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (strcmp(decided->key, rules[i]) == 0)
            return false;
    return strcmp(decided->text, "REJECTED") == 0;
}

static void see_decision(struct check *c, struct review *r, const struct fact *f)
{
    if (r->decided)
        broken(c, "%s was decided twice: %s, then %s", f->id, r->decided->text, f->text);
    else if (r->rule && !was_withdrawn(f) && strcmp(f->text, outcome(r)) != 0)
        broken(c, "%s is %s (%s), and its votes say %s: yes %llu, no %llu, of %llu voted %llu", f->id, f->text, f->key, outcome(r),
               (unsigned long long)r->yes, (unsigned long long)r->no, (unsigned long long)r->total, (unsigned long long)r->voted);
    r->decided = f;
}

static void see_state(struct check *c, struct review *r, const struct fact *f)
{
    if (r->state && strcmp(r->state->text, "OPEN") != 0 && r->state->text != f->text)
        broken(c, "%s was %s and is %s", f->id, r->state->text, f->text);
    r->state = f;
}

static void see(struct ballots *b, const struct fact *f)
{
    struct review *r = group_row(&b->reviews, f->id, "", 0);
    if (f->kind == FACT_review)
        r->rule = f;
    else if (f->kind == FACT_said)
        *(const struct fact **)group_row(&b->said, f->id, f->key, as_said(f)) = f;
    else if (f->kind == FACT_voted)
        see_vote(b, f);
    else if (f->kind == FACT_seat)
        see_seat(b, r, f);
    else if (f->kind == FACT_decided)
        see_decision(b->check, r, f);
    else
        see_state(b->check, r, f);
}

static void judge(struct check *c, const struct review *r)
{
    const char *state = r->state ? r->state->text : "OPEN", *decided = r->decided ? r->decided->text : "OPEN";
    if (strcmp(state, decided) != 0)
        broken(c, "%s is %s, and the ledger says %s", r->state ? r->state->id : r->decided->id, state, decided);
    if (c->h->seen[FACT_quiet] && r->rule && strcmp(state, "OPEN") == 0)
        broken(c, "%s was never decided", r->rule->id);
}

void promise_reviews(struct check *c)
{
    struct ballots b = {.check = c,
                        .reviews = {.size = sizeof(struct review)},
                        .voted = {.size = sizeof(const struct fact *)},
                        .said = {.size = sizeof(const struct fact *)}};
    for each_fact(f, c->h)
        if (f->kind >= FACT_review && f->kind <= FACT_review_state)
            see(&b, f);
    for (struct review *r = NULL; (r = group_next(&b.reviews, r));)
        if (r->state || r->decided)
            judge(c, r);
    group_done(&b.reviews);
    group_done(&b.voted);
    group_done(&b.said);
}

void promise_limits(struct check *c)
{
    for each_fact(f, c->h)
        if (f->kind == FACT_limited && f->n > f->m)
            broken(c, "%s: %llu attempts have begun, its quota has counted %llu", f->key, (unsigned long long)f->n,
                   (unsigned long long)f->m);
}
