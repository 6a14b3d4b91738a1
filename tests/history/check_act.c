/* SPDX-License-Identifier: MPL-2.0 */
/* What the world is promised: few emergency acts, none on bad data, and no change that nobody answers for. */
#include "inside.h"

#define HOUR_MS (60 * 60 * INT64_C(1000))

/* spent_in_hour counts the acts of a target (NULL = of all) in the hour that ends with f. */
static unsigned spent_in_hour(const struct history *h, const struct fact *f, const char *target)
{
    unsigned n = 0;
    for (const struct fact *it = f + 1; it-- > h->facts;)
        n += it->kind == FACT_spent && it->key == f->key && (!target || it->who == target) &&
             it->at > f->at - HOUR_MS;
    return n;
}

void promise_budgets(struct check *c)
{
    for each_fact(f, c->h) {
        if (f->kind != FACT_spent)
            continue;
        unsigned of_target = spent_in_hour(c->h, f, f->who), of_all = spent_in_hour(c->h, f, NULL);
        if (of_target > (f->n ? f->n : 3))
            broken(c, "%s is act %u on %s within an hour", f->id, of_target, f->who);
        if (of_all > (f->m ? f->m : 10))
            broken(c, "%s is act %u of all within an hour", f->id, of_all);
    }
}

void promise_acts(struct check *c)
{
    static const char *const wrong[] = {"", "stale", "absurd", "stale and absurd"};
    for each_fact(f, c->h) {
        if (f->kind != FACT_acted)
            continue;
        if (f->n != 1)
            broken(c, "%s on %s (%s) was authorized while health was unknown", f->id, f->key,
                   f->text);
        if (f->m)
            broken(c, "%s on %s (%s) was authorized on %s%s data", f->id, f->key, f->text,
                   f->m & 4 ? "missing " : "", wrong[f->m & 3]);
    }
}

/* ---- optimizations ---- */

struct change {
    const char *id;
    const struct fact *applied, *verdict, *undone, *closed;
};

static void change_closed(struct check *c, struct change *o, const struct fact *f)
{
    if (o->closed)
        broken(c, "%s ended twice: %s, then %s", f->id, o->closed->text, f->text);
    o->closed = f;
}

static void change_judge(struct check *c, const struct change *o)
{
    const char *end = o->closed ? o->closed->text : "";
    if (o->applied && !o->closed)
        broken(c, "%s was applied and is left half way: %s", o->id,
               o->undone ? "undone, not closed" : "neither kept nor undone");
    if (o->applied && strcmp(end, "ABANDONED") == 0)
        broken(c, "%s is ABANDONED, and its change was applied", o->id);
    if (o->applied && strcmp(end, "ROLLED_BACK") == 0 && !o->undone)
        broken(c, "%s is ROLLED_BACK, and its undo was never carried out", o->id);
    if (strcmp(end, "ACCEPTED") == 0 && (!o->verdict || strcmp(o->verdict->text, "SUCCESS") != 0))
        broken(c, "%s is ACCEPTED with the verdict %s", o->id,
               o->verdict ? o->verdict->text : "NONE");
    if (o->closed && o->applied > o->closed)
        broken(c, "%s was applied after it had ended (%s)", o->id, end);
}

void promise_optimizations(struct check *c)
{
    _cleanup_(group_done) struct group changes = {.size = sizeof(struct change)};
    for each_fact(f, c->h) {
        if (f->kind < FACT_opened || f->kind > FACT_closed)
            continue;
        struct change *o = group_row(&changes, f->id, "", 0);
        o->id = f->id;
        if (f->kind == FACT_applied)
            o->applied = f;
        else if (f->kind == FACT_verdict)
            o->verdict = f;
        else if (f->kind == FACT_undone)
            o->undone = f;
        else if (f->kind == FACT_closed)
            change_closed(c, o, f);
    }
    for (struct change *o = NULL; (o = group_next(&changes, o));)
        change_judge(c, o);
}
