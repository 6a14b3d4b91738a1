/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the counts of limited actions (Q1). Refuses to know tasks: a closed quota closes the classes of its action (queue.h), so
 * what is over waits in the queue in its order, and none of it is looked at until something may begin. */
#include "quota.h"

#include "common/mutant.h"
#include "common/text.h"
#include "gate.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "settings/zones.h"
#include "task.h"

#define DAY_S (24 * 3600)

/* ---- day and rate ---- */

/* day_near gives when the day of the quota's zone begins in which `at` lies, or so many days later. */
static int64_t day_near(const struct quota *q, int64_t at, int64_t later)
{
    int64_t second = floor_div(at, 1000);
    int64_t day = floor_div(second + zone_span(q->zone, second).offset, DAY_S) + later;
    return 1000 * zone_moment(q->zone, day * DAY_S);
}

static int64_t day_of(const struct quota *q, int64_t at)
{
    return day_near(q, at, 0);
}

static void set_day(struct quota *q, int64_t day)
{
    q->r.day = day;
    q->day_end = day_near(q, day, 1);
}

int64_t quota_day_end(const struct quota *q)
{
    return q->day_end;
}

/* Days are of the clock on the wall, rates of the one that never jumps. */
static int64_t wall(const struct helios *h)
{
    return h->now + h->wall_ahead;
}

uint64_t quota_used(const struct helios *h, const struct quota *q)
{
    return wall(h) >= quota_day_end(q) ? 0 : q->r.used;
}

static bool day_is_full(const struct helios *h, const struct quota *q)
{
    return q->limit->per_day && quota_used(h, q) >= (uint64_t)q->limit->per_day;
}

unsigned quota_in_time(const struct helios *h, const struct quota *q)
{
    size_t over = 0;
    while (over < q->n && q->times[q->first + over] + q->rate.ms <= h->now)
        over++;
    return (unsigned)(q->n - over);
}

/* rate_next: the oldest of the last `most` starts must be out of the time; the array holds no more than those. */
static int64_t rate_next(const struct helios *h, const struct quota *q)
{
    return q->rate.most && q->n >= q->rate.most ? q->times[q->first] + q->rate.ms : h->now;
}

int64_t quota_next(const struct helios *h, const struct quota *q)
{
    int64_t next = h->now;
    if (q->limit && day_is_full(h, q))
        next = quota_day_end(q) - h->wall_ahead;
    return MAX(next, rate_next(h, q));
}

static bool has_place(const struct quota *q)
{
    return q->limit == NULL || q->limit->max_concurrent == 0 || q->running < q->limit->max_concurrent;
}

static void refresh(struct helios *h, struct quota *q)
{
    int64_t next = quota_next(h, q);
    bool open = has_place(q) && next <= h->now;
    if (next > h->now)
        timer_set(h, &q->timer, next);
    else
        timer_stop(h, &q->timer);
    if (open == q->open)
        return;
    q->open = open;
    list_each (c, &q->classes, struct class, of_quota)
        class_refresh(h, c);
}

static void gives_again(struct helios *h, struct timer *t)
{
    refresh(h, container_of(t, struct quota, timer));
}

/* ---- an attempt ---- */

static void show_times(struct quota *q)
{
    q->r.times = q->n ? (struct bytes){(const char *)(q->times + q->first), q->n * sizeof(*q->times)} : (struct bytes){0};
}

static void add_time(struct quota *q, int64_t at)
{
    if (q->n == q->rate.most) { /* it is out of the time, or nothing could begin */
        q->first++;
        q->n--;
    }
    if (q->first + q->n == 2 * RATE_MOST) {
        memmove(q->times, q->times + q->first, q->n * sizeof(*q->times));
        q->first = 0;
    }
    q->times[q->first + q->n++] = at;
    show_times(q);
}

static void tell_full(struct helios *h, const struct quota *q)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "rule", "Q1");
    pack_put_int(&p, "per_day", q->limit->per_day);
    pack_put_int(&p, "day", q->r.day);
    pack_put_int(&p, "resets_at", quota_day_end(q));
    pack_end(&p);
    note(h, EVENT_quota_reached, q->r.id.at, NULL, &data,
         "%s: all %lld attempts of the day have begun; what is over waits for the next one", q->r.id.at,
         (long long)q->limit->per_day);
    buf_done(&data);
}

/* A day that was counted is never counted anew, so a clock that goes back gives nothing a second time. */
static void turn_day(const struct helios *h, struct quota *q)
{
    if (wall(h) < quota_day_end(q))
        return;
    set_day(q, day_of(q, wall(h)));
    q->r.used = 0;
}

void quota_take(struct helios *h, struct quota *q)
{
    if (q == NULL || q->limit == NULL || (q->limit->per_day == 0 && q->rate.most == 0))
        return;
    turn_day(h, q);
    q->r.used++;
    if (q->rate.most)
        add_time(q, h->now);
    if (!MUTANT(quota))
        save_mark(h, &q->save);
    if (q->limit->per_day && q->r.used == (uint64_t)q->limit->per_day)
        tell_full(h, q);
}

void quota_enter(struct helios *h, struct quota *q)
{
    if (q == NULL)
        return;
    q->running++;
    refresh(h, q);
}

void quota_leave(struct helios *h, struct quota *q)
{
    if (q == NULL)
        return;
    q->running--;
    refresh(h, q);
}

void quota_why(struct helios *h, const struct quota *q, struct buf *out)
{
    const char *name = q->r.id.at;
    int64_t left = quota_next(h, q) - h->now;
    if (!has_place(q)) {
        buf_printf(out, "%u attempts of %s run, its limit is %lld at once", q->running, name,
                   (long long)q->limit->max_concurrent);
        return;
    }
    if (day_is_full(h, q))
        buf_printf(out, "all %lld attempts that %s may make a day have begun: the next day begins in ",
                   (long long)q->limit->per_day, name);
    else
        buf_printf(out, "%s begins at most " BYTES_F ": the next one in ", name, BYTES_A(q->limit->rate));
    text_duration(out, left);
}

/* ---- born and gone ---- */

struct quota *quota_find(struct helios *h, struct bytes action)
{
    struct quota *q;
    HASH_FIND(hh, h->work.gates->quotas, action.at, action.n, q);
    return q;
}

static struct quota *quota_make(struct helios *h, struct bytes action)
{
    struct quota *q = quota_find(h, action);
    if (q)
        return q;
    q = NEW(struct quota);
    struct_defaults(&schema_records[REC_quota], &q->r);
    q->r.id = action;
    record_own(&schema_records[REC_quota], &q->r);
    q->open = true;
    q->times = xalloc(2 * RATE_MOST * sizeof(*q->times));
    q->timer.run = gives_again;
    list_init(&q->classes);
    save_init(&q->save, REC_quota, &q->r, &q->r.id);
    HASH_ADD_KEYPTR(hh, h->work.gates->quotas, q->r.id.at, q->r.id.n, q);
    return q;
}

static void quota_free(struct helios *h, struct quota *q)
{
    HASH_DEL(h->work.gates->quotas, q);
    timer_stop(h, &q->timer);
    save_forget(&q->save);
    q->r.times = (struct bytes){0};
    record_free(&schema_records[REC_quota], &q->r);
    free(q->times);
    free(q);
}

void quotas_free(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next)
        quota_free(h, q);
}

/* keep_newest: no more starts are remembered than the rate asks for. */
static void keep_newest(struct quota *q)
{
    size_t over = q->n > q->rate.most ? q->n - q->rate.most : 0;
    q->first += over;
    q->n -= over;
    show_times(q);
}

/* take_classes: the action is limited from now on. */
static void take_classes(struct helios *h, struct quota *q)
{
    struct offer *o;
    HASH_FIND(hh, h->work.offers, q->r.id.at, q->r.id.n, o);
    if (o)
        list_each (c, &o->classes, struct class, of_action) {
            c->quota = q;
            list_out(&c->of_quota);
            list_push(&q->classes, &c->of_quota);
        }
}

static void count_running(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next)
        q->running = 0;
    if (h->work.gates->quotas)
        MAP_EACH (t, struct task, &h->work.tasks)
            if (t->r.state == task_state_IN_PROGRESS && t->class->quota)
                t->class->quota->running++;
}

void quotas_follow(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next) {
        q->limit = NULL;
        q->rate = (struct rate){0};
    }
    SEQ_EACH (l, const struct set_limit, h->config->limits) {
        q = quota_make(h, l->action);
        q->limit = l;
        rate_parse(l->rate, &q->rate); /* the check has read both before */
        zones_find(l->zone, &q->zone);
        set_day(q, q->r.day);
        take_classes(h, q);
    }
    count_running(h);
    HASH_ITER (hh, h->work.gates->quotas, q, next) {
        keep_newest(q);
        refresh(h, q);
    }
}

/* ---- brought back ---- */

static int could_be(const struct rec_quota *r)
{
    bool good = text_is_name(r->id) && r->times.n % sizeof(int64_t) == 0 && r->times.n <= RATE_MOST * sizeof(int64_t);
    return good ? 0 : -EPROTO;
}

int quota_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_quota r;
    int e = struct_decode(&schema_records[REC_quota], value, &r, &arena, NULL);
    if (e == 0)
        e = could_be(&r);
    if (e == 0) {
        struct quota *q = quota_make(h, r.id);
        set_day(q, r.day);
        q->r.used = r.used;
        q->first = 0;
        q->n = r.times.n / sizeof(*q->times);
        if (q->n)
            memcpy(q->times, r.times.at, r.times.n);
        show_times(q);
        save_loaded(&q->save);
    }
    arena_done(&arena);
    return e;
}

/* bring_back: the clock of the leader before may have been ahead of ours. What it counted is of today then. */
static void bring_back(const struct helios *h, struct quota *q)
{
    set_day(q, MIN(q->r.day, day_of(q, wall(h))));
    for (size_t i = 0; i < q->n; i++)
        q->times[q->first + i] = MIN(q->times[q->first + i], h->now);
    keep_newest(q);
}

void quotas_wall(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next) {
        bring_back(h, q);
        refresh(h, q);
    }
}

void quotas_lead(struct helios *h)
{
    struct quota *q, *next;
    HASH_ITER (hh, h->work.gates->quotas, q, next) {
        bring_back(h, q);
        if (q->limit == NULL && wall(h) >= quota_day_end(q)) {
            save_drop(h, &q->save);
            quota_free(h, q);
        } else {
            refresh(h, q);
        }
    }
}
