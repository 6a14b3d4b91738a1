/* SPDX-License-Identifier: MPL-2.0 */
/* Drives the real core on virtual time: messages in as bytes, batches out, says decoded. */
#ifndef HELIOS_TESTS_CORE_HARNESS_H
#define HELIOS_TESTS_CORE_HARNESS_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/core/helios.h"
#include "proto/codec.h"

#define WORLD_BEGIN 1800000000000LL

struct world {
    struct settings *settings; /* owned */
    struct set_config *config; /* of settings; tests may write into it before world_lead */
    struct helios *h;          /* owned */
    int64_t now;
    struct list batches;       /* struct batch.link, cut so far, oldest first; owned */
};

static inline void world_open(struct world *w)
{
    *w = (struct world){.settings = settings_defaults(section_config), .now = WORLD_BEGIN};
    w->config = (struct set_config *)settings_root(w->settings);
    list_init(&w->batches);
}

static inline void world_lead(struct world *w)
{
    w->h = helios_new(w->config, 1);
    helios_lead(w->h, 1, w->now);
}

static inline void world_cut(struct world *w)
{
    struct batch *b = helios_cut(w->h);
    if (b) {
        list_init(&b->link);
        list_push(&w->batches, &b->link);
    }
}

static inline void world_forget(struct world *w)
{
    list_each (b, &w->batches, struct batch, link) {
        list_out(&b->link);
        batch_free(b);
    }
}

static inline void world_close(struct world *w)
{
    world_forget(w);
    helios_free(w->h);
    settings_free(w->settings);
}

/* world_run lets time pass in steps of at most 100 ms, ticking and cutting as the shell does. */
static inline void world_run(struct world *w, int64_t ms)
{
    for (int64_t end = w->now + ms; w->now < end;) {
        w->now = MIN(end, w->now + 100);
        helios_tick(w->h, w->now);
        world_cut(w);
    }
}

static inline struct routing world_peer(unsigned number)
{
    struct routing r = {.n = 5};
    memcpy(r.at, &number, sizeof(number));
    return r;
}

static inline void world_feed(struct world *w, enum msg which, const void *message, unsigned peer)
{
    struct buf bytes = {0};
    struct routing from = world_peer(peer);
    message_encode(&bytes, which, message);
    helios_message(w->h, schema_messages[which].endpoint, &from, buf_bytes(&bytes), w->now);
    helios_tick(w->h, w->now);
    world_cut(w);
    buf_done(&bytes);
}

/* world_events counts the events of this topic that were said so far. */
static inline size_t world_events(struct world *w, const char *topic)
{
    size_t n = 0;
    list_each (b, &w->batches, struct batch, link)
        for (size_t i = 0; i < b->n_says; i++)
            n += b->says[i].endpoint == ENDPOINT_events && strcmp(b->says[i].topic, topic) == 0;
    return n;
}

/* world_ops counts the writes (or drops) of this kind so far. */
static inline size_t world_ops(struct world *w, enum rec kind, bool drop)
{
    size_t n = 0;
    list_each (b, &w->batches, struct batch, link)
        for (size_t i = 0; i < b->n_ops; i++)
            n += b->ops[i].kind == kind && b->ops[i].drop == drop;
    return n;
}

/* world_said finds the newest say of this kind, decoded into ret (lists live in arena), or false. */
static inline bool world_said(struct world *w, enum msg which, void *ret, struct arena *arena)
{
    bool found = false;
    list_each (b, &w->batches, struct batch, link)
        for (size_t pass = 0; pass < 2; pass++) {
            const struct said *says = pass ? b->urgent : b->says;
            for (size_t i = 0; i < (pass ? b->n_urgent : b->n_says); i++)
                if (message_which(says[i].body) == (int)which) {
                    assert_int_equal(message_decode(which, says[i].body, ret, arena, NULL), 0);
                    found = true;
                }
        }
    return found;
}

#endif
