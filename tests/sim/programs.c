/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what programs do. Refuses to know who runs them. */
#include "exec.h"
#include "tests/history/history.h"

void program_starts(const struct told *t, struct play *ret)
{
    ret->time = draw_between(20 * MS, 800 * MS);
    snprintf(ret->text, sizeof(ret->text), "%s/%llu", t->task, (unsigned long long)t->attempt);
    trace("starts %s for %s/%llu", t->action, t->task, (unsigned long long)t->attempt);
}

void program_ends(const struct told *t, const struct play *play, bool stopped)
{
    (void)play, (void)stopped;
    trace("ended %s for %s/%llu", t->action, t->task, (unsigned long long)t->attempt);
}
