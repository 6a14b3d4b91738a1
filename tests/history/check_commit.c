/* SPDX-License-Identifier: MPL-2.0 */
/* What the store is promised: one writer a term, and no hole in what it writes. */
#include "inside.h"

static void follows(struct check *c, const struct fact *last, const struct fact *f)
{
    if (f->n < last->n)
        broken(c, "%s committed %llu in epoch %llu after epoch %llu had begun", f->who,
               (unsigned long long)f->m, (unsigned long long)f->n, (unsigned long long)last->n);
    if (f->m != last->m + 1)
        broken(c, "commit %llu of %s follows commit %llu of %s", (unsigned long long)f->m, f->who,
               (unsigned long long)last->m, last->who);
}

void promise_commits(struct check *c)
{
    _cleanup_(group_done) struct group epochs = {.size = sizeof(const char *)};
    const struct fact *last = NULL;
    uint64_t newest = 0; /* epoch that somebody leads in */
    for each_fact(f, c->h) {
        if (f->kind == FACT_led)
            newest = f->n;
        if (f->kind != FACT_commit)
            continue;
        if (f->n < newest)
            broken(c, "%s committed %llu in epoch %llu while epoch %llu was led", f->who,
                   (unsigned long long)f->m, (unsigned long long)f->n, (unsigned long long)newest);
        const char **committer = group_row(&epochs, "", "", f->n);
        if (*committer && *committer != f->who)
            broken(c, "%s and %s both committed in epoch %llu", *committer, f->who,
                   (unsigned long long)f->n);
        *committer = f->who;
        if (last)
            follows(c, last, f);
        last = f;
    }
}
