/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sharing of alpha. Refuses to know what is tested. */
#include "sequential.h"

#include <math.h>

#include "normal.h"

static double obrien_fleming(double alpha, double t)
{
    return 2 * normal_upper(-normal_quantile(alpha / 2) / sqrt(t));
}

static double pocock(double alpha, double t)
{
    return alpha * log1p((M_E - 1) * t);
}

typedef double spending_function(double alpha, double t);
static spending_function *const functions[] = {
    [SPEND_OBRIEN_FLEMING] = obrien_fleming,
    [SPEND_POCOCK] = pocock,
};

double spend_alpha(enum spending kind, double alpha, unsigned look, unsigned looks)
{
    if (look < 1 || look > looks || !(alpha > 0 && alpha < 1))
        return 0;
    double now = functions[kind](alpha, (double)look / looks);
    double before = look == 1 ? 0 : functions[kind](alpha, (double)(look - 1) / looks);
    return now - before;
}

/* The place of claim i in ascending order; equal ones keep their order. m is the number of verdicts
 * of a cycle: small. */
static size_t place_of(const double *p, size_t m, size_t i)
{
    size_t place = 0;
    for (size_t j = 0; j < m; j++)
        place += p[j] < p[i] || (p[j] == p[i] && j < i);
    return place;
}

/* Step-down: a claim stands only if all with a smaller p do, so each takes over the worst of them.
 */
static double adjusted(const double *p, size_t m, size_t i)
{
    double worst = 0;
    for (size_t j = 0; j < m; j++)
        if (p[j] <= p[i])
            worst = fmax(worst, (double)(m - place_of(p, m, j)) * p[j]);
    return fmin(1, worst);
}

void holm_adjust(const double *p, size_t m, double *ret_adjusted)
{
    for (size_t i = 0; i < m; i++)
        ret_adjusted[i] = adjusted(p, m, i);
}

void holm(const double *p, size_t m, double alpha, bool *ret_rejected)
{
    for (size_t i = 0; i < m; i++)
        ret_rejected[i] = adjusted(p, m, i) <= alpha;
}
