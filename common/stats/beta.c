/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the beta distribution and decaying beliefs. Refuses to know whose success is counted. */
#include "beta.h"

#include <math.h>
#include <stddef.h>

#include "values.h"

#define TINY 1e-300
#define TERMS 20000 /* grows with sqrt(max(a, b)); this is enough up to 1e7 */

static double guarded(double x)
{
    return fabs(x) < TINY ? TINY : x;
}

/* The continued fraction of DLMF 8.17.22, evaluated by the modified Lentz algorithm. */
static double fraction(double x, double a, double b)
{
    double c = 1, d = 1 / guarded(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / guarded(1 + even * d);
        c = guarded(1 + even / c);
        h *= d * c;
        d = 1 / guarded(1 + odd * d);
        c = guarded(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return h;
}

double beta_cdf(double x, double a, double b)
{
    if (!(a > 0) || !(b > 0) || !isfinite(a) || !isfinite(b) || !(x > 0))
        return 0;
    if (x >= 1)
        return 1;
    int sign; /* lgamma_r, because lgamma writes a global */
    double log_front = a * log(x) + b * log1p(-x) + lgamma_r(a + b, &sign) - lgamma_r(a, &sign) -
                       lgamma_r(b, &sign);
    double front = exp(log_front);
    /* The fraction converges fast only on its side of the mean; the other side is mirrored. */
    double p = x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a
                                         : 1 - front * fraction(1 - x, b, a) / b;
    return fmin(1, fmax(0, p));
}

struct shape {
    double a, b;
};

static double below(double x, const void *context)
{
    const struct shape *s = context;
    return beta_cdf(x, s->a, s->b);
}

double beta_quantile(double p, double a, double b)
{
    if (!(p > 0))
        return 0;
    return p >= 1 ? 1 : solve(below, &(struct shape){a, b}, p, 0, 1);
}

static double weight_left(const struct belief *b, int64_t now, int64_t half_life_ms)
{
    if (half_life_ms <= 0 || now <= b->at)
        return 1;
    return exp2(-((double)now - (double)b->at) / (double)half_life_ms);
}

void belief_update(struct belief *b, bool success, int64_t now, int64_t half_life_ms)
{
    double left = weight_left(b, now, half_life_ms);
    b->successes = b->successes * left + (success ? 1 : 0);
    b->failures = b->failures * left + (success ? 0 : 1);
    b->at = now > b->at ? now : b->at;
}

static struct shape shape_now(const struct belief *b, int64_t now, int64_t half_life_ms)
{
    double left = weight_left(b, now, half_life_ms);
    return (struct shape){BELIEF_PRIOR + b->successes * left, BELIEF_PRIOR + b->failures * left};
}

double belief_mean(const struct belief *b, int64_t now, int64_t half_life_ms)
{
    struct shape s = shape_now(b, now, half_life_ms);
    return s.a / (s.a + s.b);
}

double belief_quantile(const struct belief *b, double q, int64_t now, int64_t half_life_ms)
{
    struct shape s = shape_now(b, now, half_life_ms);
    return beta_quantile(q, s.a, s.b);
}
