/* SPDX-License-Identifier: MPL-2.0 */
/* What the answers of controllers mean. The bytes are not trusted: what cannot be read or was not
 * asked for is dropped. */
#include "inside.h"

#include "proto/guard.h"

/* Refusals that pass: the same again later (see Codes in docs/protocol.md). */
static bool passes(struct bytes code)
{
    return bytes_is(code, "busy") || bytes_is(code, "full") || bytes_is(code, "not_leader");
}

/* An item of the message that was sent last, by its index; SIZE_MAX for an answer to an older one,
 * or one that was told already. */
static size_t item_of(const struct client_request *r, unsigned round, uint64_t index)
{
    if (round != r->round || index >= r->n_sent || r->items[r->sent[index]].settled)
        return SIZE_MAX;
    return r->sent[index];
}

static void forget_when_settled(struct client_request *r)
{
    if (r->n_open == 0)
        request_free(r);
}

static void on_accepted(struct client_core *c, size_t from, const void *message)
{
    const struct msg_accepted *m = message;
    unsigned round;
    struct client_request *r = request_of(c, m->ref, &round);
    if (m->epoch)
        client_stands(c, from, m->epoch);
    if (r == NULL || r->items == NULL)
        return;
    SEQ_EACH (ticket, struct msg_ticket, m->items) {
        size_t item = item_of(r, round, ticket->index);
        if (item == SIZE_MAX)
            continue;
        struct client_event e = {.what = CLIENT_ACCEPTED,
                                 .request = r->number,
                                 .controller = from,
                                 .index = item,
                                 .known = ticket->known && !r->items[item].drawn,
                                 .id = ticket->id};
        request_settle(r, item);
        if (r->watch)
            client_watch(c, &ticket->id, 1, c->now);
        client_tell(c, &e);
    }
    forget_when_settled(r);
}

static void refuse_item(struct client_core *c, size_t from, struct client_request *r, size_t item,
                        const struct msg_refusal *why)
{
    struct client_event e = {.what = CLIENT_REFUSED,
                             .request = r->number,
                             .controller = from,
                             .index = item,
                             .code = why->code,
                             .text = why->reason};
    request_settle(r, item);
    client_tell(c, &e);
}

static void on_rejected(struct client_core *c, size_t from, const void *message)
{
    const struct msg_rejected *m = message;
    const struct msg_refusal *passing = NULL;
    unsigned round;
    struct client_request *r = request_of(c, m->ref, &round);
    if (r == NULL || r->items == NULL)
        return;
    SEQ_EACH (refusal, struct msg_refusal, m->items) {
        size_t item = item_of(r, round, refusal->index);
        if (item != SIZE_MAX && passes(refusal->code))
            passing = refusal;
        else if (item != SIZE_MAX)
            refuse_item(c, from, r, item, refusal);
    }
    if (passing)
        request_refused(c, r, passing->code, passing->reason);
    if (passing && bytes_is(passing->code, "not_leader"))
        client_stands(c, from, 0);
    forget_when_settled(r);
}

/* A standby says in the answer to a hail whom it sees lead. */
static void note_holder(struct client_core *c, const struct msg_reply *m)
{
    struct bytes holder = map_str(map_get(m->data, "lease").whole, "holder", "");
    if (m->epoch == 0 && bytes_is(m->ref, "hail"))
        snprintf(c->holder, sizeof(c->holder), BYTES_F, BYTES_A(holder));
}

/* A deposed leader may answer a question until it learns of it: what it says is not told. */
static void on_reply(struct client_core *c, size_t from, const void *message)
{
    const struct msg_reply *m = message;
    unsigned round;
    struct client_request *r = request_of(c, m->ref, &round);
    note_holder(c, m);
    client_stands(c, from, m->epoch);
    if (r == NULL || r->items || !(r->asked & 1u << from))
        return;
    r->asked &= ~(1u << from);
    if (!r->everyone && !m->ok && passes(m->code)) {
        request_refused(c, r, m->code, m->error);
        return;
    }
    if (!r->everyone && m->epoch < c->epoch)
        return;
    struct client_event e = {
        .what = CLIENT_ANSWERED, .request = r->number, .controller = from, .reply = m};
    r->answered |= 1u << from;
    bool more = r->everyone && r->answered != (1u << c->n_controllers) - 1;
    client_tell(c, &e);
    if (!more)
        request_free(r);
}

static void on_done(struct client_core *c, size_t from, const void *message)
{
    const struct msg_done *m = message;
    SEQ_EACH (ended, struct msg_ended, m->items) {
        struct client_watch *w;
        struct client_event e = {.what = CLIENT_ENDED, .controller = from, .ended = ended};
        HASH_FIND(hh, c->watches, ended->id.at, ended->id.n, w);
        if (w == NULL)
            continue; /* told already */
        HASH_DEL(c->watches, w);
        free(w);
        client_tell(c, &e);
    }
}

static const struct {
    enum msg which;
    void (*take)(struct client_core *c, size_t from, const void *message);
} rows[] = {
    {MSG_accepted, on_accepted},
    {MSG_rejected, on_rejected},
    {MSG_reply, on_reply},
    {MSG_done, on_done},
};

void client_take(struct client_core *c, size_t from, struct bytes body)
{
    union {
        struct msg_accepted accepted;
        struct msg_rejected rejected;
        struct msg_reply reply;
        struct msg_done done;
    } message;
    struct arena arena = {0};
    int which = guard_check(body) == 0 ? message_which(body) : -EPROTO;
    for (size_t i = 0; which >= 0 && i < ARRAY_SIZE(rows); i++)
        if (rows[i].which == (enum msg)which &&
            message_decode(rows[i].which, body, &message, &arena, NULL) == 0)
            rows[i].take(c, from, &message);
    arena_done(&arena);
}
