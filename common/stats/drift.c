/* SPDX-License-Identifier: MPL-2.0 */
/* Owns slow movements inside the sides. Refuses to judge them. */
#include "drift.h"

#include <math.h>

#include "values.h"

/* Half a sine wave of height A has mean 2A/π and, fitted by a parabola, curvature 1.0305 A: mean
 * difference of trough and crest = 1.2355 times the mean of their curvatures. */
#define WAVE 1.2355

/* One side's projections on a line and a parabola. */
struct movement {
    double slope_xy, slope_xx; /* sums of products with time */
    double curvature;          /* coefficient of u² with u = -1..1 along the side */
    double curvature_xx;
    double energy; /* sum of the squares of both normalized projections */
};

static struct movement movement_of(const struct blocks *b)
{
    struct movement m = {0};
    double n = (double)b->n, t = values_mean(b->at, b->n), y = values_mean(b->value, b->n);
    double xy = 0, xx = 0, level = (1 - 1 / (n * n)) / 3; /* mean of u² over middles of n parts */
    for (size_t i = 0; i < b->n; i++) {
        double u = (2 * (double)i + 1) / n - 1, q = u * u - level;
        m.slope_xy += (b->at[i] - t) * (b->value[i] - y);
        m.slope_xx += (b->at[i] - t) * (b->at[i] - t);
        xy += q * (b->value[i] - y);
        xx += q * q;
    }
    m.curvature = xy / xx;
    m.curvature_xx = xx;
    m.energy = xy * xy / xx + (m.slope_xx > 0 ? m.slope_xy * m.slope_xy / m.slope_xx : 0);
    return m;
}

static double variance_within(const struct blocks *a, const struct blocks *b)
{
    double df_a = (double)a->n - 1, df_b = (double)b->n - 1;
    double va = values_variance(a->value, a->n), vb = values_variance(b->value, b->n);
    return (va * df_a + vb * df_b) / (df_a + df_b);
}

/* Each projection of unordered blocks has the variance of one block. */
static double slowness(double energy, double variance)
{
    return variance > 0 ? fmin(JUDGE_BLOCKS, fmax(1, energy / 4 / variance)) : 1;
}

static double length_of(const struct blocks *b)
{
    return (b->at[b->n - 1] - b->at[0]) * (double)b->n / (double)(b->n - 1);
}

/* Where time passed between the sides, each saw less than half a wave, and the same curvature means
 * more: about with the square of the distance between the sides over their length. */
static double wave_over(double distance, double length)
{
    double apart = length > 0 ? fmax(1, distance / length) : 1;
    return WAVE * apart * apart;
}

struct drift drift_of(const struct blocks *baseline, const struct blocks *after)
{
    struct movement a = movement_of(baseline), b = movement_of(after);
    double xx = a.slope_xx + b.slope_xx, variance = variance_within(baseline, after);
    double slow = slowness(a.energy + b.energy, variance), block = sqrt(slow * variance);
    double distance = values_mean(after->at, after->n) - values_mean(baseline->at, baseline->n);
    double wave = wave_over(distance, (length_of(baseline) + length_of(after)) / 2);
    double of_means = 1 / (double)baseline->n + 1 / (double)after->n;
    double of_tilt = xx > 0 ? distance * distance / xx : 0;
    double of_bend = wave * wave / 4 * (1 / a.curvature_xx + 1 / b.curvature_xx);
    return (struct drift){
        .tilt = xx > 0 ? (a.slope_xy + b.slope_xy) / xx * distance : 0,
        .bend = wave * (a.curvature - b.curvature) / 2,
        .slow = slow,
        .error = block * sqrt(of_means),
        .tilt_error = block * sqrt(of_means + of_tilt),
        .bend_error = block * sqrt(of_means + of_bend),
    };
}
