/* SPDX-License-Identifier: MPL-2.0 */
/* What runs now, for who waits for its end. Changes nothing. */
#include "common/text.h"
#include "orchestrator/core/helios.h"

enum { TOLD_MOST = 3 };

size_t work_running(const struct helios *h)
{
    size_t n = 0;
    for (const struct agent *a = h->work.agents_by_id; a; a = a->hh.next)
        n += a->n_held;
    return n;
}

/* take keeps the oldest ones, oldest first. */
static void take(const struct task **oldest, size_t *n, const struct task *t)
{
    size_t at = *n;
    while (at && oldest[at - 1]->r.started > t->r.started)
        at--;
    if (at == TOLD_MOST)
        return;
    *n = MIN(*n + 1, (size_t)TOLD_MOST);
    memmove(&oldest[at + 1], &oldest[at], (*n - 1 - at) * sizeof(*oldest));
    oldest[at] = t;
}

void work_tell_running(const struct helios *h, struct buf *out)
{
    const struct task *oldest[TOLD_MOST];
    size_t n = 0, all = work_running(h);
    for (const struct agent *a = h->work.agents_by_id; a; a = a->hh.next)
        list_each (t, &a->held, struct task, held)
            take(oldest, &n, t);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%s %s on %s for ", i ? ", " : "", oldest[i]->r.id.at, oldest[i]->r.action.at, oldest[i]->agent->r.id.at);
        text_duration(out, MAX(h->now - oldest[i]->r.started, 0));
    }
    if (all > n)
        buf_printf(out, ", and %zu more", all - n);
}
