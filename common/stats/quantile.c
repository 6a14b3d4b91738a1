/* SPDX-License-Identifier: MPL-2.0 */
/* Owns exact quantiles and what is made of them. Refuses to know streams. */
#include "quantile.h"

#include <math.h>

#include "values.h"

double quantile(const double *v, size_t n, double q)
{
    if (n == 0)
        return 0;
    double at = fmin(1, fmax(0, q)) * (double)(n - 1);
    size_t i = (size_t)at;
    if (i + 1 >= n)
        return v[n - 1];
    double part = at - (double)i;
    /* This form never overflows, unlike v[i + 1] - v[i]. */
    return part == 0 ? v[i] : v[i] * (1 - part) + v[i + 1] * part;
}

struct robust robust_of(double *v, size_t n)
{
    double median = quantile(v, n, 0.5);
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i] - median);
    values_sort(v, n);
    return (struct robust){median, 1.482602218505602 * quantile(v, n, 0.5)};
}

double robust_z(const struct robust *r, double x)
{
    double off = x - r->median;
    if (off == 0)
        return 0;
    double z = r->spread > 0 ? off / r->spread : copysign(ROBUST_Z_MAX, off);
    return fmax(-ROBUST_Z_MAX, fmin(ROBUST_Z_MAX, z));
}
