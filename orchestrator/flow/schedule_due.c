/* SPDX-License-Identifier: MPL-2.0 */
/* Which times of a schedule have come (S1, S4, S6): one timer for all of them, since the wall clock may jump. What becomes of a time
 * stands in schedule_begin.c. */
#include "schedule.h"

#define SETTLED_MOST 500 /* in one turn: a commit must not become too long (C3) */
#define AGAIN_MS 500     /* while nothing can be started */

/* ---- times ---- */

int64_t schedule_jitter(const struct schedule *s, int64_t time)
{
    struct rand r = {cron_seed(s->r.id) ^ (uint64_t)time};
    return s->spec->jitter_ms ? (int64_t)(rand_next(&r) % (uint64_t)(s->spec->jitter_ms + 1)) : 0;
}

int64_t schedule_next(const struct schedule *s, int64_t after)
{
    return s->spec->enabled && !s->broken[0] ? cron_next(&s->cron, s->zone, after) : CRON_NEVER;
}

static int64_t newest(const struct schedule *s, int64_t after, int64_t until)
{
    return cron_newest(&s->cron, s->zone, after, until);
}

uint64_t schedule_count(const struct schedule *s, int64_t after, int64_t until, uint64_t most)
{
    uint64_t n = 0;
    while (n < most && (after = cron_next(&s->cron, s->zone, after)) <= until)
        n++;
    return n;
}

/* The newest time that is not after `time`, looked for ever further back; 0 when there is none for ten years. */
static int64_t at_or_before(const struct schedule *s, int64_t time)
{
    for (int64_t back = 60000; back < 10 * 366 * 86400000ll; back *= 8) {
        int64_t found = newest(s, time - back, time);
        if (found != CRON_NEVER)
            return found;
    }
    return 0;
}

/* One that is immediate has the times of those it waits for: as old as the oldest of them. */
static int64_t need_of_immediate(struct schedule *s, int64_t time)
{
    int64_t need = time;
    for (size_t i = 0; i < s->n_edges; i++)
        if (s->edges[i].parent)
            need = MIN(need, schedule_need(s->edges[i].parent, time));
    return need;
}

int64_t schedule_need(struct schedule *s, int64_t time)
{
    if (s->need_for != time) {
        s->need = s->cron.kind == CRON_IMMEDIATE ? need_of_immediate(s, time) : at_or_before(s, time);
        s->need_for = time;
    }
    return s->need;
}

/* ---- the clock ---- */

void schedules_arm(struct helios *h)
{
    struct schedules *all = schedules_of(h);
    struct heap_node *first = heap_first(&all->due);
    if (first && all->leads)
        timer_set(h, &all->timer, MAX(first->key - h->wall_ahead, h->now));
    else
        timer_stop(h, &all->timer);
}

static bool by_the_clock(const struct schedule *s)
{
    return !s->r.paused && !s->catching_up;
}

void schedule_put(struct helios *h, struct schedule *s)
{
    struct schedules *all = schedules_of(h);
    int64_t next = by_the_clock(s) ? schedule_next(s, s->r.cursor) : CRON_NEVER;
    bool was_first = heap_first(&all->due) == &s->due;
    if (next == CRON_NEVER)
        heap_out(&all->due, &s->due);
    else
        heap_put(&all->due, &s->due, next + schedule_jitter(s, next));
    if (all->leads && (was_first || heap_first(&all->due) == &s->due))
        schedules_arm(h);
}

/* ---- misfires (S4): all that are not after `until` are late ---- */

static void late_skip(struct helios *h, struct schedule *s, int64_t until)
{
    schedule_pass(h, s, newest(s, s->r.cursor, until), "it was late, and `misfire` is skip");
}

static void late_once(struct helios *h, struct schedule *s, int64_t until)
{
    int64_t last = newest(s, s->r.cursor, until), before = newest(s, s->r.cursor, last - 1);
    if (last < schedule_wall(h) - s->spec->window_ms) {
        schedule_pass(h, s, last, "it was later than `window` allows");
        return;
    }
    if (before != CRON_NEVER)
        schedule_pass(h, s, before, "it was late, and only the newest late one runs");
    schedule_begin(h, s, last, true);
}

/* after_most gives the time behind which no more than may run are left. */
static int64_t after_most(const struct schedule *s, int64_t after, int64_t until)
{
    int64_t from = after, to = until;
    if (schedule_count(s, after, until, SCHEDULE_LATE_MOST + 1) <= SCHEDULE_LATE_MOST)
        return after;
    while (from + 1 < to) {
        int64_t middle = from + (to - from) / 2;
        if (schedule_count(s, middle, until, SCHEDULE_LATE_MOST + 1) <= SCHEDULE_LATE_MOST)
            to = middle;
        else
            from = middle;
    }
    return to;
}

/* Late ones do not overlap, they follow each other: what runs, or waits, comes first. */
static void late_all(struct helios *h, struct schedule *s, int64_t until)
{
    int64_t oldest = MAX(s->r.cursor, schedule_wall(h) - s->spec->window_ms - 1);
    int64_t passed = newest(s, s->r.cursor, after_most(s, oldest, until));
    if (passed != CRON_NEVER)
        schedule_pass(h, s, passed, "it was later than `window` allows, or over 1000 were late");
    int64_t next = schedule_next(s, s->r.cursor);
    if (next > until)
        return;
    s->catching_up = s->r.waiting || (s->n_running && s->spec->overlap != overlap_allow);
    if (!s->catching_up)
        schedule_begin(h, s, next, true);
}

static void settle(struct helios *h, struct schedule *s)
{
    static void (*const misfires[misfire_COUNT])(struct helios *, struct schedule *, int64_t) = {
        [misfire_skip] = late_skip, [misfire_once] = late_once, [misfire_all] = late_all};
    int64_t time = schedule_next(s, s->r.cursor), late = schedule_wall(h) - s->spec->late_ms - s->spec->jitter_ms;
    if (time < late)
        misfires[s->spec->misfire](h, s, late - 1);
    else
        schedule_begin(h, s, time, false);
    schedule_put(h, s);
}

/* While commits are held, the realm drains or is full, what is due waits: it is late then, which is the truth. */
static bool can_start(const struct helios *h)
{
    return !h->held && !h->closing && !h->control.draining && h->work.n_tasks < (size_t)h->config->tasks.max_queued;
}

void schedules_on_timer(struct helios *h, struct timer *t)
{
    struct schedules *all = schedules_of(h);
    struct heap_node *first;
    for (int i = 0; i < SETTLED_MOST && can_start(h) && (first = heap_first(&all->due)) && first->key <= schedule_wall(h); i++)
        settle(h, container_of(first, struct schedule, due));
    if (can_start(h))
        schedules_arm(h);
    else
        timer_set(h, t, h->now + AGAIN_MS);
}
