/* SPDX-License-Identifier: MPL-2.0 */
/* What a schedule is promised: each of its times is settled once, in the commit that starts it, or that says why it does not. */
#include "inside.h"

struct schedule {
    const char *id;
    const struct fact *cursor;  /* the newest */
    uint64_t passed, started, skipped, waiting; /* occurrences; waiting: 0 or 1 */
    bool touched; /* by the commit under way */
};

struct occurrences {
    struct check *check;
    struct group schedules; /* struct schedule, by id */
    struct group started;   /* const struct fact *, by schedule and time */
    bool touched;
};

static void cursor_moves(struct check *c, struct schedule *s, const struct fact *f)
{
    if (s->cursor && f->n < s->cursor->n)
        broken(c, "the cursor of %s went back from %llu to %llu at %s", f->id, (unsigned long long)s->cursor->n,
               (unsigned long long)f->n, f->who);
    s->cursor = f;
    s->passed += f->m;
}

static void occurrence_starts(struct occurrences *o, struct schedule *s, const struct fact *f)
{
    const struct fact **first = group_row(&o->started, f->id, f->key, 0);
    if (*first && (*first)->text != f->text)
        broken(o->check, "%s of %s was started as %s and as %s", f->key, f->id, (*first)->text, f->text);
    s->started += *first == NULL;
    *first = f;
}

/* What a commit passes, it starts, skips or keeps waiting. */
static void commit_ends(struct occurrences *o)
{
    for (struct schedule *s = NULL; o->touched && (s = group_next(&o->schedules, s));) {
        uint64_t settled = s->started + s->skipped + s->waiting;
        if (s->touched && s->passed != settled) {
            broken(o->check, "%s has passed %llu of its times, and of these %llu were started, %llu skipped, %llu wait", s->id,
                   (unsigned long long)s->passed, (unsigned long long)s->started, (unsigned long long)s->skipped,
                   (unsigned long long)s->waiting);
            s->passed = settled;
        }
        s->touched = false;
    }
    o->touched = false;
}

static void see(struct occurrences *o, const struct fact *f)
{
    struct schedule *s = group_row(&o->schedules, f->id, "", 0);
    s->id = f->id;
    s->touched = o->touched = true;
    if (f->kind == FACT_settled)
        cursor_moves(o->check, s, f);
    else if (f->kind == FACT_occurs)
        occurrence_starts(o, s, f);
    else if (f->kind == FACT_skips)
        s->skipped += f->m;
    else
        s->waiting = f->n != 0;
}

void promise_occurrences(struct check *c)
{
    struct occurrences o = {.check = c, .schedules = {.size = sizeof(struct schedule)}, .started = {.size = sizeof(const struct fact *)}};
    for each_fact(f, c->h) {
        if (f->kind == FACT_commit)
            commit_ends(&o);
        else if (f->kind >= FACT_settled && f->kind <= FACT_waits)
            see(&o, f);
    }
    commit_ends(&o);
    group_done(&o.schedules);
    group_done(&o.started);
}
