/* SPDX-License-Identifier: MPL-2.0 */
/* The lease's four function calls. When to make them is lease.c's. */
#include "store_inside.h"

struct ask {
    store_answer *answer;
    void *user;
    struct lease_seen seen; /* of a read */
    bool bad;               /* its first answer was none */
};

static struct ask *new_ask(store_answer *answer, void *user)
{
    struct ask *ask = NEW(struct ask);
    ask->answer = answer;
    ask->user = user;
    return ask;
}

/* Everything that is neither done nor taken by another one has an unknown outcome: the caller asks
 * again. */
static int result_of(struct store *s, const redisReply *reply)
{
    if (reply == NULL)
        return -EIO;
    if (reply->type != REDIS_REPLY_ERROR)
        return 0;
    if (strncmp(reply->str, "TAKEN", 5) == 0 || strncmp(reply->str, "FENCED", 6) == 0)
        return -ESTALE;
    store_error(s, reply->str);
    return -EIO;
}

static void on_pos(struct store *s, redisReply *reply, void *data)
{
    struct ask *ask = data;
    struct position pos = {0};
    (void)s;
    ask->bad = reply && reply->type != REDIS_REPLY_ERROR && !position_read_pos(reply, &pos);
    ask->seen.pos_epoch = pos.epoch;
}

static void on_read(struct store *s, redisReply *reply, void *data)
{
    struct ask *ask = data;
    int r = result_of(s, reply);
    if (r == 0 && (ask->bad || !position_read_lease(reply, &ask->seen))) {
        store_nonsense(s, "reading the lease");
        r = -EIO;
    }
    ask->answer(ask->user, r, r == 0 ? &ask->seen : NULL);
    free(ask);
}

int store_lease_read(struct store *s, store_answer *answer, void *user)
{
    if (!store_open(s))
        return -ENOTCONN;
    struct ask *ask = new_ask(answer, user);
    int r = position_ask(s, on_pos, on_read, ask);
    if (r < 0)
        free(ask); /* nothing was sent: a context refuses the first of two or none */
    return r;
}

static void on_done(struct store *s, redisReply *reply, void *data)
{
    struct ask *ask = data;
    int r = result_of(s, reply);
    if (r == 0 && !reply_is_done(reply)) {
        store_nonsense(s, "changing the lease");
        r = -EIO;
    }
    ask->answer(ask->user, r, NULL);
    free(ask);
}

static int send(struct store *s, struct args *a, store_answer *answer, void *user)
{
    struct ask *ask = new_ask(answer, user);
    int r = link_send(s, on_done, ask, a);
    if (r < 0)
        free(ask);
    return r;
}

static void begin(struct store *s, struct args *a, const char *function)
{
    args_text(a, "FCALL");
    args_text(a, function);
    args_text(a, "1");
    args_key(a, s, "lease");
}

static void add_seen(struct args *a, const struct lease_seen *seen)
{
    args_text(a, seen->holder);
    if (seen->exists) {
        args_number(a, seen->epoch);
        args_number(a, seen->renew);
    } else { /* absent fields compare as empty */
        args_text(a, "");
        args_text(a, "");
    }
}

int store_lease_take(struct store *s, const struct lease_seen *seen, const char *holder,
                     uint64_t epoch, store_answer *answer, void *user)
{
    _cleanup_(args_done) struct args a = {0};
    begin(s, &a, "helios_lead");
    add_seen(&a, seen);
    args_text(&a, holder);
    args_number(&a, epoch);
    return send(s, &a, answer, user);
}

int store_lease_renew(struct store *s, uint64_t epoch, uint64_t renew, store_answer *answer,
                      void *user)
{
    if (!store_open(s))
        return -ENOTCONN;
    _cleanup_(args_done) struct args a = {0};
    begin(s, &a, "helios_renew");
    args_number(&a, epoch);
    args_number(&a, renew);
    return send(s, &a, answer, user);
}

int store_lease_hand_over(struct store *s, uint64_t epoch, store_answer *answer, void *user)
{
    if (!store_open(s))
        return -ENOTCONN;
    _cleanup_(args_done) struct args a = {0};
    begin(s, &a, "helios_hand_over");
    args_number(&a, epoch);
    args_text(&a, "");
    return send(s, &a, answer, user);
}
