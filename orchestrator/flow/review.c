/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reviews: how one begins, when it is decided, how it goes on after a restart. Refuses to know who reviews what
 * (review_seats.c) and how votes are counted (tally.c).
 *
 *   OPEN --the open seats cannot change it, or the deadline--> APPROVED or REJECTED
 *    `---- withdrawn by its owner ---------------------------> REJECTED
 *
 * In OPEN the deadline is armed and each open seat has a live task; in the others neither. */
#include "review.h"

#include <math.h>

#include "orchestrator/decide/decide.h"
#include "orchestrator/sense/kpi.h"

#define SUBJECT_MOST (32 * 1024) /* bytes: each seat's task has a copy */
#define SAID_AGAIN_MS 6000 /* agents say again what was not acknowledged after five seconds */

struct reviews *reviews_of(struct helios *h)
{
    return h->decide.state[DECIDE_review];
}

struct review *review_find(struct helios *h, struct bytes id)
{
    struct review *v;
    HASH_FIND(hh, reviews_of(h)->by_id, id.at, id.n, v);
    return v;
}

/* ---- born and gone ---- */

static void deadline(struct helios *h, struct timer *t);

/* review_of takes what the record owns. */
static struct review *review_of(struct helios *h, const struct rec_review *owned)
{
    struct reviews *all = reviews_of(h);
    struct review *v = NEW(struct review);
    v->r = *owned;
    v->timer.run = deadline;
    v->rule.quorum = map_num(v->r.spec, "quorum", 100);
    v->rule.threshold = map_num(v->r.spec, "threshold", 50);
    v->rule.score_at_least = map_num(v->r.spec, "score_at_least", 0);
    v->named = map_bool(v->r.spec, "named", false);
    v->action = bytes_dup(map_str(v->r.spec, "action", "review"));
    v->swarm = bytes_dup(map_str(v->r.spec, "swarm", ""));
    v->role = bytes_dup(map_str(v->r.spec, "role", ""));
    save_init(&v->save, REC_review, &v->r, &v->r.id);
    HASH_ADD_KEYPTR(hh, all->by_id, v->r.id.at, v->r.id.n, v);
    if (v->r.state == review_state_OPEN) {
        list_push(&all->open, &v->link);
        all->n_open++;
    } else {
        list_push(&all->ended, &v->link);
        all->n_ended++;
    }
    return v;
}

static void review_free(struct helios *h, struct review *v)
{
    HASH_DEL(reviews_of(h)->by_id, v);
    list_out(&v->link);
    timer_stop(h, &v->timer);
    save_forget(&v->save);
    seats_free(h, v);
    record_free(&schema_records[REC_review], &v->r);
    free(v->action);
    free(v->swarm);
    free(v->role);
    free(v);
}

static void bound(struct helios *h)
{
    struct reviews *all = reviews_of(h);
    while (all->n_ended > DECIDE_KEEP) {
        struct review *oldest = list_first(&all->ended, struct review, link);
        save_drop(h, &oldest->save);
        review_free(h, oldest);
        all->n_ended--;
    }
}

/* ---- the decision ---- */

static void tell_kpis(struct helios *h, const struct review *v, const struct tally *t)
{
    kpi_own(h, "review_latency", (double)(v->r.ended - v->r.began));
    kpi_own(h, "review_success", v->r.state == review_state_APPROVED ? 100 : 0);
    kpi_own(h, "review_dissent", tally_against(t));
}

static void tell_owner(struct helios *h, const struct review *v)
{
    struct buf data = {0};
    review_data(v, &data);
    decide_on_review(h, &v->r, buf_bytes(&data));
    buf_done(&data);
}

/* close_seats: tasks whose votes are not needed any more are cancelled; their ends come back to us and find their seats closed. */
static void close_seats(struct helios *h, struct review *v, const char *reason)
{
    for (size_t i = 0; i < v->n_seats; i++) {
        struct review_seat *s = &v->seats[i];
        if (!s->open)
            continue;
        seat_close(h, s, vote_missing, (double)NAN, reason);
        struct task *t = task_find(h, bytes_of(s->task));
        if (t)
            task_cancel(h, t, "its vote is not needed any more");
    }
}

static void settle(struct helios *h, struct review *v, const struct tally *t, const char *reason)
{
    struct reviews *all = reviews_of(h);
    v->r.state = t->by == TALLY_AGREED ? review_state_APPROVED : review_state_REJECTED;
    v->r.ended = h->now;
    v->r.score = isnan(t->score) ? 0 : t->score;
    own_text(&v->r.reason, reason);
    close_seats(h, v, "was not waited for");
    timer_stop(h, &v->timer);
    list_out(&v->link);
    list_push(&all->ended, &v->link);
    all->n_open--;
    all->n_ended++;
    seats_save(h, v);
    review_note_decided(h, v, t);
    bound(h);
}

/* look decides when the open seats cannot change the decision any more (V3). */
static void look(struct helios *h, struct review *v)
{
    struct tally t = seats_count(v);
    if (t.by == TALLY_OPEN)
        return;
    settle(h, v, &t, tally_text(t.by));
    tell_kpis(h, v, &t);
    tell_owner(h, v);
}

void review_withdraw(struct helios *h, struct review *v, const char *reason)
{
    if (v->r.state != review_state_OPEN)
        return;
    struct tally t = seats_count(v);
    t.by = TALLY_OPEN;
    settle(h, v, &t, reason);
}

/* ---- the deadline ---- */

/* due_at: what our own pauses, holds and takeovers took is not the reviewers' fault (L6, C5). */
static int64_t due_at(const struct helios *h, const struct review *v)
{
    int64_t greet = h->config->agents.beat_ms * h->config->agents.missed * 2 + 1000;
    int64_t due = MAX(v->r.until, h->excused_until);
    if (h->resumed > v->r.began)
        due = MAX(due, h->resumed + SAID_AGAIN_MS);
    if (h->started > v->r.began)
        due = MAX(due, h->started + greet);
    return due;
}

static bool is_open(const struct review *v)
{
    return seats_count(v).by == TALLY_OPEN;
}

/* arm: what is decided already is told in the next turn. */
static void arm(struct helios *h, struct review *v)
{
    timer_set(h, &v->timer, is_open(v) ? due_at(h, v) : h->now + 1);
}

static void deadline(struct helios *h, struct timer *timer)
{
    struct review *v = container_of(timer, struct review, timer);
    bool holds = h->held || h->control.paused; /* nobody can be asked, or heard */
    int64_t due = holds ? h->now + MAX(v->r.until - v->r.began, (int64_t)SAID_AGAIN_MS) : due_at(h, v);
    if (is_open(v) && due > h->now) {
        timer_set(h, &v->timer, due);
        return;
    }
    if (is_open(v))
        close_seats(h, v, "did not answer in time");
    look(h, v);
}

/* ---- begun ---- */

static const struct set_committee *committee_find(struct helios *h, struct bytes name)
{
    SEQ_EACH (c, const struct set_committee, h->config->committees)
        if (bytes_eq(c->name, name))
            return c;
    return NULL;
}

/* The rule as it is now: a review ends by the one that it began with, whatever a reload says. */
static void pack_spec(struct buf *out, const struct set_committee *c)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_str(&p, "action", c->action);
    pack_put_bool(&p, "named", c->agents.n > 0);
    pack_put_str(&p, "swarm", c->swarm);
    pack_put_str(&p, "role", c->role);
    pack_put_num(&p, "quorum", c->quorum);
    pack_put_num(&p, "threshold", c->threshold);
    pack_put_num(&p, "score_at_least", c->score_at_least);
    pack_put_int(&p, "deadline_ms", c->deadline_ms);
    pack_end(&p);
}

/* can_be_kept: what we write we must be able to read again, also within an entry of the ledger. */
static bool can_be_kept(struct bytes subject)
{
    struct buf wrapped = {0};
    struct pack p;
    pack_init(&p, &wrapped);
    pack_map(&p);
    pack_key(&p, "data");
    pack_map(&p);
    pack_put_raw(&p, "subject", subject);
    pack_end(&p);
    pack_end(&p);
    int wrong = guard_check(buf_bytes(&wrapped));
    buf_done(&wrapped);
    return wrong == 0;
}

static bool refused(struct helios *h, const struct review_order *o, const struct set_committee *c, char *err)
{
    if (c == NULL)
        snprintf(err, 200, "there is no committee `" BYTES_F "`", (int)MIN(o->committee.n, (size_t)64), o->committee.at);
    else if (reviews_of(h)->n_open >= REVIEWS_OPEN_MOST)
        snprintf(err, 200, "%d reviews are open already", REVIEWS_OPEN_MOST);
    else if (o->subject.n > SUBJECT_MOST)
        snprintf(err, 200, "the subject has %zu bytes, at most %d are taken", o->subject.n, SUBJECT_MOST);
    else if (!can_be_kept(o->subject) || !can_be_kept(c->params))
        snprintf(err, 200, "the subject has too many fields (64 are taken), or lists in lists too deep");
    else
        return false;
    return true;
}

static struct review *review_new(struct helios *h, const struct review_order *o, const struct set_committee *c)
{
    struct rec_review r;
    struct buf spec = {0};
    char id[32];
    snprintf(id, sizeof(id), "v-%llu", (unsigned long long)h->control.next_review++);
    save_mark(h, &h->control_save);
    pack_spec(&spec, c);
    struct_defaults(&schema_records[REC_review], &r);
    r.id = bytes_of(id);
    r.committee = c->name;
    r.owner_kind = bytes_of(o->owner_kind ? o->owner_kind : "");
    r.owner_id = bytes_of(o->owner_id ? o->owner_id : "");
    r.author = o->author;
    r.subject = o->subject;
    r.spec = buf_bytes(&spec);
    r.began = h->now;
    r.until = h->now + c->deadline_ms;
    record_own(&schema_records[REC_review], &r);
    buf_done(&spec);
    return review_of(h, &r);
}

/* A review that is decided already, since none of its seats could be asked, is decided in the next turn: whoever asks must first
 * write down that it waits. */
struct review *review_start(struct helios *h, const struct review_order *o, char *err)
{
    const struct set_committee *c = committee_find(h, o->committee);
    if (refused(h, o, c, err))
        return NULL;
    struct review *v = review_new(h, o, c);
    seats_make(h, v, c);
    review_note_began(h, v, o->cause);
    seats_ask(h, v, c, o);
    seats_save(h, v);
    arm(h, v);
    return v;
}

/* ---- the decider ---- */

/* Once a turn, however many agents are gone. */
static void some_gone(struct helios *h, struct timer *t)
{
    struct reviews *all = container_of(t, struct reviews, again);
    list_each (v, &all->open, struct review, link)
        seats_again(h, v);
}

static void init(struct helios *h)
{
    struct reviews *all = NEW(struct reviews);
    all->again.run = some_gone;
    list_init(&all->open);
    list_init(&all->ended);
    h->decide.state[DECIDE_review] = all;
}

static void done(struct helios *h)
{
    struct review *v, *next;
    HASH_ITER (hh, reviews_of(h)->by_id, v, next)
        review_free(h, v);
    timer_stop(h, &reviews_of(h)->again);
    free(reviews_of(h));
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_review r;
    if (kind != REC_review)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed == 0) {
        struct review *v = review_of(h, &r);
        seats_load(h, v);
        save_loaded(&v->save);
    }
    return failed;
}

static int older(const struct review *a, const struct review *b)
{
    return (a->r.ended > b->r.ended) - (a->r.ended < b->r.ended);
}

/* Records come in any order. */
static void sort_ended(struct helios *h)
{
    struct review *v, *next;
    struct reviews *all = reviews_of(h);
    HASH_SRT(hh, all->by_id, older);
    HASH_ITER (hh, all->by_id, v, next)
        if (v->r.state != review_state_OPEN) {
            list_out(&v->link);
            list_push(&all->ended, &v->link);
        }
}

/* The commit that ended a task also closed its seat: one whose task is not there was never asked. */
static void go_on(struct helios *h, struct review *v)
{
    for (size_t i = 0; i < v->n_seats; i++)
        if (v->seats[i].open && task_find(h, bytes_of(v->seats[i].task)) == NULL)
            seat_close(h, &v->seats[i], vote_missing, (double)NAN, "its task is gone");
    arm(h, v);
}

static void lead(struct helios *h)
{
    sort_ended(h);
    list_each (v, &reviews_of(h)->open, struct review, link)
        go_on(h, v);
    bound(h);
}

/* seat_of finds what owner_id, v-N/SEAT, names; NULL when its vote does not count any more. */
static struct review_seat *seat_of(struct helios *h, const char *owner_id, struct review **ret_review)
{
    const char *slash = strchr(owner_id, '/');
    if (slash == NULL)
        return NULL;
    struct review *v = review_find(h, (struct bytes){owner_id, (size_t)(slash - owner_id)});
    struct review_seat *s = v && v->r.state == review_state_OPEN ? seat_find(v, slash + 1) : NULL;
    *ret_review = v;
    return s && s->open ? s : NULL;
}

static void on_done(struct helios *h, const char *owner_id, const struct rec_task *ended)
{
    struct review *v;
    struct review_seat *s = seat_of(h, owner_id, &v);
    if (s == NULL || !bytes_is(ended->id, s->task)) /* or it was asked of somebody who is gone */
        return;
    seat_hear(h, s, ended);
    seats_save(h, v);
    review_note_vote(h, v, s);
    look(h, v);
}

/* A seat that anybody may take is that agent's who got its task last. */
static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    struct review *v;
    if ((kind == EVENT_agent_lost || kind == EVENT_agent_left) && reviews_of(h)->n_open)
        timer_set(h, &reviews_of(h)->again, h->now + 1);
    if (kind != EVENT_task_dispatched || reviews_of(h)->n_any == 0)
        return;
    const struct task *t = task_find(h, e->id);
    if (t == NULL || !bytes_is(t->r.owner_kind, decider_review.kind))
        return;
    struct review_seat *s = seat_of(h, t->r.owner_id.at, &v);
    if (s == NULL || bytes_is(t->r.holder, s->agent))
        return;
    free(s->agent);
    s->agent = bytes_dup(t->r.holder);
    seats_save(h, v);
}

const struct decider decider_review = {
    .kind = "review", .init = init, .done = done, .load = load, .lead = lead, .on_done = on_done, .on_event = on_event};
