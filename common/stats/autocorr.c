/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the memory of a stream. Refuses to know what is done about it. */
#include "autocorr.h"

#include <math.h>

#include "values.h"

double autocorr(const struct stretch *s, size_t stretches, size_t lag)
{
    double all = 0, lagged = 0;
    for (size_t k = 0; k < stretches; k++) {
        const double *v = s[k].value;
        double mean = s[k].n ? values_mean(v, s[k].n) : 0;
        for (size_t i = 0; i < s[k].n; i++) {
            all += (v[i] - mean) * (v[i] - mean);
            if (i >= lag)
                lagged += (v[i] - mean) * (v[i - lag] - mean);
        }
    }
    return all > 0 && isfinite(all) ? lagged / all : 0;
}

static size_t longest(const struct stretch *s, size_t stretches)
{
    size_t n = 0;
    for (size_t k = 0; k < stretches; k++)
        n = s[k].n > n ? s[k].n : n;
    return n;
}

static double all_of(const struct stretch *s, size_t stretches)
{
    double n = 0;
    for (size_t k = 0; k < stretches; k++)
        n += (double)s[k].n;
    return n;
}

static double first_order(const struct stretch *s, size_t stretches)
{
    double n = all_of(s, stretches) / (double)stretches;
    double r = autocorr(s, stretches, 1);
    if (r <= 0)
        return 1;
    r = fmin(0.99, r + (1 + 3 * r) / n);
    return (1 + r) / (1 - r);
}

/* Sums of neighbours, r(2k) + r(2k+1), are positive and falling for any reversible process: the
 * first that is not is noise. */
static double initial_positive(const struct stretch *s, size_t stretches, size_t n)
{
    double sum = 0, last = INFINITY;
    for (size_t lag = 0; lag + 1 < n / 2; lag += 2) {
        double pair = autocorr(s, stretches, lag) + autocorr(s, stretches, lag + 1);
        if (pair <= 0)
            break;
        last = fmin(last, pair);
        sum += last;
    }
    return 2 * sum - 1;
}

double autocorr_time(const struct stretch *s, size_t stretches)
{
    size_t n = longest(s, stretches);
    if (n < 3)
        return 1;
    double time = fmax(first_order(s, stretches), initial_positive(s, stretches, n));
    double noise = 1 / sqrt(all_of(s, stretches));
    return time <= (1 + noise) / (1 - noise) ? 1 : fmin((double)n, time);
}
