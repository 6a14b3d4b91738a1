/* SPDX-License-Identifier: MPL-2.0 */
/* KPIs: from readings to a score. Constant cost a reading; a score is computed once a batch, and moves the sums of
 * its scopes by the difference. */
#include "kpi.h"

#include <math.h>

#include "common/mutant.h"
#include "health.h"
#include "orchestrator/core/helios.h"
#include "source.h"
#include "trend.h"

_Static_assert(offsetof(struct kpi, hh) == 4 * KPI_LINE, "a sample touches four cache lines of its KPI");

static double score_between(double value, double target, double critical)
{
    double way = (value - critical) / (target - critical);
    return way <= 0 ? 0 : way >= 1 ? 100 : 100 * way;
}

double kpi_score_of(const struct set_kpi *c, double value)
{
    return score_between(value, c->target, c->critical);
}

double summary_measure(const struct summary *s, enum measure measure)
{
    const double figures[measure_COUNT] = {
        [measure_mean] = s->mean, [measure_p50] = s->p50, [measure_p95] = s->p95, [measure_p99] = s->p99,
        [measure_min] = s->min,   [measure_max] = s->max, [measure_last] = s->last,
    };
    return figures[measure];
}

/* set_score is the one place where a score changes: its scopes follow. -1 = not known. */
static void set_score(struct helios *h, struct kpi *k, double score)
{
    for (size_t i = 0; i < ARRAY_SIZE(k->scopes) && score != k->score; i++)
        if (k->scopes[i])
            scope_move(k->scopes[i], k->weight, k->score, score);
    k->score = score;
    if (k->to_show)
        return;
    k->to_show = true;
    list_push(&h->sense.changed, &k->changed);
}

static bool measure_is_quantile(enum measure measure)
{
    return measure == measure_p50 || measure == measure_p95 || measure == measure_p99;
}

static void on_stale(struct helios *h, struct timer *t)
{
    struct kpi *k = container_of(t, struct kpi, stale);
    if (h->now < k->last + k->config->stale_ms) { /* newer ones came meanwhile */
        timer_set(h, t, k->last + k->config->stale_ms);
        return;
    }
    k->watched = false;
    if (!MUTANT(stale))
        set_score(h, k, -1);
    note(h, EVENT_kpi_stale, k->config->name.at, NULL, NULL, "%s: no sample for %lld s", k->config->name.at,
         (long long)(h->now - k->last) / 1000);
}

void sense_expire(struct helios *h)
{
    struct kpi *k, *next;
    HASH_ITER (hh, h->sense.kpis, k, next)
        if (timer_is_set(&k->stale) && k->stale.node.key <= h->now) {
            timer_stop(h, &k->stale);
            on_stale(h, &k->stale);
        }
}

static void watch(struct helios *h, struct kpi *k)
{
    k->watched = true;
    timer_set(h, &k->stale, k->last + k->config->stale_ms + 1);
}

/* Quantiles are found only where the score or a window's summary needs them. */
static void settle(struct helios *h, struct kpi *k)
{
    struct summary s;
    bool due = h->now - k->summed >= h->config->health.window_ms;
    if (due || measure_is_quantile(k->measure))
        window_read(&k->window, h->now, &s);
    else
        window_sum(&k->window, h->now, &s);
    if (s.count == 0)
        return;
    k->value = summary_measure(&s, k->measure);
    set_score(h, k, score_between(k->value, k->target, k->critical));
    if (due)
        trend_summed(h, k, &s);
    if (!k->watched)
        watch(h, k);
}

void kpis_settle(struct helios *h)
{
    for (size_t i = 0; i < h->sense.n_touched; i++) {
        h->sense.touched[i]->touched = false;
        settle(h, h->sense.touched[i]);
    }
    h->sense.n_touched = 0;
}

static void touch(struct sense *s, struct kpi *k)
{
    k->touched = true;
    if (s->n_touched == s->touched_room) {
        s->touched_room = MAX((size_t)64, 2 * s->touched_room);
        s->touched = xrealloc(s->touched, s->touched_room * sizeof(*s->touched));
    }
    s->touched[s->n_touched++] = k;
}

static void record(struct recorder *r, struct reading reading)
{
    if (r->skip++ % r->stride)
        return;
    if (r->n == RECORDER_MAX) {
        for (size_t i = 0; i < r->n / 2; i++)
            r->at[i] = r->at[2 * i];
        r->n /= 2;
        r->stride *= 2;
    }
    if (r->n == r->room) {
        r->room = MAX((size_t)64, r->room * 2);
        r->at = xrealloc(r->at, r->room * sizeof(*r->at));
    }
    r->at[r->n++] = reading;
}

void kpi_take(struct helios *h, struct kpi *k, struct reading reading)
{
    if (k->last == 0)
        k->first = reading.at;
    k->last = MAX(k->last, reading.at);
    for (size_t i = 0; i < ARRAY_SIZE(k->scopes); i++)
        if (k->scopes[i])
            k->scopes[i]->newest = MAX(k->scopes[i]->newest, reading.at);
    window_add(&k->window, reading.at, reading.value);
    if (k->recorded) {
        list_each (r, &k->recorders, struct recorder, link)
            record(r, reading);
        k->recorded = !list_empty(&k->recorders);
    }
    if (!k->touched)
        touch(&h->sense, k);
}

void kpi_record(struct kpi *k, struct recorder *r)
{
    if (r->stride == 0) {
        r->stride = 1;
        list_init(&r->link);
    }
    list_out(&r->link);
    list_push(&k->recorders, &r->link);
    k->recorded = true;
}

void recorder_stop(struct recorder *r)
{
    if (r->stride)
        list_out(&r->link);
}

void recorder_done(struct recorder *r)
{
    recorder_stop(r);
    free(r->at);
    *r = (struct recorder){0};
}

/* ---- life ---- */

static void set_config(struct kpi *k, const struct set_kpi *config)
{
    k->config = config;
    k->lowest = config->lowest;
    k->highest = config->highest;
    k->target = config->target;
    k->critical = config->critical;
    k->weight = config->weight;
    k->measure = (uint8_t)config->measure;
    k->r.name = config->name;
}

static struct kpi *add_kpi(struct helios *h, const struct set_kpi *config)
{
    struct kpi *k = xalloc_aligned(KPI_LINE, sizeof(*k));
    set_config(k, config);
    k->score = -1;
    window_init(&k->window, h->config->health.window_ms);
    k->stale.run = on_stale;
    list_init(&k->recorders);
    list_init(&k->changed);
    save_init(&k->save, REC_kpi, &k->r, &k->r.name);
    HASH_ADD_KEYPTR(hh, h->sense.kpis, config->name.at, config->name.n, k);
    return k;
}

static void join_scopes(struct helios *h, struct kpi *k)
{
    k->scopes[0] = k->config->weight > 0 ? scope_get(h, BYTES("realm")) : NULL;
    k->scopes[1] = k->config->weight > 0 && k->config->swarm.n ? scope_get(h, k->config->swarm) : NULL;
    for (size_t i = 0; i < ARRAY_SIZE(k->scopes); i++)
        if (k->scopes[i]) {
            k->scopes[i]->weight += k->config->weight;
            scope_move(k->scopes[i], k->config->weight, -1, k->score);
        }
}

static void free_kpi(struct helios *h, struct kpi *k)
{
    HASH_DEL(h->sense.kpis, k);
    timer_stop(h, &k->stale);
    list_each (r, &k->recorders, struct recorder, link)
        list_out(&r->link);
    list_out(&k->changed);
    save_forget(&k->save);
    window_done(&k->window);
    free(k->past);
    free(k);
}

static bool in_file(struct helios *h, struct bytes name)
{
    SEQ_EACH (c, struct set_kpi, h->config->kpis)
        if (bytes_eq(c->name, name))
            return true;
    return false;
}

/* of_config calls take for every KPI of the config, and of the catalogue for those that the controller computes itself and the
 * config does not name. */
static void of_config(struct helios *h, void (*take)(struct helios *, const struct set_kpi *))
{
    size_t n;
    const struct catalogue_kpi *catalogue = kpi_catalogue(&n);
    SEQ_EACH (c, struct set_kpi, h->config->kpis)
        take(h, c);
    for (size_t i = 0; i < n; i++)
        if (catalogue[i].computed && !in_file(h, catalogue[i].kpi.name))
            take(h, &catalogue[i].kpi);
}

static void add_missing(struct helios *h, const struct set_kpi *config)
{
    if (kpi_find(h, config->name) == NULL)
        join_scopes(h, add_kpi(h, config));
}

void kpis_init(struct helios *h)
{
    list_init(&h->sense.changed);
    of_config(h, add_missing);
}

/* A KPI that stays keeps its window; its config, its key in the table and its sums are the new config's. */
static void move_over(struct helios *h, const struct set_kpi *config)
{
    struct kpi *k = kpi_find(h, config->name);
    if (k == NULL)
        return;
    k->stays = true;
    HASH_DEL(h->sense.kpis, k);
    set_config(k, config);
    if (k->window.part_ms * WINDOW_PARTS != h->config->health.window_ms) {
        window_done(&k->window);
        window_init(&k->window, h->config->health.window_ms);
    }
    HASH_ADD_KEYPTR(hh, h->sense.kpis, config->name.at, config->name.n, k);
}

void kpis_reload(struct helios *h)
{
    struct kpi *k, *next;
    HASH_ITER (hh, h->sense.kpis, k, next)
        k->stays = false;
    sources_recall_nothing(h);
    of_config(h, move_over);
    scopes_clear(h);
    HASH_ITER (hh, h->sense.kpis, k, next)
        if (!k->stays)
            free_kpi(h, k);
        else
            join_scopes(h, k);
    of_config(h, add_missing);
}

void kpis_done(struct helios *h)
{
    struct kpi *k, *next;
    HASH_ITER (hh, h->sense.kpis, k, next)
        free_kpi(h, k);
    free(h->sense.touched);
}

/* ---- what deciders ask ---- */

struct kpi *kpi_find(struct helios *h, struct bytes name)
{
    struct kpi *k;
    HASH_FIND(hh, h->sense.kpis, name.at, name.n, k);
    return k;
}

const struct set_kpi *kpi_config(const struct kpi *k)
{
    return k->config;
}

double kpi_score(struct helios *h, struct kpi *k)
{
    (void)h;
    return k->score;
}

double kpi_value(struct helios *h, struct kpi *k)
{
    (void)h;
    return k->value;
}

bool kpi_known(struct helios *h, struct kpi *k)
{
    (void)h;
    return k->score >= 0;
}

unsigned kpi_windows_seen(const struct kpi *k)
{
    return k->first ? (unsigned)((k->last - k->first) / (k->window.part_ms * WINDOW_PARTS)) : 0;
}

bool kpi_inhibited(struct helios *h, struct kpi *k)
{
    SEQ_EACH (name, struct bytes, k->config->causes) {
        struct kpi *cause = kpi_find(h, *name);
        if (cause && cause->score == 0)
            return true;
    }
    return false;
}

void kpi_own(struct helios *h, const char *name, double value)
{
    struct kpi *k = kpi_find(h, bytes_of(name));
    if (k == NULL || !isfinite(value))
        return;
    kpi_take(h, k, (struct reading){h->now, value});
    kpis_settle(h);
}

static int by_name(const struct kpi *a, const struct kpi *b)
{
    return strcmp(a->config->name.at, b->config->name.at);
}

void kpi_each(struct helios *h, kpi_visit *visit, void *context)
{
    struct kpi *k, *next;
    HASH_SORT(h->sense.kpis, by_name);
    HASH_ITER (hh, h->sense.kpis, k, next)
        visit(h, k, context);
}

void kpi_pack(struct helios *h, struct kpi *k, struct pack *p)
{
    struct summary s;
    window_read(&k->window, h->now, &s);
    pack_map(p);
    pack_put_str(p, "name", k->config->name);
    pack_put_int(p, "count", (int64_t)s.count);
    if (s.count) {
        const struct {
            const char *name;
            double value;
        } figures[] = {{"mean", s.mean}, {"p50", s.p50}, {"p95", s.p95}, {"p99", s.p99},
                       {"min", s.min},   {"max", s.max}, {"last", s.last}};
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
            pack_put_num(p, figures[i].name, figures[i].value);
    }
    pack_put_int(p, "age", k->last ? h->now - k->last : -1);
    pack_put_bool(p, "known", k->score >= 0);
    pack_put_num(p, "value", k->value);
    pack_put_num(p, "score", MAX(k->score, 0));
    pack_put_num(p, "slope", k->slope);
    pack_put_str(p, "unit", k->config->unit);
    pack_put_str(p, "title", k->config->title);
    pack_put_str(p, "swarm", k->config->swarm);
    pack_put_str(p, "category", k->config->category);
    pack_put_text(p, "better", enum_text(&enum_better, k->config->better));
    pack_put_text(p, "measure", enum_text(&enum_measure, k->config->measure));
    pack_put_num(p, "target", k->config->target);
    pack_put_num(p, "critical", k->config->critical);
    pack_put_num(p, "weight", k->config->weight);
    pack_end(p);
}

void kpis_pack(struct helios *h, struct pack *p, struct bytes after, int64_t limit)
{
    _autofree_ char *from = bytes_dup(after);
    int64_t left = MIN(MAX(limit, 0), (int64_t)KPIS_MOST);
    struct kpi *k, *next;
    HASH_SORT(h->sense.kpis, by_name);
    pack_list(p);
    HASH_ITER (hh, h->sense.kpis, k, next)
        if (strcmp(k->config->name.at, from) > 0 && left-- > 0)
            kpi_pack(h, k, p);
    pack_end(p);
}
