/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from samples to independent blocks. Refuses to know what is better. */
#include "blocks.h"

#include <math.h>

#include "autocorr.h"
#include "quantile.h"
#include "values.h"

/* Blocks of 1.25 autocorrelation times still resemble their neighbours a little; what is left of it
 * shows in the slow projections (drift.h) and widens the interval there. Longer blocks would leave
 * short windows with nothing to compare. */
#define TIMES 1.25
/* Tukey's outer fence, in interquartile ranges beyond the quartiles; and at most this share of a
 * side is clipped at either end, because a second mode is no outlier. */
#define FENCE 3.0
#define FENCE_SHARE 0.05

/* Every `every` neighbours become one, so that the side fits. */
static void average_in(struct side *s, const struct judge_sample *from, size_t n, bool logs)
{
    size_t every = (n + JUDGE_SAMPLES - 1) / JUDGE_SAMPLES;
    s->n = 0;
    for (size_t i = 0; i + every <= n && every > 0; i += every) {
        double value = 0, at = 0;
        for (size_t k = 0; k < every; k++) {
            double v = logs ? log(from[i + k].value) : from[i + k].value;
            value += v / (double)every;
            at += (double)from[i + k].at / (double)every;
        }
        s->value[s->n] = value;
        s->at[s->n++] = at;
    }
}

/* Insertion keeps equal times in their order and costs nothing where they are ordered already. */
static void order_by_time(struct side *s)
{
    for (size_t i = 1; i < s->n; i++) {
        double at = s->at[i], value = s->value[i];
        size_t j = i;
        for (; j > 0 && s->at[j - 1] > at; j--) {
            s->at[j] = s->at[j - 1];
            s->value[j] = s->value[j - 1];
        }
        s->at[j] = at;
        s->value[j] = value;
    }
}

static void clip(struct side *s)
{
    double sorted[JUDGE_SAMPLES];
    for (size_t i = 0; i < s->n; i++)
        sorted[i] = s->value[i];
    values_sort(sorted, s->n);
    double q1 = quantile(sorted, s->n, 0.25), q3 = quantile(sorted, s->n, 0.75);
    double low = fmin(q1 - FENCE * (q3 - q1), quantile(sorted, s->n, FENCE_SHARE));
    double high = fmax(q3 + FENCE * (q3 - q1), quantile(sorted, s->n, 1 - FENCE_SHARE));
    for (size_t i = 0; i < s->n; i++)
        s->value[i] = fmin(high, fmax(low, s->value[i]));
}

void side_take(struct side *s, const struct judge_sample *from, size_t n, double sign, bool logs)
{
    s->samples = n;
    average_in(s, from, n, logs);
    for (size_t i = 0; i < s->n; i++)
        s->value[i] *= sign;
    order_by_time(s);
    clip(s);
}

size_t blocks_length(const struct side *baseline, const struct side *after)
{
    struct stretch both[] = {{baseline->value, baseline->n}, {after->value, after->n}};
    double time = autocorr_time(both, 2);
    return time > 1 ? (size_t)ceil(TIMES * time) : 1;
}

void blocks_cut(struct blocks *b, const struct side *s, size_t length)
{
    b->n = s->n / length;
    b->n = b->n > JUDGE_BLOCKS ? JUDGE_BLOCKS : b->n;
    for (size_t k = 0; k < b->n; k++) {
        size_t from = k * s->n / b->n, to = (k + 1) * s->n / b->n;
        b->value[k] = values_mean(s->value + from, to - from);
        b->at[k] = values_mean(s->at + from, to - from);
    }
}
