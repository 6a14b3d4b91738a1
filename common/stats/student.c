/* SPDX-License-Identifier: MPL-2.0 */
/* Owns t distributions and Welch's test. Refuses to know order or time of its samples. */
#include "student.h"

#include <errno.h>
#include <float.h>
#include <math.h>

#include "beta.h"
#include "values.h"

double student_upper(double t, double df)
{
    double tail = 0.5 * beta_cdf(df / (df + t * t), df / 2, 0.5);
    return t > 0 ? tail : 1 - tail;
}

int welch_test(const double *a, size_t n_a, const double *b, size_t n_b, struct welch *ret)
{
    if (n_a < 2 || n_b < 2 || !values_finite(a, n_a) || !values_finite(b, n_b))
        return -EINVAL;
    double shift = values_mean(b, n_b) - values_mean(a, n_a);
    double va = values_variance(a, n_a) / (double)n_a, vb = values_variance(b, n_b) / (double)n_b;
    struct welch w = {.shift = shift, .df = (double)(n_a + n_b - 2)};
    if (va + vb > 0) {
        double share = va / (va + vb), other = 1 - share; /* Welch–Satterthwaite, in shares */
        w.t = shift / sqrt(va + vb);
        w.df = 1 / (share * share / (double)(n_a - 1) + other * other / (double)(n_b - 1));
    } else if (shift != 0) {
        w.t = copysign(DBL_MAX, shift);
    }
    w.p_greater = fabs(w.t) == DBL_MAX ? (w.t < 0) : student_upper(w.t, w.df);
    w.p_less = 1 - w.p_greater;
    if (fabs(w.t) < DBL_MAX)
        w.p_less = student_upper(-w.t, w.df);
    w.p_two = fmin(1, 2 * fmin(w.p_less, w.p_greater));
    *ret = w;
    return 0;
}
