/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the learned records. Knows verdicts; does not know how they came about. */
#include "learned.h"

#include <math.h>

#include "common/hash.h"
#include "common/stats/beta.h"
#include "optimization.h"
#include "orchestrator/core/helios.h"

struct learned {
    UT_hash_handle hh; /* key r.id: NAME@CONTEXT */
    struct rec_learned r;
    struct save save;
};
struct all_learned {
    struct learned *by_id; /* owned */
};

static struct all_learned *all(struct helios *h)
{
    return h->decide.state[DECIDE_learned];
}

static void init(struct helios *h)
{
    h->decide.state[DECIDE_learned] = NEW(struct all_learned);
}

static struct learned *add(struct helios *h, const struct rec_learned *owned)
{
    struct learned *l = NEW(struct learned);
    l->r = *owned;
    save_init(&l->save, REC_learned, &l->r, &l->r.id);
    HASH_ADD_KEYPTR(hh, all(h)->by_id, l->r.id.at, l->r.id.n, l);
    return l;
}

static void done(struct helios *h)
{
    struct learned *l, *next;
    HASH_ITER (hh, all(h)->by_id, l, next) {
        HASH_DEL(all(h)->by_id, l);
        save_forget(&l->save);
        record_free(&schema_records[REC_learned], &l->r);
        free(l);
    }
    free(all(h));
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_learned r;
    if (kind != REC_learned)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed == 0)
        save_loaded(&add(h, &r)->save);
    return failed;
}

static struct learned *find(struct helios *h, const char *id)
{
    struct learned *l;
    HASH_FIND(hh, all(h)->by_id, id, strlen(id), l);
    return l;
}

/* The half-life turns old counts back into the prior. */
static void fade(struct helios *h, const struct rec_learned *r, double *ret_a, double *ret_b)
{
    double keep =
        exp2(-(double)MAX(h->now - r->at, (int64_t)0) / (double)h->config->verify.half_life_ms);
    *ret_a = 1 + (r->a - 1) * keep;
    *ret_b = 1 + (r->b - 1) * keep;
}

static struct odds odds_of(double a, double b)
{
    return (struct odds){a, b, a / (a + b), beta_quantile(0.1, a, b), beta_quantile(0.9, a, b)};
}

struct odds learned_odds(struct helios *h, struct bytes name, struct bytes context)
{
    char id[200];
    snprintf(id, sizeof(id), BYTES_F "@" BYTES_F, BYTES_A(name), BYTES_A(context));
    struct learned *l = find(h, id);
    double a = 1, b = 1;
    if (l)
        fade(h, &l->r, &a, &b);
    return odds_of(a, b);
}

void learned_each(struct helios *h, struct bytes name,
                  void (*visit)(struct bytes, struct odds, void *), void *context_of_visit)
{
    struct learned *l, *next;
    HASH_ITER (hh, all(h)->by_id, l, next) {
        if (l->r.id.n <= name.n || l->r.id.at[name.n] != '@' ||
            memcmp(l->r.id.at, name.at, name.n) != 0)
            continue;
        double a, b;
        fade(h, &l->r, &a, &b);
        visit((struct bytes){l->r.id.at + name.n + 1, l->r.id.n - name.n - 1}, odds_of(a, b),
              context_of_visit);
    }
}

static struct learned *make(struct helios *h, const char *id)
{
    struct rec_learned r;
    struct_defaults(&schema_records[REC_learned], &r);
    r.id = bytes_of(id);
    r.at = h->now;
    record_own(&schema_records[REC_learned], &r);
    return add(h, &r);
}

static void on_ended(struct helios *h, const struct optimization *o)
{
    static const struct {
        double a, b;
    } lessons[verdict_COUNT] = {
        [verdict_SUCCESS] = {1, 0},
        [verdict_FAILED] = {0, 1},
        [verdict_ERROR] = {0, 1},
        [verdict_INCONCLUSIVE] = {0, 0.5},
    };
    if (o->r.state == opt_state_ABANDONED)
        return;
    char id[200];
    snprintf(id, sizeof(id), BYTES_F "@" BYTES_F, BYTES_A(o->r.name), BYTES_A(o->r.context));
    struct learned *l = find(h, id);
    if (l == NULL)
        l = make(h, id);
    fade(h, &l->r, &l->r.a, &l->r.b);
    l->r.a += lessons[o->r.verdict].a;
    l->r.b += lessons[o->r.verdict].b;
    l->r.at = h->now;
    save_mark(h, &l->save);
}

const struct decider decider_learned = {
    .kind = "learned", .init = init, .done = done, .load = load, .on_ended = on_ended};
