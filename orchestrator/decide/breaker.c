/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the breaker records: one an optimization's name, made when it is first applied. */
#include "breaker.h"

#include "common/mutant.h"
#include "optimization.h"
#include "orchestrator/core/helios.h"

struct breakers {
    struct breaker *by_name; /* owned */
};

static struct breakers *all(struct helios *h)
{
    return h->decide.state[DECIDE_breaker];
}

static void init(struct helios *h)
{
    h->decide.state[DECIDE_breaker] = NEW(struct breakers);
}

static struct breaker *add(struct helios *h, const struct rec_breaker *owned)
{
    struct breaker *b = NEW(struct breaker);
    b->r = *owned;
    save_init(&b->save, REC_breaker, &b->r, &b->r.id);
    HASH_ADD_KEYPTR(hh, all(h)->by_name, b->r.id.at, b->r.id.n, b);
    return b;
}

static void done(struct helios *h)
{
    struct breaker *b, *next;
    HASH_ITER (hh, all(h)->by_name, b, next) {
        HASH_DEL(all(h)->by_name, b);
        save_forget(&b->save);
        record_free(&schema_records[REC_breaker], &b->r);
        free(b);
    }
    free(all(h));
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_breaker r;
    if (kind != REC_breaker)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed == 0)
        save_loaded(&add(h, &r)->save);
    return failed;
}

static struct breaker *find(struct helios *h, struct bytes name)
{
    struct breaker *b;
    HASH_FIND(hh, all(h)->by_name, name.at, name.n, b);
    return b;
}

static struct breaker *get(struct helios *h, struct bytes name)
{
    struct breaker *b = find(h, name);
    if (b)
        return b;
    struct rec_breaker r;
    struct_defaults(&schema_records[REC_breaker], &r);
    r.id = name;
    record_own(&schema_records[REC_breaker], &r);
    return add(h, &r);
}

const struct breaker *breaker_find(struct helios *h, struct bytes name)
{
    return find(h, name);
}

int64_t breaker_cool_at(struct helios *h, const struct set_optimization *plan)
{
    const struct breaker *b = find(h, plan->name);
    int64_t pause = plan->cooldown_ms ? plan->cooldown_ms : h->config->cycle.cooldown_ms;
    return b && b->r.last && b->r.last + pause > h->now ? b->r.last + pause : 0;
}

int64_t breaker_open_until(struct helios *h, struct bytes name)
{
    const struct breaker *b = find(h, name);
    return b && b->r.open_until > h->now && !MUTANT(vain) ? b->r.open_until : 0;
}

static void open(struct helios *h, struct breaker *b, const struct optimization *o, const char *why)
{
    struct buf data = {0};
    struct pack p;
    b->r.open_until = h->now + h->config->verify.breaker_ms;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "rule", "X7");
    pack_put_int(&p, "unmoved", (int64_t)b->r.unmoved);
    pack_put_int(&p, "limit", h->config->verify.breaker);
    pack_put_int(&p, "open_until", b->r.open_until);
    pack_put_str(&p, "verdict_rule", o->r.rule);
    pack_end(&p);
    note(h, EVENT_breaker_opened, b->r.id.at, o->r.id.at, &data, "%s is held back for %lld s: %s",
         b->r.id.at, (long long)h->config->verify.breaker_ms / 1000, why);
    buf_done(&data);
}

/* An error moved nothing either: it counts in the same row of vain tries. */
static bool moved_nothing(const struct optimization *o)
{
    return o->r.verdict == verdict_ERROR || bytes_is(o->r.rule, "no_move") ||
           bytes_is(o->r.rule, "not_lifted");
}

static void on_ended(struct helios *h, const struct optimization *o)
{
    if (o->r.state == opt_state_ABANDONED && o->r.verdict == verdict_NONE)
        return; /* nothing was tried */
    struct breaker *b = get(h, o->r.name);
    b->r.last = h->now;
    b->r.accepted = o->r.state == opt_state_ACCEPTED && o->r.step == o->r.steps;
    b->r.unmoved = moved_nothing(o) ? b->r.unmoved + 1 : 0;
    if (b->r.unmoved >= (uint64_t)h->config->verify.breaker) {
        open(h, b, o, "it ran but nothing moved, several times in a row");
        b->r.unmoved = 0;
    } else if (o->r.state == opt_state_STUCK) {
        open(h, b, o, "it is stuck");
    } else if (o->r.verdict == verdict_FAILED && !moved_nothing(o)) {
        open(h, b, o, "it failed");
    }
    save_mark(h, &b->save);
}

int breaker_reset(struct helios *h, struct bytes name, struct bytes author)
{
    struct breaker *b = find(h, name);
    if (b == NULL)
        return -ENOENT;
    b->r.open_until = b->r.last = 0;
    b->r.unmoved = 0;
    b->r.accepted = false;
    save_mark(h, &b->save);
    note(h, EVENT_breaker_closed, b->r.id.at, NULL, NULL, "%s may be proposed again, says " BYTES_F,
         b->r.id.at, BYTES_A(author));
    return 0;
}

const struct decider decider_breaker = {
    .kind = "breaker", .init = init, .done = done, .load = load, .on_ended = on_ended};
