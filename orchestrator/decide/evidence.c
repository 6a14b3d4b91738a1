/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the recorders of one optimization and its baseline. Judges with common/stats; knows no rule
 * of what follows. */
#include "evidence.h"

#include "common/stats/quantile.h"
#include "common/stats/values.h"

#define RECORD_READINGS                                                                            \
    24000                  /* of all KPIs in one record: it must stay far below a frame's 1 MiB */
#define SHORT_READINGS 256 /* of an accepted one, which may be recalled */
#define RETURN_LEAST 3     /* fresh readings before a return is believed */

struct watched {
    struct bytes name; /* borrowed from the record or the config */
    char *own_name;    /* owned; what `name` points to */
    struct recorder recorder;
    struct judge_sample *before; /* owned: the baseline */
    size_t n_before;
};
struct evidence {
    struct watched *watched; /* owned; the improved KPI first, then the guards */
    size_t n;
    double effect; /* least improvement that counts, a share */
};

static void watch(struct evidence *e, struct bytes name)
{
    struct watched *w = &e->watched[e->n++];
    w->own_name = bytes_dup(name);
    w->name = bytes_of(w->own_name);
}

/* The baseline in the record: {"kpis": [{"kpi": name, "readings": (int64 ms, double value)…}, …]},
 * host order. */
static void read_baseline(struct evidence *e, struct bytes packed)
{
    struct value list = map_get(packed, "kpis"), item;
    if (list.type != VALUE_LIST)
        return;
    struct walk walk = walk_of(list.whole);
    while (walk_item(&walk, &item)) {
        struct bytes name = map_str(item.whole, "kpi", "");
        struct value readings = map_get(item.whole, "readings");
        for (size_t i = 0; i < e->n; i++)
            if (bytes_eq(e->watched[i].name, name) && e->watched[i].before == NULL) {
                struct watched *w = &e->watched[i];
                w->n_before = readings.text.n / sizeof(*w->before);
                w->before = xalloc(MAX(readings.text.n, (size_t)1));
                memcpy(w->before, readings.text.at, w->n_before * sizeof(*w->before));
            }
    }
}

struct evidence *evidence_open(struct helios *h, const struct optimization *o)
{
    (void)h;
    struct evidence *e = NEW(struct evidence);
    size_t guards = o->plan ? o->plan->guards.n : 0;
    e->watched = xalloc((1 + guards) * sizeof(*e->watched));
    e->effect = o->plan ? o->plan->effect / 100 : 0;
    watch(e, o->r.kpi);
    for (size_t i = 0; i < guards; i++)
        watch(e, ((struct bytes *)o->plan->guards.at)[i]);
    read_baseline(e, o->r.baseline);
    return e;
}

void evidence_free(struct evidence *e)
{
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->n; i++) {
        recorder_done(&e->watched[i].recorder);
        free(e->watched[i].before);
        free(e->watched[i].own_name);
    }
    free(e->watched);
    free(e);
}

void evidence_record(struct helios *h, struct evidence *e)
{
    for (size_t i = 0; i < e->n; i++) {
        struct kpi *k = kpi_find(h, e->watched[i].name);
        recorder_done(&e->watched[i].recorder);
        if (k)
            kpi_record(k, &e->watched[i].recorder);
    }
}

static void keep_before(struct watched *w, const struct reading *readings, size_t n)
{
    free(w->before);
    w->before = xalloc(MAX(n, (size_t)1) * sizeof(*w->before));
    w->n_before = n;
    for (size_t i = 0; i < n; i++)
        w->before[i] = (struct judge_sample){readings[i].at, readings[i].value};
}

/* thin keeps each k-th so that at most `most` stay: evenly in time, and the same on every run. */
static void thin(struct watched *w, size_t most)
{
    size_t step = (w->n_before + most - 1) / most, kept = 0;
    for (size_t i = 0; step > 1 && i < w->n_before; i += step)
        w->before[kept++] = w->before[i];
    if (step > 1)
        w->n_before = kept;
}

static void write_baseline(struct helios *h, struct evidence *e, struct optimization *o,
                           size_t kpis, size_t readings)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    pack_key(&p, "kpis");
    pack_list(&p);
    for (size_t i = 0; i < kpis; i++) {
        struct watched *w = &e->watched[i];
        thin(w, MAX(readings / kpis, (size_t)64));
        pack_map(&p);
        pack_put_str(&p, "kpi", w->name);
        pack_key(&p, "readings");
        pack_bin(&p, (struct bytes){(const char *)w->before, w->n_before * sizeof(*w->before)});
        pack_end(&p);
    }
    pack_end(&p);
    pack_end(&p);
    own_set(&o->r.baseline, buf_bytes(&out));
    o->r.n_before = e->watched[0].n_before;
    save_mark(h, &o->save);
    buf_done(&out);
}

int evidence_baseline(struct helios *h, struct evidence *e, struct optimization *o,
                      const char **ret_without)
{
    for (size_t i = 0; i < e->n; i++) {
        struct watched *w = &e->watched[i];
        recorder_stop(&w->recorder);
        if (w->recorder.n < (size_t)h->config->verify.min_n) {
            *ret_without = w->name.at;
            return -ENODATA;
        }
        keep_before(w, w->recorder.at, w->recorder.n);
    }
    write_baseline(h, e, o, e->n, RECORD_READINGS);
    return 0;
}

void evidence_instant(struct helios *h, struct evidence *e, struct optimization *o)
{
    for (size_t i = 0; i < e->n; i++) {
        struct kpi *k = kpi_find(h, e->watched[i].name);
        struct reading now = {h->now, k ? kpi_value(h, k) : 0};
        keep_before(&e->watched[i], &now, k && kpi_known(h, k));
    }
    write_baseline(h, e, o, e->n, RECORD_READINGS);
}

void evidence_shorten(struct helios *h, struct evidence *e, struct optimization *o)
{
    uint64_t n = o->r.n_before;
    write_baseline(h, e, o, 1, SHORT_READINGS);
    o->r.n_before = n; /* of the verdict */
}

/* ---- looks ---- */

static double median_of(double *v, size_t n)
{
    values_sort(v, n);
    return quantile(v, n, 0.5);
}

static double median_before(const struct watched *w)
{
    _autofree_ double *v = xalloc((w->n_before + 1) * sizeof(*v));
    for (size_t i = 0; i < w->n_before; i++)
        v[i] = w->before[i].value;
    return median_of(v, w->n_before);
}

static double median_after(const struct watched *w)
{
    _autofree_ double *v = xalloc((w->recorder.n + 1) * sizeof(*v));
    for (size_t i = 0; i < w->recorder.n; i++)
        v[i] = w->recorder.at[i].value;
    return median_of(v, w->recorder.n);
}

static void test(struct helios *h, struct evidence *e, struct watched *w, double alpha, bool last,
                 struct judgement *ret)
{
    bool guards = w != &e->watched[0];
    struct kpi *k = kpi_find(h, w->name);
    _autofree_ struct judge_sample *after = xalloc((w->recorder.n + 1) * sizeof(*after));
    for (size_t i = 0; i < w->recorder.n; i++)
        after[i] = (struct judge_sample){w->recorder.at[i].at, w->recorder.at[i].value};
    struct verdict_input in = {
        .baseline = w->before,
        .n_baseline = w->n_before,
        .after = after,
        .n_after = w->recorder.n,
        .goal = guards ? JUDGE_GUARD : JUDGE_IMPROVE,
        .higher_is_better = k && kpi_config(k)->better == better_higher,
        .minimal_effect = e->effect,
        .tolerated_harm = k ? kpi_config(k)->tolerance / 100 : 0,
        .alpha = alpha,
        .minimal_n = (unsigned)h->config->verify.min_n,
        .last_look = last,
    };
    *ret = (struct judgement){
        .verdict = JUDGE_INCONCLUSIVE, .reason = JUDGE_FEW, .p_improve = 1, .p_harm = 1};
    judge(&in, ret); /* -EINVAL: absurd values are no evidence */
}

static void look_at_guard(struct watched *w, const struct judgement *v, struct sight *s)
{
    if (v->verdict == JUDGE_FAILED && s->worse == NULL) {
        s->worse = w->name.at;
        s->guard = *v;
    }
    if (v->verdict == JUDGE_INCONCLUSIVE && v->reason == JUDGE_FEW && s->blind == NULL)
        s->blind = w->name.at;
    if (v->verdict != JUDGE_SUCCESS) {
        if (s->worse == NULL)
            s->guard = *v;
        s->guards_proved = false;
    }
}

void evidence_look(struct helios *h, struct evidence *e, double alpha, bool last, struct sight *ret)
{
    *ret = (struct sight){.last = last, .alpha = alpha, .guards_proved = true};
    test(h, e, &e->watched[0], alpha, last, &ret->kpi);
    for (size_t i = 1; i < e->n; i++) {
        struct judgement v;
        test(h, e, &e->watched[i], alpha, last, &v);
        look_at_guard(&e->watched[i], &v, ret);
    }
    ret->before = median_before(&e->watched[0]);
    ret->after = median_after(&e->watched[0]);
    struct kpi *k = kpi_find(h, e->watched[0].name);
    ret->score_known = k && kpi_known(h, k);
    ret->score = ret->score_known ? kpi_score(h, k) : 0;
}

/* ---- the return ---- */

static size_t fresh_median(struct helios *h, const struct watched *w, double *ret)
{
    _autofree_ double *v = xalloc((w->recorder.n + 1) * sizeof(*v));
    size_t n = 0;
    for (size_t i = 0; i < w->recorder.n; i++)
        if (w->recorder.at[i].at > h->now - h->config->health.window_ms)
            v[n++] = w->recorder.at[i].value;
    if (n)
        *ret = median_of(v, n);
    return n;
}

int evidence_returned(struct helios *h, struct evidence *e, double *ret_before, double *ret_now)
{
    const struct watched *w = &e->watched[0];
    struct kpi *k = kpi_find(h, w->name);
    double now;
    if (k == NULL || fresh_median(h, w, &now) < RETURN_LEAST)
        return -EAGAIN;
    double before = w->n_before ? median_before(w) : now;
    double worse = kpi_config(k)->better == better_higher ? before - now : now - before;
    double size = before < 0 ? -before : before;
    *ret_before = before;
    *ret_now = now;
    return worse <= size * h->config->verify.return_within / 100;
}
