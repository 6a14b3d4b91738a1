/* SPDX-License-Identifier: MPL-2.0 */
/* Owns U and its distribution. Refuses to know time: correlated samples must be lowered to blocks
 * before they come here. */
#include "mannwhitney.h"

#include <errno.h>
#include <math.h>

#include "normal.h"
#include "values.h"

#define U_MAX (MANNWHITNEY_EXACT_MAX * MANNWHITNEY_EXACT_MAX)

/* The number of orders with each U are the coefficients of the Gaussian binomial [n_a+n_b choose
 * n_a]: multiply by (1 - q^(n_b+i)) and divide by (1 - q^i) for i = 1..n_a. All are integers below
 * 2^53, so this is exact. */
static void count_orders(size_t n_a, size_t n_b, double count[U_MAX + 1])
{
    size_t top = n_a * n_b;
    for (size_t u = 0; u <= top; u++)
        count[u] = u == 0;
    for (size_t i = 1; i <= n_a; i++) {
        for (size_t u = top; u >= n_b + i; u--)
            count[u] -= count[u - n_b - i];
        for (size_t u = i; u <= top; u++)
            count[u] += count[u - i];
    }
}

static bool in_range(size_t n_a, size_t n_b)
{
    return n_a >= 1 && n_b >= 1 && n_a <= MANNWHITNEY_EXACT_MAX && n_b <= MANNWHITNEY_EXACT_MAX;
}

static double sum(const double *count, size_t n)
{
    double all = 0;
    for (size_t u = 0; u < n; u++)
        all += count[u];
    return all;
}

double mannwhitney_cdf(double u, size_t n_a, size_t n_b)
{
    if (!in_range(n_a, n_b) || u < 0)
        return 0;
    double count[U_MAX + 1], top = (double)(n_a * n_b);
    count_orders(n_a, n_b, count);
    return sum(count, (size_t)fmin(u, top) + 1) / sum(count, n_a * n_b + 1);
}

double mannwhitney_critical(double p, size_t n_a, size_t n_b)
{
    if (!in_range(n_a, n_b))
        return -1;
    double count[U_MAX + 1], below = 0;
    count_orders(n_a, n_b, count);
    double allowed = p * sum(count, n_a * n_b + 1);
    size_t u = 0;
    while (u <= n_a * n_b && (below += count[u]) <= allowed)
        u++;
    return (double)u - 1;
}

double mannwhitney_variance(size_t n_a, size_t n_b, double tied)
{
    double n = (double)(n_a + n_b), product = (double)n_a * (double)n_b;
    return n < 2 ? 0 : product / 12 * (n + 1 - tied / (n * (n - 1)));
}

/* One pass over both sorted sides: U, and the groups of equal values over both. */
static double count_pairs(const double *a, size_t n_a, const double *b, size_t n_b,
                          double *ret_tied)
{
    double u = 0, tied = 0;
    for (size_t i = 0, j = 0; i < n_a || j < n_b;) {
        double value = j == n_b || (i < n_a && a[i] < b[j]) ? a[i] : b[j];
        size_t from_a = i, from_b = j;
        while (i < n_a && a[i] == value)
            i++;
        while (j < n_b && b[j] == value)
            j++;
        double in_a = (double)(i - from_a), in_b = (double)(j - from_b), t = in_a + in_b;
        u += in_b * ((double)from_a + in_a / 2);
        tied += t * t * t - t;
    }
    *ret_tied = tied;
    return u;
}

static void approximate(struct mannwhitney *r, double mean, double variance)
{
    r->p_less = r->p_greater = 1;
    if (variance <= 0)
        return;
    double sd = sqrt(variance);
    r->p_greater = normal_upper((r->u - mean - 0.5) / sd);
    r->p_less = normal_cdf((r->u - mean + 0.5) / sd);
}

int mannwhitney(const double *a, size_t n_a, const double *b, size_t n_b, struct mannwhitney *ret)
{
    if (n_a == 0 || n_b == 0 || !values_finite(a, n_a) || !values_finite(b, n_b))
        return -EINVAL;
    double tied, product = (double)n_a * (double)n_b;
    struct mannwhitney r = {.u = count_pairs(a, n_a, b, n_b, &tied)};
    r.exact = tied == 0 && n_a <= MANNWHITNEY_EXACT_MAX && n_b <= MANNWHITNEY_EXACT_MAX;
    if (r.exact) {
        r.p_less = mannwhitney_cdf(r.u, n_a, n_b);
        r.p_greater = mannwhitney_cdf(product - r.u, n_a, n_b); /* the distribution is symmetric */
    } else {
        approximate(&r, product / 2, mannwhitney_variance(n_a, n_b, tied));
    }
    r.p_two = fmin(1, 2 * fmin(r.p_less, r.p_greater));
    *ret = r;
    return 0;
}
