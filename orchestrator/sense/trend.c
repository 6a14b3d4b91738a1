/* SPDX-License-Identifier: MPL-2.0 */
/* What past windows tell. The statistics are common/stats'. */
#include "trend.h"

#include <math.h>

#include "common/stats/quantile.h"
#include "common/stats/trend.h"
#include "common/stats/values.h"
#include "orchestrator/core/helios.h"

#define PAST_FOR_ANOMALY 12 /* windows before which nothing is called unusual */
#define PAST_FOR_TREND 8

size_t kpi_past(const struct kpi *k, struct reading *ret)
{
    size_t first = k->n_past < KPI_PAST ? 0 : k->next_past;
    for (size_t i = 0; i < k->n_past; i++)
        ret[i] = k->past[(first + i) % KPI_PAST];
    return k->n_past;
}

static void remember(struct kpi *k, struct reading r)
{
    if (k->past == NULL)
        k->past = xalloc(KPI_PAST * sizeof(*k->past));
    k->past[k->next_past] = r;
    k->next_past = (k->next_past + 1) % KPI_PAST;
    k->n_past = MIN(k->n_past + 1, (size_t)KPI_PAST);
}

static double past_z(const struct kpi *k, double value)
{
    double values[KPI_PAST];
    for (size_t i = 0; i < k->n_past; i++)
        values[i] = k->past[i].value;
    values_sort(values, k->n_past);
    struct robust r = robust_of(values, k->n_past);
    return robust_z(&r, value);
}

/* An anomaly is told once, and again only after the KPI has been usual in between. A constant past has no spread: then only
 * what crosses into another score is unusual. */
static void judge_anomaly(struct helios *h, struct kpi *k, double mean)
{
    if (k->n_past < PAST_FOR_ANOMALY)
        return;
    double z = past_z(k, mean);
    bool unusual = fabs(z) >= h->config->trend.anomaly_z;
    if (unusual && !k->anomalous)
        note(h, EVENT_kpi_anomaly, k->config->name.at, NULL, NULL,
             "%s: %.4g %s is far from its past %zu windows (robust z %.1f, limit %.1f)", k->config->name.at, mean,
             k->config->unit.at, k->n_past, z, h->config->trend.anomaly_z);
    k->anomalous = unusual;
}

static void show(struct helios *h, struct kpi *k, const struct summary *s)
{
    k->r = (struct rec_kpi){.name = k->config->name, .at = h->now, .count = s->count, .mean = s->mean, .p50 = s->p50,
                            .p95 = s->p95, .p99 = s->p99, .min = s->min, .max = s->max, .last = s->last,
                            .score = MAX(k->score, 0)};
    save_mark(h, &k->save);
}

void trend_summed(struct helios *h, struct kpi *k, const struct summary *s)
{
    k->summed = h->now;
    judge_anomaly(h, k, s->mean);
    remember(k, (struct reading){h->now, s->mean});
    show(h, k, s);
}

static bool estimate(struct helios *h, const struct kpi *k, struct trend *ret)
{
    struct reading past[KPI_PAST];
    struct trend_point points[KPI_PAST];
    size_t n = kpi_past(k, past);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct trend_point){past[i].at, past[i].value};
    return n >= PAST_FOR_TREND && trend_estimate(points, n, 1 - h->config->trend.confidence / 100, ret) == 0;
}

/* A warning goes out when the slope is significant, leads to the critical value within the horizon, and has not got there. */
static void judge_forecast(struct helios *h, struct kpi *k, const struct trend *t)
{
    bool significant = t->low > 0 || t->high < 0;
    struct forecast f = forecast(t, h->now, k->config->critical);
    bool coming = significant && k->score > 0 && f.in_ms > 0 && f.in_ms <= h->config->trend.horizon_ms;
    if (coming && !k->forecast) {
        struct buf data = {0};
        struct pack p;
        pack_init(&p, &data);
        pack_map(&p);
        pack_put_num(&p, "slope", t->slope);
        pack_put_num(&p, "slope_low", t->low);
        pack_put_num(&p, "slope_high", t->high);
        pack_put_num(&p, "p", t->p);
        pack_put_num(&p, "level", t->level);
        pack_put_num(&p, "critical", k->config->critical);
        pack_put_int(&p, "in_ms", f.in_ms);
        pack_put_int(&p, "earliest_ms", f.earliest == FORECAST_NEVER ? -1 : f.earliest);
        pack_put_int(&p, "latest_ms", f.latest == FORECAST_NEVER ? -1 : f.latest);
        pack_end(&p);
        note(h, EVENT_kpi_forecast, k->config->name.at, NULL, &data,
             "%s will cross its critical %.4g %s in about %lld s if this goes on (%.3g a second, p=%.3g)",
             k->config->name.at, k->config->critical, k->config->unit.at, (long long)f.in_ms / 1000, t->slope, t->p);
        buf_done(&data);
    }
    /* Told again only after the trend has turned or the limit was met: a slope that is now and then not significant is no turn. */
    k->forecast = coming || (k->forecast && !significant);
}

static void trend_one(struct helios *h, struct kpi *k, struct pack *p)
{
    struct trend t;
    if (k->score < 0 || !estimate(h, k, &t))
        return;
    bool significant = t.low > 0 || t.high < 0;
    k->slope = significant ? t.slope : 0;
    k->slope_low = t.low;
    k->slope_high = t.high;
    judge_forecast(h, k, &t);
    pack_map(p);
    pack_put_str(p, "name", k->config->name);
    pack_put_num(p, "slope", t.slope);
    pack_put_num(p, "low", t.low);
    pack_put_num(p, "high", t.high);
    pack_put_num(p, "p", t.p);
    pack_put_bool(p, "significant", significant);
    pack_end(p);
}

/* ---- all of them, a few at a time ---- */

#define TREND_AT_ONCE 4 /* a slope is found among 7,000: a third of a millisecond */
#define TREND_STEP_MS 20

/* step_ms lets a pass take half a period at most. */
static int64_t step_ms(struct helios *h)
{
    int64_t steps = (int64_t)HASH_COUNT(h->sense.kpis) / TREND_AT_ONCE + 1;
    return MAX(MIN(h->config->trend.every_ms / 2 / steps, TREND_STEP_MS), 1);
}

/* In whatever order they are: when somebody sorts them meanwhile, one may be left out until the next period. */
static void some(struct helios *h, struct pack *p)
{
    for (int i = 0; i < TREND_AT_ONCE && h->sense.trend_next; i++) {
        struct kpi *k = h->sense.trend_next;
        h->sense.trend_next = k->hh.next;
        trend_one(h, k, p);
    }
}

static void step(struct helios *h)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_key(&p, "trends");
    pack_list(&p);
    some(h, &p);
    pack_end(&p);
    pack_end(&p);
    note(h, EVENT_kpi_trend, NULL, NULL, &data, "trends of the past %d windows", KPI_PAST);
    buf_done(&data);
}

void trend_on_time(struct helios *h, struct timer *t)
{
    if (h->sense.trend_next == NULL) {
        h->sense.trend_next = h->sense.kpis;
        h->sense.trend_began = h->now;
    }
    step(h);
    int64_t next_pass = h->sense.trend_began + h->config->trend.every_ms;
    timer_set(h, t, h->sense.trend_next ? h->now + step_ms(h) : MAX(next_pass, h->now + 1));
}

void trend_forget(struct helios *h)
{
    h->sense.trend_next = NULL;
}
