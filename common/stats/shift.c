/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the Hodges–Lehmann shift. Refuses to know whether higher is better. */
#include "shift.h"

#include <errno.h>
#include <math.h>

#include "mannwhitney.h"
#include "normal.h"
#include "values.h"

struct sides {
    const double *a, *b;
    size_t n_a, n_b;
};

/* How many differences b[j] - a[i] are at most x: a staircase walk over the sorted sides. */
static double count_up_to(double x, const void *context)
{
    const struct sides *s = context;
    double count = 0;
    for (size_t i = 0, j = 0; i < s->n_a; i++) {
        while (j < s->n_b && s->b[j] - s->a[i] <= x)
            j++;
        count += (double)j;
    }
    return count;
}

static double lowest(const struct sides *s)
{
    return s->b[0] - s->a[s->n_a - 1];
}

static double highest(const struct sides *s)
{
    return s->b[s->n_b - 1] - s->a[0];
}

/* The k-th smallest difference, k from 1. */
static double difference(const struct sides *s, double k)
{
    return solve(count_up_to, s, k, lowest(s), highest(s));
}

/* The interval is [D(c), D(N+1-c)], c-1 = largest u with P(U <= u) <= alpha/2; 0: not even the
 * extremes are far enough. */
static double rank_of_bound(size_t n_a, size_t n_b, double alpha)
{
    double product = (double)n_a * (double)n_b;
    if (n_a <= MANNWHITNEY_EXACT_MAX && n_b <= MANNWHITNEY_EXACT_MAX)
        return mannwhitney_critical(alpha / 2, n_a, n_b) + 1;
    double sd = sqrt(mannwhitney_variance(n_a, n_b, 0));
    return floor(product / 2 + normal_quantile(alpha / 2) * sd + 0.5);
}

int shift_estimate(const double *a, size_t n_a, const double *b, size_t n_b, double alpha,
                   struct shift *ret)
{
    if (n_a == 0 || n_b == 0 || !(alpha > 0 && alpha < 1) || !values_finite(a, n_a) ||
        !values_finite(b, n_b))
        return -EINVAL;
    struct sides s = {a, b, n_a, n_b};
    double product = (double)n_a * (double)n_b, c = rank_of_bound(n_a, n_b, alpha);
    double lower = difference(&s, floor((product + 1) / 2));
    double upper = fmod(product, 2) == 0 ? difference(&s, product / 2 + 1) : lower;
    *ret = (struct shift){
        .estimate = lower + (upper - lower) / 2,
        .bounded = c >= 1,
        .low = c >= 1 ? difference(&s, c) : lowest(&s),
        .high = c >= 1 ? difference(&s, product + 1 - c) : highest(&s),
    };
    return 0;
}
