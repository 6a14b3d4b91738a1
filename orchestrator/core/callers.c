/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the routes of agents that greeted while this controller stood by. Knows no agent: the
 * welcome comes with the hello that it asks for. */
#include "callers.h"

#include "common/hash.h"
#include "helios.h"

#define CALLER_OLD_MS 5000 /* a live agent greets a standby each second */

struct caller {
    UT_hash_handle hh;     /* helios.callers, oldest call first; key to */
    struct routing to;     /* unused bytes 0 */
    int64_t at;            /* of its last hello */
};

static void drop(struct helios *h, struct caller *c)
{
    HASH_DEL(h->callers, c);
    free(c);
}

/* A peer with many connections pushes the oldest out; nothing grows (Z6). */
static void make_room(struct helios *h)
{
    size_t most = (size_t)h->config->agents.max;
    while (h->callers && (h->callers->at < h->now - CALLER_OLD_MS || HASH_COUNT(h->callers) >= most))
        drop(h, h->callers);
}

void callers_add(struct helios *h, const struct routing *from)
{
    struct routing key = {.n = from->n};
    struct caller *c;
    memcpy(key.at, from->at, MIN((size_t)from->n, sizeof(key.at)));
    HASH_FIND(hh, h->callers, &key, sizeof(key), c);
    if (c)
        HASH_DEL(h->callers, c); /* to the end: the newest */
    else
        make_room(h);
    if (c == NULL)
        c = NEW(struct caller);
    c->to = key;
    c->at = h->now;
    HASH_ADD(hh, h->callers, to, sizeof(c->to), c);
}

void callers_ask(struct helios *h)
{
    struct msg_beat_ok again = {.epoch = h->epoch, .again = true};
    for (struct caller *c = h->callers; c; c = c->hh.next)
        if (c->at >= h->now - CALLER_OLD_MS)
            say(h, ENDPOINT_agents, &c->to, MSG_beat_ok, &again, SAY_AFTER_COMMIT);
    callers_done(h);
}

size_t callers_count(const struct helios *h)
{
    return HASH_COUNT(h->callers);
}

void callers_done(struct helios *h)
{
    while (h->callers)
        drop(h, h->callers);
}
