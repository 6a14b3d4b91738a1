/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the seats of a review: who has one, what they are asked, what their answers mean (V1, V2). Refuses to decide. */
#include <math.h>

#include "common/mutant.h"
#include "common/text.h"
#include "orchestrator/work/roster.h"
#include "review.h"

#define CLIENT "helios"
#define REASON_MOST 500 /* bytes of what a reviewer says; the rest is in its task's result */

/* ---- seats ---- */

static void seat_set(struct helios *h, struct review_seat *s, const char *name, struct bytes agent, bool any)
{
    s->name = xdup(name);
    s->agent = bytes_dup(agent);
    s->task = xdup("");
    s->reason = xdup("");
    s->score = (double)NAN;
    s->weight = 1;
    s->open = true;
    s->any = any;
    reviews_of(h)->n_any += any;
}

void seats_free(struct helios *h, struct review *v)
{
    for (size_t i = 0; i < v->n_seats; i++) {
        struct review_seat *s = &v->seats[i];
        reviews_of(h)->n_any -= s->open && s->any;
        free(s->name);
        free(s->agent);
        free(s->task);
        free(s->reason);
    }
    free(v->seats);
}

struct review_seat *seat_find(struct review *v, const char *name)
{
    for (size_t i = 0; i < v->n_seats; i++)
        if (strcmp(v->seats[i].name, name) == 0)
            return &v->seats[i];
    return NULL;
}

static void make_named(struct helios *h, struct review *v, const struct set_committee *c)
{
    size_t i = 0;
    SEQ_EACH (name, struct bytes, c->agents) {
        struct review_seat *s = &v->seats[i++];
        seat_set(h, s, name->at, *name, false);
        s->weight = map_num(c->weights, name->at, 1);
        s->veto = names_have(c->veto, *name);
    }
}

/* Where agents are not named, each seat is given to another one of those that are there; the seats that are left are for whoever
 * comes first. */
static void make_any(struct helios *h, struct review *v, const struct set_committee *c)
{
    struct agent *found[SEATS_MOST];
    size_t n = roster_pick(h, c->swarm.at, c->role.at, c->action.at, h->control.next_review, found, v->n_seats);
    for (size_t i = 0; i < v->n_seats; i++) {
        char name[24];
        snprintf(name, sizeof(name), "%zu", i + 1);
        seat_set(h, &v->seats[i], name, i < n ? found[i]->r.id : (struct bytes){0}, i >= n);
    }
}

void seats_make(struct helios *h, struct review *v, const struct set_committee *c)
{
    size_t wanted = c->agents.n ? c->agents.n : (size_t)c->seats;
    v->n_seats = MIN(wanted, (size_t)SEATS_MOST);
    v->seats = xalloc(v->n_seats * sizeof(*v->seats));
    if (c->agents.n)
        make_named(h, v, c);
    else
        make_any(h, v, c);
}

/* ---- asked ---- */

/* The action gets the subject's fields as its parameters, beside the committee's own. */
static void pack_params(struct buf *out, struct bytes own, struct bytes subject)
{
    struct value key, item;
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    struct walk walk = walk_of(own);
    while (walk_pair(&walk, &key, &item)) {
        _autofree_ char *name = bytes_dup(key.text);
        if (map_get(subject, name).type != VALUE_END)
            continue;
        pack_key(&p, name);
        pack_raw(&p, item.whole);
    }
    walk = walk_of(subject);
    while (walk_pair(&walk, &key, &item)) {
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    pack_end(&p);
}

static void ask(struct helios *h, struct review *v, struct review_seat *s, const struct msg_request *common)
{
    char id[160], err[200] = "";
    struct msg_request q = *common;
    snprintf(id, sizeof(id), "%s/%s", v->r.id.at, s->name);
    q.key = bytes_of(id);
    q.agent = bytes_of(s->agent);
    struct task *t = task_submit(h, &q, CLIENT, decider_review.kind, id, v->r.id.at, err);
    if (t == NULL) {
        seat_close(h, s, vote_missing, (double)NAN, *err ? err : "its task has ended before");
        return;
    }
    free(s->task);
    s->task = bytes_dup(t->r.id);
}

/* Each seat is asked once (V1): a reviewer that failed has not voted. An agent that is lost is no answer: another one is asked in its
 * place, but where agents are named; there the task waits for it, until the deadline. */
void seats_ask(struct helios *h, struct review *v, const struct set_committee *c, const struct review_order *o)
{
    struct buf params = {0};
    pack_params(&params, c->params, o->subject);
    struct msg_request common = {
        .action = c->action,
        .swarm = c->swarm,
        .role = c->role,
        .params = buf_bytes(&params),
        .priority = o->priority,
        .max_attempts = 1,
    };
    for (size_t i = 0; i < v->n_seats; i++)
        ask(h, v, &v->seats[i], &common);
    buf_done(&params);
}

/* ---- asked again ---- */

static bool has_gone(struct helios *h, const struct review_seat *s)
{
    const struct agent *a = agent_find(h, bytes_of(s->agent));
    return a == NULL || a->r.lost || a->r.stopped;
}

static bool sits(const struct review *v, const struct agent *a)
{
    for (size_t i = 0; i < v->n_seats; i++)
        if (bytes_is(a->r.id, v->seats[i].agent))
            return true;
    return false;
}

/* other finds an agent that has no seat yet; NULL: none is there. */
static struct agent *other(struct helios *h, const struct review *v)
{
    struct agent *found[SEATS_MOST + 1];
    size_t n = roster_pick(h, v->swarm, v->role, v->action, h->control.next_review, found, v->n_seats + 1);
    for (size_t i = 0; i < n; i++)
        if (!sits(v, found[i]))
            return found[i];
    return NULL;
}

/* ask_other: the task of who is gone is cancelled; its end finds the seat with another task. */
static void ask_other(struct helios *h, struct review *v, struct review_seat *s)
{
    struct task *before = task_find(h, bytes_of(s->task));
    struct agent *a = before ? other(h, v) : NULL;
    if (a == NULL)
        return;
    char id[160], key[224], err[200];
    snprintf(id, sizeof(id), "%s/%s", v->r.id.at, s->name);
    snprintf(key, sizeof(key), "%s@%s", id, a->r.id.at);
    struct msg_request q = {.key = bytes_of(key), .action = bytes_of(v->action), .swarm = bytes_of(v->swarm), .role = bytes_of(v->role),
                            .agent = a->r.id, .params = before->r.params, .priority = before->r.priority, .max_attempts = 1};
    struct task *t = task_submit(h, &q, CLIENT, decider_review.kind, id, v->r.id.at, err);
    if (t == NULL)
        return;
    free(s->task);
    free(s->agent);
    s->task = bytes_dup(t->r.id);
    s->agent = bytes_dup(a->r.id);
    seats_save(h, v);
    task_cancel(h, before, "its reviewer is gone, another one is asked");
}

void seats_again(struct helios *h, struct review *v)
{
    for (size_t i = 0; i < v->n_seats && !v->named; i++) {
        struct review_seat *s = &v->seats[i];
        if (s->open && !s->any && has_gone(h, s))
            ask_other(h, v, s);
    }
}

/* ---- votes ---- */

/* short_of gives its beginning, never cut within a letter. */
static char *short_of(const char *reason)
{
    size_t n = strlen(reason);
    if (n > REASON_MOST)
        for (n = REASON_MOST; n && ((unsigned char)reason[n] & 0xc0) == 0x80;)
            n--;
    return bytes_dup((struct bytes){reason, n});
}

void seat_close(struct helios *h, struct review_seat *s, enum vote vote, double score, const char *reason)
{
    char *text = short_of(reason);
    reviews_of(h)->n_any -= s->open && s->any;
    s->open = false;
    s->vote = vote == vote_missing && MUTANT(vote) ? vote_yes : vote;
    s->score = score;
    free(s->reason);
    s->reason = text;
}

/* read_score: none is none; what is there must be a number from 0 to 100. */
static bool read_score(struct bytes data, double *ret)
{
    struct value v = map_get(data, "score");
    *ret = v.type == VALUE_INT ? (double)v.integer : v.type == VALUE_NUM ? v.number : (double)NAN;
    return v.type == VALUE_END || v.type == VALUE_NIL || (*ret >= 0 && *ret <= 100);
}

void seat_hear(struct helios *h, struct review_seat *s, const struct rec_task *ended)
{
    double score;
    struct bytes said = map_str(ended->data, "reason", "");
    int vote = enum_find(&enum_vote, map_str(ended->data, "vote", ""));
    _autofree_ char *reason = bytes_dup(said), *error = bytes_dup(ended->error);
    bool sense = vote > vote_missing && read_score(ended->data, &score) && text_is_utf8(said);
    if (ended->state != task_state_COMPLETED)
        seat_close(h, s, vote_missing, (double)NAN, *error ? error : "its task did not complete");
    else if (!sense)
        seat_close(h, s, vote_missing, (double)NAN,
                   "answered nonsense: a vote is {vote: yes, no or abstain; score: 0 to 100; reason}");
    else
        seat_close(h, s, (enum vote)vote, score, reason);
}

struct tally seats_count(const struct review *v)
{
    struct ballot ballots[SEATS_MOST];
    for (size_t i = 0; i < v->n_seats; i++) {
        const struct review_seat *s = &v->seats[i];
        ballots[i] = (struct ballot){
            .open = s->open, .veto = s->veto, .vote = s->vote, .weight = s->weight, .score = s->score};
    }
    return tally_count(&v->rule, ballots, v->n_seats);
}

/* ---- the record ---- */

void seats_save(struct helios *h, struct review *v)
{
    struct buf votes = {0};
    struct pack p;
    pack_init(&p, &votes);
    pack_map(&p);
    pack_key(&p, "seats"); /* a list: a map has at most 64 keys */
    pack_list(&p);
    for (size_t i = 0; i < v->n_seats; i++) {
        const struct review_seat *s = &v->seats[i];
        pack_map(&p);
        pack_put_text(&p, "seat", s->name);
        pack_put_text(&p, "agent", s->agent);
        pack_put_bool(&p, "any", s->any);
        pack_put_text(&p, "task", s->task);
        pack_put_num(&p, "weight", s->weight);
        pack_put_bool(&p, "veto", s->veto);
        pack_put_bool(&p, "open", s->open);
        pack_put_text(&p, "vote", enum_text(&enum_vote, (int)s->vote));
        pack_put_num(&p, "score", s->score);
        pack_put_text(&p, "reason", s->reason);
        pack_end(&p);
    }
    pack_end(&p);
    pack_end(&p);
    own_set(&v->r.votes, buf_bytes(&votes));
    save_mark(h, &v->save);
    buf_done(&votes);
}

static char *text_of(struct bytes map, const char *key)
{
    return bytes_dup(map_str(map, key, ""));
}

static void seat_load(struct helios *h, struct review_seat *s, struct bytes map)
{
    _autofree_ char *text = text_of(map, "seat");
    int vote = enum_find(&enum_vote, map_str(map, "vote", ""));
    seat_set(h, s, text, map_str(map, "agent", ""), map_bool(map, "any", false));
    free(s->task);
    s->task = text_of(map, "task");
    s->weight = fmax(map_num(map, "weight", 1), 0);
    s->veto = map_bool(map, "veto", false);
    if (map_bool(map, "open", false))
        return;
    _autofree_ char *reason = text_of(map, "reason");
    double score = NAN;
    read_score(map, &score);
    seat_close(h, s, vote < 0 ? vote_missing : (enum vote)vote, score, reason);
}

void seats_load(struct helios *h, struct review *v)
{
    struct value item, list = map_get(v->r.votes, "seats");
    struct walk walk = walk_of(list.whole);
    v->seats = xalloc((SEATS_MOST + 1) * sizeof(*v->seats));
    while (v->n_seats < SEATS_MOST && walk_item(&walk, &item))
        seat_load(h, &v->seats[v->n_seats++], item.whole);
}
