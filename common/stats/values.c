/* SPDX-License-Identifier: MPL-2.0 */
/* Owns sorting, moments and the monotone search. Refuses to know what the numbers mean. */
#include "values.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void values_sort(double *v, size_t n)
{
    if (n > 1)
        qsort(v, n, sizeof(*v), by_value);
}

bool values_finite(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

/* Around the first value, so that equal values have exactly their mean, and no variance. Dividing
 * before adding would cost precision: it is done only when the plain way overflows. */
double values_mean(const double *v, size_t n)
{
    double sum = 0, share = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i] - v[0];
        share += v[i] / (double)n;
    }
    return isfinite(sum) ? v[0] + sum / (double)n : share;
}

double values_variance(const double *v, size_t n)
{
    if (n < 2)
        return 0;
    double mean = values_mean(v, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sum / (double)(n - 1);
}

/* Doubles in their order as integers: negative ones mirrored below zero. */
static int64_t place_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double at_place(int64_t place)
{
    int64_t bits = place < 0 ? INT64_MIN - place : place;
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

double solve(monotone *f, const void *context, double target, double low, double high)
{
    int64_t below = place_of(low), above = place_of(high);
    if (f(low, context) >= target)
        return low;
    while (above > below && (uint64_t)above - (uint64_t)below > 1) {
        int64_t middle = below + (int64_t)(((uint64_t)above - (uint64_t)below) / 2);
        if (f(at_place(middle), context) >= target)
            above = middle;
        else
            below = middle;
    }
    return at_place(above);
}
