/* SPDX-License-Identifier: MPL-2.0 */
/* What a schedule is promised that leaves none out and may overlap: each of its times up to the cursor has begun one task (S1). Counts by
 * itself: it knows nothing of orchestrator/flow. */
#include "inside.h"

struct cursor_of {
    bool known;
    uint64_t at;
};

static void see_cursor(struct check *c, struct group *tasks, struct cursor_of *cursor, const struct fact *f)
{
    if (cursor->known && f->n < cursor->at)
        broken(c, "%s: its cursor went back from %llu to %llu", f->key, (unsigned long long)cursor->at, (unsigned long long)f->n);
    for (uint64_t time = cursor->known ? cursor->at / f->m * f->m + f->m : UINT64_MAX; time <= f->n; time += f->m)
        if (*(const struct fact **)group_row(tasks, f->key, "", time) == NULL)
            broken(c, "%s: its cursor is %llu, and nothing began at %llu", f->key, (unsigned long long)f->n, (unsigned long long)time);
    *cursor = (struct cursor_of){true, MAX(cursor->at, f->n)};
}

void promise_occurrences(struct check *c)
{
    _cleanup_(group_done) struct group tasks = {.size = sizeof(const struct fact *)};
    _cleanup_(group_done) struct group cursors = {.size = sizeof(struct cursor_of)};
    for each_fact(f, c->h) {
        if (f->kind == FACT_settled)
            see_cursor(c, &tasks, group_row(&cursors, f->key, "", 0), f);
        if (f->kind != FACT_occurred)
            continue;
        const struct fact **before = group_row(&tasks, f->key, "", f->n);
        if (*before && strcmp((*before)->id, f->id) != 0)
            broken(c, "%s of %llu has two tasks: %s and %s", f->key, (unsigned long long)f->n, (*before)->id, f->id);
        *before = f;
    }
}
