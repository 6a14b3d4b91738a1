/* SPDX-License-Identifier: MPL-2.0 */
/* Quantiles, sketches and sliding windows, against the exact answers. */
#include <errno.h>
#include <float.h>
#include <stdlib.h>

#include "common/base.h"
#include "common/stats/quantile.h"
#include "common/stats/sketch.h"
#include "common/stats/values.h"
#include "common/stats/window.h"

#include "test_stats.h"

/* R: quantile(1:10, c(.25, .5, .9)) */
static void quantiles_of_type_7(void **state)
{
    (void)state;
    const double v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    NEAR(quantile(v, 10, 0.25), 3.25, 1e-15);
    NEAR(quantile(v, 10, 0.5), 5.5, 1e-15);
    NEAR(quantile(v, 10, 0.9), 9.1, 1e-14);
    NEAR(quantile(v, 10, 0), 1, 0);
    NEAR(quantile(v, 10, 7), 10, 0);
    NEAR(quantile(v, 1, 0.3), 1, 0);
    NEAR(quantile(v, 0, 0.5), 0, 0);
    const double far[] = {-DBL_MAX, DBL_MAX};
    NEAR(quantile(far, 2, 0.5), 0, 0);
}

static void anomalies_stand_out(void **state)
{
    (void)state;
    double v[] = {1, 2, 3, 4, 100}, flat[] = {5, 5, 5, 5, 9};
    struct robust r = robust_of(v, 5);
    NEAR(r.median, 3, 0);
    NEAR(r.spread, 1.482602218505602, 1e-15);
    NEAR(robust_z(&r, 100), 97 / 1.482602218505602, 1e-9);
    r = robust_of(flat, 5);
    NEAR(r.spread, 0, 0);
    NEAR(robust_z(&r, 5), 0, 0);
    NEAR(robust_z(&r, 6), ROBUST_Z_MAX, 0);
    NEAR(robust_z(&r, -6), -ROBUST_Z_MAX, 0);
    r = robust_of(flat, 0);
    NEAR(robust_z(&r, 0), 0, 0);
}

/* The value at place ceil(q * n), which is what a sketch promises to be near. */
static double at_place(const double *sorted, size_t n, double q)
{
    size_t place = (size_t)ceil(q * (double)n);
    return sorted[place ? place - 1 : 0];
}

/* Streams of every scale and sign: within 1 % at every quantile, merged or not. */
static void sketches_keep_their_promise(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    for (unsigned seed = 0; seed < 40; seed++) {
        struct rand r = {seed};
        double v[MANY], spread = between(&r, 0.01, 1);
        struct sketch whole = {0}, part = {0};
        for (int i = 0; i < MANY; i++) {
            v[i] = exp(spread * gauss(&r)) * (seed % 2 ? 1e9 : 1e-9);
            if (seed % 3 == 0)
                v[i] *= gauss(&r) > 0 ? 1 : -1;
            if (seed % 5 == 0 && i % 7 == 0)
                v[i] = 0;
            sketch_add(i % 2 ? &whole : &part, v[i]);
        }
        sketch_merge(&whole, &part);
        values_sort(v, MANY);
        assert_true(sketch_count(&whole) == MANY && whole.coarse == 0);
        for (double q = 0; q <= 1; q += 0.01) {
            double want = at_place(v, MANY, q);
            NEAR(sketch_quantile(&whole, q), want, 0.01 * fabs(want));
        }
        sketch_done(&whole);
        sketch_done(&part);
    }
}

/* 600 orders of magnitude do not fit: memory stays bounded, the error grows in known steps. */
static void sketches_are_bounded(void **state)
{
    (void)state;
    struct rand r = {1};
    struct sketch s = {0}, fine = {0};
    for (int i = 0; i < 20000; i++)
        sketch_add(&s, pow(10, between(&r, -300, 300)));
    assert_true(s.n <= SKETCH_CELLS_MAX && sketch_count(&s) == 20000 && s.coarse > 0);
    assert_true(sketch_quantile(&s, 0.5) > 1e-10 && sketch_quantile(&s, 0.5) < 1e10);
    sketch_add(&fine, 5);
    sketch_add(&s, DBL_MAX);
    sketch_add(&s, -DBL_MAX);
    sketch_add(&s, DBL_MIN / 4);
    sketch_merge(&fine, &s);
    assert_true(fine.coarse >= s.coarse && sketch_count(&fine) == 20004);
    assert_true(isfinite(sketch_quantile(&fine, 1)) && isfinite(sketch_quantile(&fine, 0)));
    sketch_done(&s);
    sketch_done(&fine);
    NEAR(sketch_quantile(&s, 0.5), 0, 0);
}

struct remembered {
    int64_t at;
    double value;
};

static bool is_in(int64_t now, int64_t part_ms, int64_t at)
{
    return at / part_ms > now / part_ms - WINDOW_PARTS;
}

/* What the window must say: from all samples that were ever added. */
static void compare(const struct remembered *all, size_t n, int64_t now, int64_t part_ms,
                    struct window *w)
{
    double v[4000], sum = 0;
    size_t kept = 0;
    struct summary s, sums;
    for (size_t i = 0; i < n; i++)
        if (is_in(now, part_ms, all[i].at))
            sum += v[kept++] = all[i].value;
    window_sum(w, now, &sums);
    window_read(w, now, &s);
    assert_true(s.count == kept && sums.count == kept);
    assert_true(sums.mean == s.mean && sums.min == s.min && sums.max == s.max);
    assert_true(sums.last == s.last && sums.age_ms == s.age_ms);
    if (kept == 0) {
        NEAR(s.mean + s.p50 + s.p99 + s.min + s.max, 0, 0);
        return;
    }
    values_sort(v, kept);
    NEAR(s.mean, sum / (double)kept, 1e-9 * fabs(sum));
    NEAR(s.min, v[0], 0);
    NEAR(s.max, v[kept - 1], 0);
    NEAR(s.p50, at_place(v, kept, 0.50), 0.01 * fabs(at_place(v, kept, 0.50)));
    NEAR(s.p95, at_place(v, kept, 0.95), 0.01 * fabs(at_place(v, kept, 0.95)));
    NEAR(s.p99, at_place(v, kept, 0.99), 0.01 * fabs(at_place(v, kept, 0.99)));
}

/* Bursts, gaps and samples that come late: at every moment the window is what the last ten parts
 * hold. */
static void windows_slide(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct rand r = {seed};
        struct remembered all[4000];
        struct window w;
        int64_t now = (int64_t)1.7e12 + (int64_t)below(&r, 100000);
        window_init(&w, 10000);
        for (size_t n = 0; n < ARRAY_SIZE(all); n++) {
            now += (int64_t)below(&r, n % 500 == 0 ? 20000 : 40);
            int64_t at = now - (int64_t)below(&r, n % 10 ? 1 : 3000);
            all[n] = (struct remembered){at, exp(gauss(&r)) * (n % 3 ? 1 : -1)};
            assert_int_equal(window_add(&w, at, all[n].value), 0);
            if (n % (seed % 2 ? 37 : 613) == 0) /* seldom: the sketch of the whole is made anew */
                compare(all, n + 1, now, w.part_ms, &w);
        }
        compare(all, ARRAY_SIZE(all), now + 5000, w.part_ms, &w);
        compare(all, ARRAY_SIZE(all), now + 50000, w.part_ms, &w);
        window_done(&w);
    }
}

/* H1: what is refused changes nothing. */
static void windows_refuse(void **state)
{
    (void)state;
    struct window w;
    struct summary s;
    window_init(&w, 10000);
    window_read(&w, 123456, &s);
    assert_true(s.count == 0 && s.age_ms == -1);
    assert_int_equal(window_add(&w, 100000, NAN), -EINVAL);
    assert_int_equal(window_add(&w, 100000, -INFINITY), -EINVAL);
    assert_int_equal(window_add(&w, 100000, 1e300), -EINVAL);
    assert_int_equal(window_add(&w, 100000, 7), 0);
    assert_int_equal(window_add(&w, 89999, 8), -ERANGE);
    assert_int_equal(window_add(&w, 99000, 9), 0);
    window_read(&w, 101500, &s);
    assert_true(s.count == 2 && s.age_ms == 1500);
    NEAR(s.last, 7, 0);
    NEAR(s.mean, 8, 0);
    window_read(&w, 200000, &s);
    assert_true(s.count == 0 && s.age_ms == 100000);
    NEAR(s.last, 7, 0);
    window_done(&w);
}

/* A window whose values run over 600 orders of magnitude becomes coarse, and fine again when it has
 * been empty. */
static void windows_recover_from_absurd_scales(void **state)
{
    (void)state;
    struct rand r = {3};
    struct window w;
    struct summary s;
    window_init(&w, 10000);
    for (int i = 0; i < 8000; i++)
        assert_int_equal(window_add(&w, 1000000 + i, pow(10, between(&r, -280, 280))), 0);
    window_read(&w, 1009500, &s);
    assert_true(w.ring->whole.coarse > 0 && w.ring->whole.n <= SKETCH_CELLS_MAX);
    assert_true(s.count == 8000 && isfinite(s.mean) && s.p50 <= s.p95 && s.p95 <= s.p99);
    window_read(&w, 1100000, &s);
    assert_true(s.count == 0);
    assert_int_equal(window_add(&w, 1100000, 5), 0);
    window_read(&w, 1100000, &s);
    assert_true(w.ring->whole.coarse == 0);
    NEAR(s.p50, 5, 0);
    window_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_type_7),
        cmocka_unit_test(anomalies_stand_out),
        cmocka_unit_test(sketches_keep_their_promise),
        cmocka_unit_test(sketches_are_bounded),
        cmocka_unit_test(windows_slide),
        cmocka_unit_test(windows_refuse),
        cmocka_unit_test(windows_recover_from_absurd_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
