/* SPDX-License-Identifier: MPL-2.0 */
/* Health (H3) and its hysteresis (H4, H5). The score is a weighted mean kept as sums, so a sample costs the same
 * whatever the number of KPIs. */
#include "health.h"

#include "common/mutant.h"

#include "orchestrator/core/helios.h"

struct scope *scope_get(struct helios *h, struct bytes name)
{
    struct scope *s;
    HASH_FIND(hh, h->sense.scopes, name.at, name.n, s);
    if (s)
        return s;
    s = NEW(struct scope);
    struct_defaults(&schema_records[REC_alarm], &s->r);
    s->r.id = name;
    record_own(&schema_records[REC_alarm], &s->r);
    save_init(&s->save, REC_alarm, &s->r, &s->r.id);
    s->shown.id = s->r.id;
    save_init(&s->shown_save, REC_health, &s->shown, &s->shown.id);
    HASH_ADD_KEYPTR(hh, h->sense.scopes, s->r.id.at, s->r.id.n, s);
    return s;
}

void scopes_clear(struct helios *h)
{
    struct scope *s, *next;
    HASH_ITER (hh, h->sense.scopes, s, next)
        s->weight = s->known = s->sum = 0;
}

void scopes_done(struct helios *h)
{
    struct scope *s, *next;
    HASH_ITER (hh, h->sense.scopes, s, next) {
        HASH_DEL(h->sense.scopes, s);
        save_forget(&s->save);
        save_forget(&s->shown_save);
        record_free(&schema_records[REC_alarm], &s->r);
        free(s);
    }
}

/* The timers of the hysteresis go on where they were: `since` is a time of the wall clock (H4). */
int scope_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_alarm read;
    int r = struct_decode(&schema_records[REC_alarm], value, &read, &arena, NULL);
    if (r == 0) {
        struct scope *s = scope_get(h, read.id);
        struct bytes id = s->r.id;
        s->r = read;
        s->r.id = id;
        s->below = read.bad;
        save_loaded(&s->save);
    }
    arena_done(&arena);
    return r;
}

void scope_move(struct scope *s, double weight, double before, double after)
{
    if (before >= 0) {
        s->known -= weight;
        s->sum -= weight * before;
    }
    if (after >= 0) {
        s->known += weight;
        s->sum += weight * after;
    }
}

static struct health health_in(struct helios *h, const struct scope *s)
{
    const struct set_health *c = &h->config->health;
    struct health now = {.age = -1, .high = 100};
    if (s == NULL || s->weight <= 0)
        return now;
    double missing = MAX(s->weight - s->known, 0);
    double sum = MAX(s->sum, 0); /* sums of differences: rounding must not show as -0.0 */
    now.score = s->known > 1e-9 ? sum / s->known : 0;
    now.low = sum / s->weight;
    now.high = (sum + 100 * missing) / s->weight;
    now.coverage = 100 * s->known / s->weight;
    now.age = s->newest ? MAX(h->now - s->newest, 0) : -1;
    now.known = now.coverage >= c->coverage - 1e-6 && s->newest && now.age <= c->stale_ms;
    return now;
}

struct health health_of(struct helios *h, const char *scope)
{
    struct scope *s;
    HASH_FIND_STR(h->sense.scopes, scope, s);
    return health_in(h, s);
}

bool health_flapping(struct helios *h, const char *scope)
{
    struct scope *s;
    HASH_FIND_STR(h->sense.scopes, scope, s);
    return s && s->flapping;
}

static void pack_numbers(struct helios *h, struct scope *s, struct pack *p)
{
    struct health now = health_in(h, s);
    pack_put_num(p, "score", now.score);
    pack_put_num(p, "low", now.low);
    pack_put_num(p, "high", now.high);
    pack_put_num(p, "coverage", now.coverage);
    pack_put_int(p, "age", now.age);
    pack_put_bool(p, "known", now.known);
    pack_put_bool(p, "bad", s && s->r.bad);
    pack_put_bool(p, "flapping", s && s->flapping);
    pack_put_num(p, "target", h->config->health.target);
    pack_put_num(p, "enter", h->config->health.enter);
    pack_put_num(p, "leave", h->config->health.leave);
}

void health_pack(struct helios *h, const char *scope, struct pack *p)
{
    struct scope *s;
    HASH_FIND_STR(h->sense.scopes, scope, s);
    pack_map(p);
    pack_numbers(h, s, p);
    pack_end(p);
}

static void tell(struct helios *h, struct scope *s, enum event event, const char *what)
{
    struct buf data = {0};
    struct pack p;
    struct health now = health_in(h, s);
    pack_init(&p, &data);
    pack_map(&p);
    pack_numbers(h, s, &p);
    pack_end(&p);
    note(h, event, s->r.id.at, NULL, &data, "%s: health %.1f (%.1f..%.1f, coverage %.0f %%): %s", s->r.id.at,
         now.score, now.low, now.high, now.coverage, what);
    buf_done(&data);
}

static void judge_known(struct helios *h, struct scope *s, bool known)
{
    bool early = s->newest == 0 && h->now - h->started < h->config->health.stale_ms;
    if (s->r.unknown == !known || early)
        return;
    s->r.unknown = !known;
    save_mark(h, &s->save);
    tell(h, s, known ? EVENT_health_known : EVENT_health_unknown,
         known ? "enough fresh data again" : "not enough fresh data: no automatic action");
}

/* flaps counts changes of the side over the last 21 evaluations; two thresholds keep it from flapping itself (H5). */
static void judge_flapping(struct helios *h, struct scope *s, bool below)
{
    const struct set_health *c = &h->config->health;
    s->r.changes = ((s->r.changes << 1) | (below != s->below)) & ((1u << FLAP_EVALUATIONS) - 1);
    s->below = below;
    double share = 100.0 * __builtin_popcountll(s->r.changes) / FLAP_EVALUATIONS;
    s->flapping = share >= c->flap_high || (s->flapping && share > c->flap_low);
}

static void judge_side(struct helios *h, struct scope *s, double score)
{
    const struct set_health *c = &h->config->health;
    bool other = s->r.bad ? score >= c->leave : score < c->enter;
    int64_t windows = s->r.bad ? c->leave_windows : c->enter_windows;
    int64_t dwell = s->r.bad ? c->leave_ms : c->enter_ms;
    if (!other) {
        if (s->r.windows)
            save_mark(h, &s->save);
        s->r.windows = 0;
        s->r.since = 0;
        return;
    }
    if (s->r.windows++ == 0)
        s->r.since = h->now;
    save_mark(h, &s->save);
    if (((int64_t)s->r.windows < windows || h->now - s->r.since < dwell) && !MUTANT(dwell))
        return;
    s->r.bad = !s->r.bad;
    s->r.windows = 0;
    s->r.since = 0;
    tell(h, s, s->r.bad ? EVENT_health_bad : EVENT_health_good,
         s->r.bad ? "under the limit for its dwell" : "over the limit for its dwell");
    decide_on_health(h, s->r.id.at, s->r.bad);
}

static void show(struct helios *h, struct scope *s, const struct health *now)
{
    s->shown.score = now->score;
    s->shown.low = now->low;
    s->shown.high = now->high;
    s->shown.coverage = now->coverage;
    s->shown.known = now->known;
    s->shown.at = h->now;
    save_mark(h, &s->shown_save);
}

static void evaluate(struct helios *h, struct scope *s)
{
    struct health now = health_in(h, s);
    judge_known(h, s, now.known);
    if (!now.known) {
        s->r.windows = 0; /* what is not known is no evidence for either side (H3) */
        s->r.since = 0;
        return;
    }
    judge_flapping(h, s, now.score < h->config->health.enter);
    judge_side(h, s, now.score);
    if (now.score != s->shown.score)
        show(h, s, &now);
}

void scopes_evaluate(struct helios *h)
{
    struct scope *s, *next;
    HASH_ITER (hh, h->sense.scopes, s, next)
        if (s->weight > 0)
            evaluate(h, s);
}
