/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading of what commits say of schedules, runs and reviews. When something falls due is counted from the texts of
 * realm/helios.yaml, not by the code under test. */
#include <uthash.h>

#include "facts.h"
#include "flow.h"
#include "realm.h"

struct seen { /* as it was durable last */
    UT_hash_handle hh;
    char *id; /* owned */
    uint64_t cursor, number; /* of a schedule; retries of a run */
    int state;
    bool waits;
};
static struct seen *all;

static struct seen *seen_of(const char *kind, struct bytes id)
{
    char name[192];
    struct seen *s;
    snprintf(name, sizeof(name), "%s/" BYTES_F, kind, BYTES_A(id));
    HASH_FIND_STR(all, name, s);
    if (s)
        return s;
    s = NEW(struct seen);
    s->id = xdup(name);
    s->state = -1;
    HASH_ADD_KEYPTR(hh, all, s->id, strlen(s->id), s);
    return s;
}

/* id_of: without its kind. */
static const char *id_of(const struct seen *s)
{
    return strchr(s->id, '/') + 1;
}

void flow_end(void)
{
    struct seen *s, *next;
    HASH_ITER (hh, all, s, next) {
        HASH_DEL(all, s);
        free(s->id);
        free(s);
    }
}

/* ---- schedules ---- */

/* period_of: `@every 3s` and every sixth second of a minute. */
static uint64_t period_of(const char *schedule)
{
    unsigned seconds = 0;
    SEQ_EACH (s, const struct set_schedule, realm_config()->schedules)
        if (strcmp(s->name.at, schedule) == 0 && sscanf(s->cron.at, "@every %us", &seconds) != 1)
            sscanf(s->cron.at, "*/%u", &seconds);
    assert(seconds);
    return seconds * 1000;
}

void flow_schedule(const char *who, const struct rec_schedule *r)
{
    struct seen *s = seen_of("schedule", r->id);
    uint64_t period = period_of(id_of(s)), cursor = (uint64_t)r->cursor;
    bool is_new = s->state < 0;
    if (is_new || cursor != s->cursor)
        fact(.kind = FACT_settled, .who = who, .id = id_of(s), .n = cursor,
             .m = is_new || cursor < s->cursor ? 0 : cursor / period - s->cursor / period);
    if (s->waits != (r->waiting != 0))
        fact(.kind = FACT_waits, .who = who, .id = id_of(s), .n = (uint64_t)r->waiting);
    s->cursor = cursor;
    s->waits = r->waiting != 0;
    s->state = 0;
}

static void occurs(const char *who, struct bytes key, const char *what)
{
    const char *client = memchr(key.at, '/', key.n); /* CLIENT/NAME@TIME or NAME@TIME */
    _autofree_ char *name = xdup(client ? client + 1 : key.at);
    char *time = strrchr(name, '@');
    if (time == NULL)
        return;
    *time++ = '\0';
    fact(.kind = FACT_occurs, .who = who, .key = time, .id = name, .text = what);
}

/* ---- runs and steps ---- */

void flow_begin(void)
{
    SEQ_EACH (p, const struct set_pipeline, realm_config()->pipelines)
        SEQ_EACH (s, const struct set_flow_step, p->steps)
            SEQ_EACH (parent, const struct bytes, s->after)
                fact(.kind = FACT_edge, .key = p->name.at, .id = s->name.at, .text = parent->at, .n = (uint64_t)s->rule);
}

void flow_run(const char *who, const struct rec_run *r)
{
    struct seen *s = seen_of("run", r->id);
    _autofree_ char *pipeline = bytes_dup(r->pipeline);
    if (s->state < 0 && bytes_is(r->owner_kind, "schedule"))
        occurs(who, r->key, id_of(s));
    if (s->state != (int)r->state || s->number != r->tries)
        fact(.kind = FACT_run, .who = who, .key = pipeline, .id = id_of(s), .text = enum_text(&enum_run_state, (int)r->state),
             .n = r->tries, .m = r->state >= run_state_COMPLETED ? r->steps - r->done : 0);
    s->state = (int)r->state;
    s->number = r->tries;
}

static uint64_t retries_of(struct bytes step)
{
    const char *slash = memchr(step.at, '/', step.n);
    return slash ? seen_of("run", (struct bytes){step.at, (size_t)(slash - step.at)})->number : 0;
}

void flow_step(const char *who, const struct rec_step *r)
{
    struct seen *s = seen_of("step", r->id);
    _autofree_ char *task = bytes_dup(r->task);
    uint64_t retries = retries_of(r->id);
    if (s->state != (int)r->state || s->number != retries)
        fact(.kind = FACT_step, .who = who, .key = task, .id = id_of(s), .text = enum_text(&enum_step_state, (int)r->state),
             .n = r->by_when, .m = retries);
    s->state = (int)r->state;
    s->number = retries;
}

void flow_task(const char *who, struct bytes owner, struct bytes object, struct bytes key, const char *task)
{
    _autofree_ char *step = bytes_dup(object);
    if (bytes_is(owner, "schedule"))
        occurs(who, key, task);
    else if (bytes_is(owner, "run"))
        fact(.kind = FACT_begun, .who = who, .id = step, .text = task, .n = retries_of(object));
}

/* ---- reviews ---- */

void flow_review(const char *who, const struct rec_review *r)
{
    struct seen *s = seen_of("review", r->id);
    if (s->state != (int)r->state)
        fact(.kind = FACT_review_state, .who = who, .id = id_of(s), .text = enum_text(&enum_review_state, (int)r->state));
    s->state = (int)r->state;
}

static void tell_vote(const char *who, enum fact_kind kind, const char *review, struct bytes vote, uint64_t m)
{
    _autofree_ char *seat = bytes_dup(map_str(vote, "seat", "")), *text = bytes_dup(map_str(vote, "vote", ""));
    fact(.kind = kind, .who = who, .key = seat, .id = review, .text = text, .n = (uint64_t)(1000 * map_num(vote, "weight", 0)), .m = m);
}

static void tell_decision(const char *who, const char *review, struct bytes data)
{
    struct value list = map_get(data, "votes"), seat;
    struct walk w = walk_of(list.whole);
    _autofree_ char *rule = bytes_dup(map_str(data, "rule", ""));
    while (walk_item(&w, &seat))
        tell_vote(who, FACT_seat, review, seat.whole, map_bool(seat.whole, "veto", false));
    fact(.kind = FACT_decided, .who = who, .key = rule, .id = review, .text = map_bool(data, "approved", false) ? "APPROVED" : "REJECTED");
}

static void tell_rule(const char *who, const char *review, struct bytes rule)
{
    char text[64];
    snprintf(text, sizeof(text), "%.0f/%.0f/%.0f", map_num(rule, "quorum", 0), map_num(rule, "threshold", 0),
             map_num(rule, "score_at_least", 0));
    fact(.kind = FACT_review, .who = who, .id = review, .text = text);
}

void flow_entry(const char *who, const struct rec_entry *r)
{
    _autofree_ char *id = bytes_dup(r->id);
    if (bytes_is(r->topic, "schedule.skipped"))
        fact(.kind = FACT_skips, .who = who, .id = id, .n = (uint64_t)map_int(r->data, "time", 0), .m = (uint64_t)map_int(r->data, "n", 0));
    else if (bytes_is(r->topic, "review.began"))
        tell_rule(who, id, map_get(r->data, "rule").whole);
    else if (bytes_is(r->topic, "review.vote"))
        tell_vote(who, FACT_voted, id, r->data, (uint64_t)map_num(r->data, "score", 0));
    else if (bytes_is(r->topic, "review.decided"))
        tell_decision(who, id, r->data);
}
