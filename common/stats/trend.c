/* SPDX-License-Identifier: MPL-2.0 */
/* Owns slopes and where they lead. Refuses to know which direction is bad. */
#include "trend.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "autocorr.h"
#include "normal.h"
#include "quantile.h"
#include "values.h"

#define VALUE_MAX 1e100
#define CENTURY_MS 3.15576e12

struct series {
    double t[TREND_POINTS], y[TREND_POINTS]; /* seconds before the last point; strictly ascending */
    size_t n;
};

/* Points of one time become one, and so do neighbours where there are too many. */
static int take(struct series *s, const struct trend_point *p, size_t n)
{
    size_t every = (n + TREND_POINTS - 1) / TREND_POINTS;
    s->n = 0;
    for (size_t i = 0, to; i < n; i = to) {
        double t = 0, y = 0;
        for (to = i; to < n && (to < i + every || p[to].at == p[to - 1].at); to++) {
            if (!(fabs(p[to].value) <= VALUE_MAX) || (to > 0 && p[to].at < p[to - 1].at))
                return -EINVAL;
            t += ((double)p[to].at - (double)p[n - 1].at) / 1000;
            y += p[to].value;
        }
        s->t[s->n] = t / (double)(to - i);
        s->y[s->n++] = y / (double)(to - i);
    }
    return s->n < 4 ? -EINVAL : 0;
}

/* Sorts v and counts the pairs i < j with v[j] <= v[i], by merging. */
static double count_falls(double *v, size_t n)
{
    double scratch[TREND_POINTS], falls = 0;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from + width < n; from += 2 * width) {
            size_t i = from, middle = from + width, j = middle, k = 0;
            size_t to = middle + width < n ? middle + width : n;
            while (i < middle || j < to) {
                bool right = i == middle || (j < to && v[j] <= v[i]);
                falls += right ? (double)(middle - i) : 0;
                scratch[k++] = right ? v[j++] : v[i++];
            }
            memcpy(v + from, scratch, k * sizeof(*v));
        }
    }
    return falls;
}

/* Pairs with a slope of at most x: those that do not rise once x is taken off. O(n log n), no list
 * of pairs. */
static double slopes_up_to(double x, const void *context)
{
    const struct series *s = context;
    double v[TREND_POINTS];
    for (size_t i = 0; i < s->n; i++)
        v[i] = s->y[i] - x * s->t[i];
    return count_falls(v, s->n);
}

/* The extreme slopes are those of neighbours. */
static void extremes(const struct series *s, double *ret_low, double *ret_high)
{
    *ret_low = INFINITY;
    *ret_high = -INFINITY;
    for (size_t i = 1; i < s->n; i++) {
        double slope = (s->y[i] - s->y[i - 1]) / (s->t[i] - s->t[i - 1]);
        *ret_low = fmin(*ret_low, slope);
        *ret_high = fmax(*ret_high, slope);
    }
}

static double slope_at(const struct series *s, double rank)
{
    double low, high, pairs = (double)s->n * (double)(s->n - 1) / 2;
    extremes(s, &low, &high);
    return solve(slopes_up_to, s, fmax(1, fmin(pairs, rank)), low, high);
}

static double median_slope(const struct series *s)
{
    double pairs = (double)s->n * (double)(s->n - 1) / 2;
    double lower = slope_at(s, floor((pairs + 1) / 2));
    return fmod(pairs, 2) == 0 ? lower / 2 + slope_at(s, pairs / 2 + 1) / 2 : lower;
}

/* Kendall's S: rising pairs less falling ones. */
static double kendall(const struct series *s)
{
    double up[TREND_POINTS], down[TREND_POINTS];
    for (size_t i = 0; i < s->n; i++) {
        down[i] = s->y[i];
        up[i] = -s->y[i];
    }
    return count_falls(up, s->n) - count_falls(down, s->n); /* equal pairs are in both */
}

static double kendall_variance(const struct series *s)
{
    double sorted[TREND_POINTS], n = (double)s->n, variance = n * (n - 1) * (2 * n + 5);
    memcpy(sorted, s->y, s->n * sizeof(*sorted));
    values_sort(sorted, s->n);
    for (size_t i = 0, to; i < s->n; i = to) {
        for (to = i; to < s->n && sorted[to] == sorted[i]; to++)
            ;
        double ties = (double)(to - i);
        variance -= ties * (ties - 1) * (2 * ties + 5);
    }
    return variance / 18;
}

/* What is left around the line tells its memory, and the line's height at the last point. */
static void place_line(const struct series *s, struct trend *t)
{
    double rest[TREND_POINTS];
    for (size_t i = 0; i < s->n; i++)
        rest[i] = s->y[i] - t->slope * s->t[i];
    t->memory = autocorr_time(&(struct stretch){rest, s->n}, 1);
    values_sort(rest, s->n);
    t->level = quantile(rest, s->n, 0.5);
}

int trend_estimate(const struct trend_point *points, size_t n, double alpha, struct trend *ret)
{
    struct series s;
    if (!(alpha > 0 && alpha < 1) || take(&s, points, n) < 0)
        return -EINVAL;
    struct trend t = {.n = s.n, .slope = median_slope(&s), .at = points[n - 1].at};
    place_line(&s, &t);
    double pairs = (double)s.n * (double)(s.n - 1) / 2, rising = kendall(&s);
    double sd = sqrt(kendall_variance(&s) * t.memory);
    double reach = -normal_quantile(alpha / 2) * sd;
    t.p = sd > 0 && rising != 0 ? 2 * normal_upper((fabs(rising) - 1) / sd) : 1;
    t.low = slope_at(&s, floor((pairs - reach) / 2));
    t.high = slope_at(&s, ceil((pairs + reach) / 2) + 1);
    *ret = t;
    return 0;
}

static int64_t meets(double gap, double slope)
{
    if (gap == 0)
        return 0;
    double ms = gap / slope * 1000; /* a slope of 0 gives an infinity */
    return ms > 0 && ms < CENTURY_MS ? (int64_t)ms : FORECAST_NEVER;
}

struct forecast forecast(const struct trend *t, int64_t now, double limit)
{
    double gap = limit - (t->level + t->slope * ((double)now - (double)t->at) / 1000);
    int64_t low = meets(gap, t->low), high = meets(gap, t->high);
    return (struct forecast){
        .in_ms = meets(gap, t->slope),
        .earliest = low < high ? low : high,
        .latest = low < high ? high : low,
    };
}
