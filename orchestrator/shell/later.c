/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the messages that wait for company. Refuses to know what they say. */
#include "later.h"

#include "common/hash.h"

struct peer_key {
    enum endpoint endpoint;
    struct routing to; /* unused bytes 0 */
};
struct waiting_peer {
    UT_hash_handle hh; /* later.peers, key key */
    struct peer_key key;
    struct list link;
    int64_t due;
    struct buf bodies; /* owned; each after its length */
};

static struct peer_key key_of(enum endpoint endpoint, const struct routing *to)
{
    struct peer_key key;
    memset(&key, 0, sizeof(key)); /* the padding as well: it is hashed */
    key.endpoint = endpoint;
    key.to.n = to->n;
    memcpy(key.to.at, to->at, MIN((size_t)to->n, sizeof(key.to.at)));
    return key;
}

void later_init(struct later *l)
{
    l->peers = NULL;
    list_init(&l->oldest);
}

static void forget(struct later *l, struct waiting_peer *p)
{
    HASH_DEL(l->peers, p);
    list_out(&p->link);
    buf_done(&p->bodies);
    free(p);
}

void later_done(struct later *l)
{
    struct waiting_peer *p, *next;
    HASH_ITER (hh, l->peers, p, next)
        forget(l, p);
}

static void let_go(struct later *l, struct waiting_peer *p, later_send *send, void *user)
{
    for (size_t at = 0, n; at < p->bodies.n; at += n) {
        memcpy(&n, p->bodies.at + at, sizeof(n));
        at += sizeof(n);
        send(user, p->key.endpoint, &p->key.to, (struct bytes){p->bodies.at + at, n});
    }
    forget(l, p);
}

static struct waiting_peer *find(struct later *l, enum endpoint endpoint, const struct routing *to)
{
    struct peer_key key = key_of(endpoint, to);
    struct waiting_peer *p;
    HASH_FIND(hh, l->peers, &key, sizeof(key), p);
    return p;
}

void later_keep(struct later *l, const struct said *said, int64_t now, later_send *send, void *user)
{
    struct waiting_peer *p = find(l, said->endpoint, &said->to);
    if (p == NULL) {
        p = NEW(struct waiting_peer);
        p->key = key_of(said->endpoint, &said->to);
        p->due = now + LATER_MS;
        list_push(&l->oldest, &p->link);
        HASH_ADD(hh, l->peers, key, sizeof(p->key), p);
    }
    buf_add(&p->bodies, &said->body.n, sizeof(said->body.n));
    buf_add(&p->bodies, said->body.at, said->body.n);
    if (p->bodies.n > LATER_BYTES)
        let_go(l, p, send, user);
}

void later_flush(struct later *l, enum endpoint endpoint, const struct routing *to, later_send *send, void *user)
{
    struct waiting_peer *p = l->peers ? find(l, endpoint, to) : NULL;
    if (p)
        let_go(l, p, send, user);
}

int64_t later_tick(struct later *l, int64_t now, later_send *send, void *user)
{
    for (struct waiting_peer *p; (p = list_first(&l->oldest, struct waiting_peer, link)) && p->due <= now;)
        let_go(l, p, send, user);
    struct waiting_peer *first = list_first(&l->oldest, struct waiting_peer, link);
    return first ? first->due : INT64_MAX;
}
