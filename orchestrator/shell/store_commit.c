/* SPDX-License-Identifier: MPL-2.0 */
/* The window of commits: cut from batches, sent in order, several on their way, acknowledged in
 * order; and the tail of acknowledged ones for C7. Refuses to know how a commit looks on the wire.
 */
#include <poll.h>

#include "store_inside.h"

void commits_init(struct store *s)
{
    list_init(&s->tail);
    list_init(&s->commits);
}

static size_t bytes_of_batch(const struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_ops; i++)
        n += b->ops[i].id.n + b->ops[i].value.n;
    for (size_t i = 0; i < b->n_says; i++)
        n += b->says[i].body.n;
    return n;
}

/* A batch is one commit, whatever its size: half of a turn must never be all that a new leader finds (C2). One that only says
 * something has a commit without ops: it is durable as soon as all before it is. */
static void add_commit(struct store *s, struct batch *batch)
{
    struct commit *c = NEW(struct commit);
    s->last_seq += batch->n_ops > 0;
    s->n_open += batch->n_ops > 0;
    c->batch = batch;
    c->n = batch->n_ops;
    c->bytes = bytes_of_batch(batch);
    c->seq = s->last_seq;
    c->since = s->now;
    list_push(&s->commits, &c->link);
}

void store_commit(struct store *s, struct batch **batch)
{
    struct batch *b = *batch;
    *batch = NULL;
    add_commit(s, b);
    commits_send(s);
    link_io(s, store_events(s) & POLLOUT); /* not a turn later */
}

bool store_can_commit(const struct store *s)
{
    return s->state == STORE_READY && !s->drop && s->n_open < s->inflight;
}

bool store_idle(const struct store *s)
{
    return s->n_open == 0;
}

static void remove_commit(struct store *s, struct commit *c)
{
    list_out(&c->link);
    if (c->n) {
        s->n_tail -= c->durable;
        s->tail_bytes -= c->durable ? c->bytes : 0;
        s->n_open -= !c->durable;
        s->n_sent -= c->sent && !c->durable;
    }
    s->calls->on_forget(s->user, c->batch);
    free(c);
}

static void trim_tail(struct store *s)
{
    while (s->n_tail > STORE_TAIL || (s->n_tail > 1 && s->tail_bytes > STORE_TAIL_BYTES)) {
        struct commit *oldest = list_first(&s->tail, struct commit, link);
        s->base = (struct position){.seq = oldest->seq, .epoch = s->epoch};
        memcpy(s->base.digest, oldest->digest, sizeof(s->base.digest));
        remove_commit(s, oldest);
    }
}

static void settle(struct store *s, struct commit *c)
{
    if (c->n) {
        s->n_sent -= c->sent;
        s->n_open--;
        s->n_tail++;
        s->tail_bytes += c->bytes;
        s->acked_seq = c->seq;
        list_out(&c->link);
        list_push(&s->tail, &c->link);
    }
    c->durable = true;
    if (!c->said)
        s->calls->on_durable(s->user, c->batch);
    c->said = true;
    if (c->n == 0)
        remove_commit(s, c);
}

void commits_settle(struct store *s, uint64_t up_to)
{
    list_each(c, &s->commits, struct commit, link)
    {
        if (c->seq > up_to)
            break;
        settle(s, c);
    }
    trim_tail(s);
}

static void on_commit(struct store *s, redisReply *reply, void *data)
{
    uint64_t seq = (uintptr_t)data;
    if (reply == NULL || s->state != STORE_READY)
        return; /* outcome unknown, or known by now: the position tells (C2) */
    if (reply->type == REDIS_REPLY_ERROR) {
        store_error(s, reply->str);
        return;
    }
    if (!reply_is_done(reply)) { /* no acknowledgement (C1) */
        store_nonsense(s, "a commit");
        return;
    }
    commits_settle(s, seq); /* OK or DUP */
    store_well(s);
    commits_send(s);
}

static bool send_commit(struct store *s, struct commit *c)
{
    _cleanup_(args_done) struct args a = {0};
    commit_args(s, c, &a);
    if (link_send(s, on_commit, (void *)(uintptr_t)c->seq, &a) < 0)
        return false;
    c->sent = true;
    s->n_sent++;
    return true;
}

void commits_send(struct store *s)
{
    if (s->state != STORE_READY)
        return;
    commits_settle(s, s->acked_seq);
    list_each(c, &s->commits, struct commit, link)
    {
        if (c->sent || c->n == 0)
            continue;
        if (s->n_sent >= s->inflight || !send_commit(s, c))
            return;
    }
}

void commits_unsend(struct store *s)
{
    list_each(c, &s->commits, struct commit, link) c->sent = false;
    s->n_sent = 0;
}

static void move_all(struct list *from, struct list *to)
{
    list_each(c, from, struct commit, link)
    {
        list_out(&c->link);
        list_push(to, &c->link);
    }
}

void commits_reopen(struct store *s, uint64_t after)
{
    struct list open;
    list_init(&open);
    move_all(&s->commits, &open);
    list_each(c, &s->tail, struct commit, link)
    {
        if (c->seq <= after)
            continue;
        c->durable = c->sent = false;
        s->n_tail--;
        s->tail_bytes -= c->bytes;
        s->n_open++;
        list_out(&c->link);
        list_push(&s->commits, &c->link);
    }
    move_all(&open, &s->commits);
    s->acked_seq = after;
}

void commits_drop(struct store *s)
{
    list_each(c, &s->tail, struct commit, link) remove_commit(s, c);
    list_each(c, &s->commits, struct commit, link) remove_commit(s, c);
}

struct commit *commits_find(struct store *s, uint64_t seq)
{
    list_each(c, &s->tail, struct commit, link) if (c->seq == seq) return c;
    list_each(c, &s->commits, struct commit, link) if (c->n && c->seq == seq) return c;
    return NULL;
}

int64_t store_unanswered_since(const struct store *s)
{
    list_each(c, &s->commits, struct commit, link) if (c->n) return c->since;
    return INT64_MAX;
}
