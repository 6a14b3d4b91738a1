/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the budget records: the times of the last hour's emergency acts, a target each, `*` for the
 * realm. */
#include "budget.h"

#include "common/hash.h"
#include "common/mutant.h"
#include "orchestrator/core/helios.h"

#define ACTS_MOST 16 /* settings allow no larger bound */

struct budget {
    UT_hash_handle hh; /* key r.id */
    struct rec_budget r;
    struct save save;
    int64_t acts[ACTS_MOST]; /* what r.acts holds, oldest first */
    size_t n;
};
struct budgets {
    struct budget *by_target; /* owned */
};

static struct budgets *all(struct helios *h)
{
    return h->decide.state[DECIDE_budget];
}

static void init(struct helios *h)
{
    h->decide.state[DECIDE_budget] = NEW(struct budgets);
}

static struct budget *add(struct helios *h, const struct rec_budget *owned)
{
    struct budget *b = NEW(struct budget);
    b->r = *owned;
    b->n = MIN(b->r.acts.n / sizeof(int64_t), (size_t)ACTS_MOST);
    if (b->n)
        memcpy(b->acts, b->r.acts.at, b->n * sizeof(int64_t));
    save_init(&b->save, REC_budget, &b->r, &b->r.id);
    HASH_ADD_KEYPTR(hh, all(h)->by_target, b->r.id.at, b->r.id.n, b);
    return b;
}

static void done(struct helios *h)
{
    struct budget *b, *next;
    HASH_ITER (hh, all(h)->by_target, b, next) {
        HASH_DEL(all(h)->by_target, b);
        save_forget(&b->save);
        record_free(&schema_records[REC_budget], &b->r);
        free(b);
    }
    free(all(h));
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_budget r;
    if (kind != REC_budget)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed == 0)
        save_loaded(&add(h, &r)->save);
    return failed;
}

static struct budget *find(struct helios *h, struct bytes target)
{
    struct budget *b;
    HASH_FIND(hh, all(h)->by_target, target.at, target.n, b);
    return b;
}

static struct budget *get(struct helios *h, struct bytes target)
{
    struct budget *b = find(h, target);
    if (b)
        return b;
    struct rec_budget r;
    struct_defaults(&schema_records[REC_budget], &r);
    r.id = target;
    record_own(&schema_records[REC_budget], &r);
    return add(h, &r);
}

static bool counts(struct helios *h, int64_t act)
{
    return act > h->now - BUDGET_SPAN_MS && !MUTANT(spend);
}

unsigned budget_used(struct helios *h, struct bytes target)
{
    const struct budget *b = find(h, target);
    unsigned used = 0;
    for (size_t i = 0; b && i < b->n; i++)
        used += counts(h, b->acts[i]);
    return used;
}

static unsigned left_of(struct helios *h, struct bytes target, int64_t limit)
{
    unsigned used = budget_used(h, target);
    return used < limit ? (unsigned)limit - used : 0;
}

unsigned budget_left(struct helios *h, struct bytes target)
{
    unsigned of_target = left_of(h, target, h->config->emergency.per_target);
    unsigned of_realm = left_of(h, BYTES("*"), h->config->emergency.per_realm);
    return MIN(of_target, of_realm);
}

int64_t budget_next(struct helios *h, struct bytes target)
{
    const struct budget *of[] = {find(h, target), find(h, BYTES("*"))};
    int64_t next = 0;
    for (size_t k = 0; k < ARRAY_SIZE(of); k++)
        for (size_t i = 0; of[k] && i < of[k]->n; i++)
            if (counts(h, of[k]->acts[i]) && (next == 0 || of[k]->acts[i] + BUDGET_SPAN_MS < next))
                next = of[k]->acts[i] + BUDGET_SPAN_MS;
    return next;
}

/* Acts that left the hour make room; the bounds are at most ACTS_MOST, so a slot is always free. */
static void add_act(struct helios *h, struct budget *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->n; i++)
        if (counts(h, b->acts[i]))
            b->acts[kept++] = b->acts[i];
    assert(kept < ACTS_MOST);
    b->acts[kept++] = h->now;
    b->n = kept;
    own_set(&b->r.acts, (struct bytes){(const char *)b->acts, b->n * sizeof(int64_t)});
    if (!MUTANT(budget))
        save_mark(h, &b->save);
}

void budget_spend(struct helios *h, struct bytes target, const char *cause)
{
    add_act(h, get(h, target));
    add_act(h, get(h, BYTES("*")));
    if (budget_left(h, target))
        return;
    _autofree_ char *name = bytes_dup(target);
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "rule", "X8");
    pack_put_int(&p, "target_used", budget_used(h, target));
    pack_put_int(&p, "target_limit", h->config->emergency.per_target);
    pack_put_int(&p, "realm_used", budget_used(h, BYTES("*")));
    pack_put_int(&p, "realm_limit", h->config->emergency.per_realm);
    pack_put_int(&p, "next_at", budget_next(h, target));
    pack_end(&p);
    note(h, EVENT_budget_spent, name, cause, &data,
         "%s: %u of %lld emergency acts within the hour, the realm %u of %lld: none is left", name,
         budget_used(h, target), (long long)h->config->emergency.per_target,
         budget_used(h, BYTES("*")), (long long)h->config->emergency.per_realm);
    buf_done(&data);
}

const struct decider decider_budget = {.kind = "budget", .init = init, .done = done, .load = load};
