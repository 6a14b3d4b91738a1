/* SPDX-License-Identifier: MPL-2.0 */
/* Where Redis stands, and what follows: which commits are durable after all (C2), whether another
 * one leads (C4), whether Redis has lost what it had acknowledged (C7). */
#include <inttypes.h>

#include "store_inside.h"

#define FIELDS 3 /* that each of the two reads asks for */

static const char *word(const redisReply *reply, size_t i)
{
    const char *text = reply_text(reply_item(reply, i));
    return text ? text : "";
}

static uint64_t number(const redisReply *reply, size_t i)
{
    return strtoull(word(reply, i), NULL, 10);
}

bool position_read_pos(const redisReply *reply, struct position *ret)
{
    if (reply_size(reply) != FIELDS)
        return false;
    ret->epoch = number(reply, 0);
    ret->seq = number(reply, 1);
    snprintf(ret->digest, sizeof(ret->digest), "%s", word(reply, 2));
    return true;
}

bool position_read_lease(const redisReply *reply, struct lease_seen *ret)
{
    if (reply_size(reply) != FIELDS)
        return false;
    snprintf(ret->holder, sizeof(ret->holder), "%s", word(reply, 0));
    ret->epoch = number(reply, 1);
    ret->renew = number(reply, 2);
    ret->exists = word(reply, 1)[0] != '\0';
    return true;
}

int position_ask(struct store *s, link_answer *pos, link_answer *lease, void *data)
{
    static const char *const fields[2][FIELDS] = {{"epoch", "seq", "digest"},
                                             {"holder", "epoch", "renew"}};
    static const char *const keys[] = {"pos", "lease"};
    link_answer *const answers[] = {pos, lease};
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++) {
        _cleanup_(args_done) struct args a = {0};
        args_text(&a, "HMGET");
        args_key(&a, s, keys[i]);
        for (size_t f = 0; f < ARRAY_SIZE(fields[i]); f++)
            args_text(&a, fields[i][f]);
        r = link_send(s, answers[i], data, &a);
    }
    return r;
}

/* ---- the judgement, once both were read */

/* known: what stands in Redis at this place is what we put or found there. */
static bool known(struct store *s)
{
    const struct commit *c = commits_find(s, s->pos.seq);
    const char *digest = c ? c->digest : s->pos.seq == s->base.seq ? s->base.digest : NULL;
    return digest && strcmp(digest, s->pos.digest) == 0;
}

static void data_lost(struct store *s, bool again)
{
    char what[200];
    snprintf(what, sizeof(what),
             "Redis stands at commit %" PRIu64 ", but it had acknowledged %" PRIu64 ": %s (C7)",
             s->pos.seq, s->acked_seq,
             again ? "the missing ones are applied again"
                   : "the missing ones are not known here any more");
    if (again)
        commits_reopen(s, s->pos.seq);
    s->acked_seq = s->pos.seq;
    s->calls->on_lost_data(s->user, again, what);
}

void store_went_back(struct store *s, uint64_t epoch, uint64_t seen)
{
    char what[200];
    snprintf(what, sizeof(what), "Redis stands at epoch %" PRIu64 ", but epoch %" PRIu64 " was seen: it came back with less (C7)",
             epoch, seen);
    s->calls->on_lost_data(s->user, false, what);
}

/* Another one has taken the lease of what came back: what is missing is said by who knows it. */
static void fence(struct store *s)
{
    if (s->loaded && s->pos.seq < s->acked_seq)
        data_lost(s, false);
    store_fenced(s, "another controller holds the lease");
}

static void on_retaken(void *user, int r, const struct lease_seen *seen)
{
    struct store *s = user;
    (void)seen;
    if (r == 0 && s->state == STORE_POSITION)
        position_begin(s);
    else if (r == -ESTALE)
        store_fenced(s, "another controller has taken the lease");
}

/* The lease was lost with other data: it is taken again in the same epoch, if nobody else has it.
 */
static bool keep_lease(struct store *s)
{
    const struct lease_seen *l = &s->lease;
    bool ours = strcmp(l->holder, s->holder) == 0, free_again = l->holder[0] == '\0';
    if (l->exists && l->epoch == s->epoch && ours)
        return true;
    if (s->loaded && l->epoch < s->epoch && (ours || free_again))
        store_lease_take(s, l, s->holder, s->epoch, on_retaken, s);
    else
        fence(s);
    return false;
}

static void judge_leading(struct store *s)
{
    bool behind = s->pos.seq < s->acked_seq;
    if (known(s) && behind) {
        data_lost(s, true);
    } else if (behind) {
        data_lost(s, false);
        store_fenced(s, "what Redis has is loaded anew");
        return;
    } else if (!known(s)) {
        store_fenced(s, "another controller has committed");
        return;
    }
    commits_settle(s, s->pos.seq);
    store_event(s, EV_GO_ON);
}

/* A new leader starts from what is there; s->acked_seq still knows what this process was promised
 * in an earlier term. */
static void judge_new(struct store *s)
{
    if (s->pos.seq < s->acked_seq)
        data_lost(s, false);
    s->base = s->pos;
    s->last_seq = s->acked_seq = s->pos.seq;
    store_event(s, EV_LOAD);
}

static void on_lease(struct store *s, redisReply *reply, void *data)
{
    (void)data;
    if (reply == NULL || s->state != STORE_POSITION)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        store_error(s, reply->str);
        return;
    }
    if (!position_read_lease(reply, &s->lease))
        store_nonsense(s, "reading the lease");
    else if (s->epoch == 0)
        store_event(s, EV_STAND_BY);
    else if (keep_lease(s))
        (s->loaded ? judge_leading : judge_new)(s);
}

static void on_pos(struct store *s, redisReply *reply, void *data)
{
    (void)data;
    if (reply == NULL || s->state != STORE_POSITION)
        return;
    if (reply->type == REDIS_REPLY_ERROR)
        store_error(s, reply->str);
    else if (!position_read_pos(reply, &s->pos))
        store_nonsense(s, "reading the position");
}

void position_begin(struct store *s)
{
    position_ask(s, on_pos, on_lease, NULL);
}
