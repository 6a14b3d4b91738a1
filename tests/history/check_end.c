/* SPDX-License-Identifier: MPL-2.0 */
/* What must hold when all is over: the samples add up, nothing waits, nothing runs. */
#include "inside.h"

struct flow {
    const struct fact *sent; /* the newest */
    uint64_t n_sent, n_stored, n_dropped;
};

void promise_samples(struct check *c)
{
    _cleanup_(group_done) struct group flows = {.size = sizeof(struct flow)};
    for each_fact(f, c->h) {
        if (f->kind < FACT_sent || f->kind > FACT_dropped)
            continue;
        struct flow *s = group_row(&flows, f->who, f->key, 0);
        if (f->kind == FACT_sent)
            s->sent = f;
        *(f->kind == FACT_sent     ? &s->n_sent
          : f->kind == FACT_stored ? &s->n_stored
                                   : &s->n_dropped) += f->n;
    }
    for (struct flow *s = NULL; (s = group_next(&flows, s));)
        if (s->sent && s->n_sent != s->n_stored + s->n_dropped)
            broken(c, "of %llu samples of %s %s stored %llu and counted %llu as lost or refused",
                   (unsigned long long)s->n_sent, s->sent->who,
                   *s->sent->key ? s->sent->key : "somebody", (unsigned long long)s->n_stored,
                   (unsigned long long)s->n_dropped);
}

void promise_blocked(struct check *c)
{
    for each_fact(f, c->h)
        if (f->kind == FACT_live && !*f->text)
            broken(c, "%s is blocked and says no reason", f->id);
}

/* An attempt whose agent died ended with it. */
static void attempts_over(struct check *c)
{
    _cleanup_(group_done) struct group runs = {.size = sizeof(const struct fact *)};
    _cleanup_(group_done) struct group dead = {.size = sizeof(const struct fact *)};
    for each_fact(f, c->h) {
        if (f->kind == FACT_started)
            *(const struct fact **)group_row(&runs, f->id, f->who, f->n) = f;
        else if (f->kind == FACT_ended)
            *(const struct fact **)group_row(&runs, f->id, f->who, f->n) = NULL;
        else if (f->kind == FACT_gone)
            *(const struct fact **)group_row(&dead, f->who, "", 0) = f;
    }
    for (const struct fact **run = NULL; (run = group_next(&runs, run));) {
        const struct fact **death = *run ? group_seek(&dead, (*run)->who, "", 0) : NULL;
        if (*run && !(death && *death > *run))
            broken(c, "attempt %llu of %s still runs at %s", (unsigned long long)(*run)->n,
                   (*run)->id, (*run)->who);
    }
}

void promise_drained(struct check *c)
{
    if (!c->h->seen[FACT_quiet])
        return;
    for each_fact(f, c->h)
        if (f->kind == FACT_live && f->n != 1)
            broken(c, "%s has not ended: %s", f->id, *f->text ? f->text : "no reason is given");
    attempts_over(c);
}
