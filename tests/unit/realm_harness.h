/* SPDX-License-Identifier: MPL-2.0 */
/* Drives the pure core in virtual time: messages in, turns, what was saved and said out. It keeps
 * what was committed as Redis would, so that a restart can be played. Knows nothing of what the
 * core decides.
 *
 *   struct core *c = core_new();          defaults; c->config may still be changed
 *   core_lead(c);
 *   core_send(c, PEER, MSG_hello, &hello);      the endpoint follows from the message
 *   core_turn(c);                         one turn at the present time
 *   core_pass(c, 5000);                   time passes, turn by turn; peers in c->beating send beats
 *   struct msg_welcome *w = core_heard(c, PEER, MSG_welcome);      the oldest one to that peer,
 * NULL = none; it is taken out core_restart(c);                      the controller dies; a new one
 * leads with what was committed */
#ifndef HELIOS_TESTS_REALM_HARNESS_H
#define HELIOS_TESTS_REALM_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uthash.h>

#include "common/list.h"
#include "orchestrator/core/helios.h"
#include "proto/codec.h"
#include "settings/settings.h"

#define CORE_START 1790000000000 /* ms since 1970 */
#define CORE_PEERS 64            /* peers that may beat */

struct core_said {
    struct list link; /* in core.said */
    enum endpoint endpoint;
    int peer;  /* -1 of events */
    int which; /* enum msg */
    bool urgent;
    char *body; /* owned */
    size_t n;
};

struct core_record {
    UT_hash_handle hh;
    char *key; /* KIND/ID */
    enum rec kind;
    char *value;
    size_t n;
};

struct core {
    struct settings *settings;
    struct set_config config; /* a copy of the defaults, to be changed by tests */
    struct helios *h;
    int64_t now;
    uint64_t epoch;
    struct list said;          /* struct core_said.link, oldest first */
    struct core_record *redis; /* what was committed */
    size_t n_writes;           /* records written and dropped, ever */
    struct arena arena;        /* what core_heard decoded; lives as long as the core */
    bool beating[CORE_PEERS];
    bool held; /* commits are held: only urgent messages get out */
};

static inline struct routing core_route(int peer)
{
    struct routing r = {.n = 5};
    memcpy(r.at + 1, &peer, sizeof(peer));
    return r;
}

static inline int core_peer(const struct routing *r)
{
    int peer;
    memcpy(&peer, r->at + 1, sizeof(peer));
    return peer;
}

static inline struct core *core_new(void)
{
    struct core *c = NEW(struct core);
    c->settings = settings_defaults(section_config);
    c->config = *(const struct set_config *)settings_root(c->settings);
    c->config.cycle.enabled = false;
    c->now = CORE_START;
    list_init(&c->said);
    return c;
}

static inline void core_lead(struct core *c)
{
    c->h = helios_new(&c->config, 7);
    for (enum rec kind = 0; kind < REC_COUNT; kind++) {
        struct core_record *r, *next;
        HASH_ITER(hh, c->redis, r, next)
        if (r->kind == kind)
            assert_int_equal(helios_load(c->h, kind, (struct bytes){r->value, r->n}), 0);
    }
    helios_lead(c->h, ++c->epoch, c->now);
}

/* ---- what comes out ---- */

static inline void core_take_said(struct core *c, const struct said *from, bool urgent)
{
    struct core_said *s = NEW(struct core_said);
    s->endpoint = from->endpoint;
    s->peer = from->endpoint == ENDPOINT_events ? -1 : core_peer(&from->to);
    s->body = bytes_dup(from->body);
    s->n = from->body.n;
    s->which = message_which((struct bytes){s->body, s->n});
    s->urgent = urgent;
    list_push(&c->said, &s->link);
}

static inline void core_drop_record(struct core *c, struct core_record *r)
{
    HASH_DEL(c->redis, r);
    free(r->key);
    free(r->value);
    free(r);
}

static inline void core_commit(struct core *c, const struct op *op)
{
    static unsigned long long entries;
    struct buf key = {0};
    struct core_record *r;
    if (op->kind == REC_entry)
        buf_printf(&key, "entry/%llu", ++entries);
    else
        buf_printf(&key, "%d/" BYTES_F, (int)op->kind, BYTES_A(op->id));
    c->n_writes++;
    HASH_FIND_STR(c->redis, buf_str(&key), r);
    if (r)
        core_drop_record(c, r);
    if (!op->drop) {
        r = NEW(struct core_record);
        r->key = xdup(buf_str(&key));
        r->kind = op->kind;
        r->value = bytes_dup(op->value);
        r->n = op->value.n;
        HASH_ADD_STR(c->redis, key, r);
    }
    buf_done(&key);
}

static inline void core_cut(struct core *c)
{
    struct batch *b = c->held ? helios_cut_urgent(c->h) : helios_cut(c->h);
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n_urgent; i++)
        core_take_said(c, &b->urgent[i], true);
    for (size_t i = 0; i < b->n_ops; i++)
        core_commit(c, &b->ops[i]);
    for (size_t i = 0; i < b->n_says; i++)
        core_take_said(c, &b->says[i], false);
    batch_free(b);
}

/* core_heard takes the oldest message of that kind to the peer out, decoded; NULL when there is
 * none. */
static inline void *core_heard(struct core *c, int peer, enum msg which)
{
    list_each(s, &c->said, struct core_said, link)
    {
        if (s->peer != peer || s->which != (int)which)
            continue;
        void *ret = arena_take(&c->arena, schema_messages[which].size);
        char *body = arena_take(&c->arena, s->n + 1); /* tests read in it as in a string */
        memcpy(body, s->body, s->n);
        struct decode_error err = {""};
        if (message_decode(which, (struct bytes){body, s->n}, ret, &c->arena, &err) < 0)
            fail_msg("%s", err.text);
        list_out(&s->link);
        free(s->body);
        free(s);
        return ret;
    }
    return NULL;
}

/* core_event takes the oldest event of that kind out; NULL when there is none. */
static inline struct msg_event *core_event(struct core *c, enum event kind)
{
    list_each(s, &c->said, struct core_said, link)
    {
        struct bytes body = {s->body, s->n};
        if (s->which != MSG_event || !bytes_is(map_str(body, "topic", ""), event_kinds[kind].topic))
            continue;
        list_out(&s->link); /* to the front: core_heard takes the first */
        list_push_front(&c->said, &s->link);
        return core_heard(c, -1, MSG_event);
    }
    return NULL;
}

static inline void core_forget_said(struct core *c)
{
    list_each(s, &c->said, struct core_said, link)
    {
        list_out(&s->link);
        free(s->body);
        free(s);
    }
}

/* ---- what goes in ---- */

static inline void core_send(struct core *c, int peer, enum msg which, const void *message)
{
    struct buf body = {0};
    struct routing from = core_route(peer);
    message_encode(&body, which, message);
    helios_message(c->h, schema_messages[which].endpoint, &from, buf_bytes(&body), c->now);
    buf_done(&body);
}

/* core_turn is one turn of the loop; it answers when the next one is due. */
static inline int64_t core_turn(struct core *c)
{
    int64_t next = helios_tick(c->h, c->now);
    core_cut(c);
    return next;
}

static inline void core_beat(struct core *c, int peer)
{
    struct msg_beat beat = {.free = 1};
    core_send(c, peer, MSG_beat, &beat);
}

/* core_pass lets ms go by: a turn whenever one is due, and at least one a beat, in which the
 * beating peers beat. */
static inline void core_pass(struct core *c, int64_t ms)
{
    int64_t end = c->now + ms, beat = c->config.agents.beat_ms, next_beat = c->now + beat;
    for (unsigned turns = 0; c->now <= end; turns++) {
        assert_true(turns < 5000000);
        if (c->now >= next_beat) {
            for (int i = 0; i < CORE_PEERS; i++)
                if (c->beating[i])
                    core_beat(c, i);
            next_beat = c->now + beat;
        }
        int64_t next = core_turn(c);
        if (c->now == end)
            break;
        next = MIN(MIN(MAX(next, c->now + 1), next_beat), end);
        c->now = next;
    }
}

/* ---- ends ---- */

static inline void core_die(struct core *c)
{
    helios_free(c->h);
    c->h = NULL;
}

/* core_restart: kill -9 and a new leader; what was not cut is gone. */
static inline void core_restart(struct core *c)
{
    core_die(c);
    core_forget_said(c);
    core_lead(c);
}

static inline void core_free(struct core *c)
{
    struct core_record *r, *next;
    core_die(c);
    core_forget_said(c);
    HASH_ITER(hh, c->redis, r, next)
    core_drop_record(c, r);
    arena_done(&c->arena);
    settings_free(c->settings);
    free(c);
}

/* ---- queries and commands ---- */

/* core_ask asks a query (or orders a command) as peer; args: a packed map or NULL. The reply is
 * decoded. */
static inline struct msg_reply *core_ask(struct core *c, int peer, bool command, const char *what,
                                         struct buf *args)
{
    struct bytes packed = args ? buf_bytes(args) : (struct bytes){0};
    struct msg_query query = {.ref = BYTES("1"), .what = bytes_of(what), .args = packed};
    struct msg_command order = {
        .ref = BYTES("1"), .verb = bytes_of(what), .args = packed, .author = BYTES("ada")};
    if (command)
        core_send(c, peer, MSG_command, &order);
    else
        core_send(c, peer, MSG_query, &query);
    core_turn(c);
    struct msg_reply *reply = core_heard(c, peer, MSG_reply);
    assert_non_null(reply);
    return reply;
}

/* core_args packs pairs of texts, NULL-terminated: core_args(&buf, "id", "t-1", NULL). "true" and
 * whole numbers are typed. */
static inline struct buf *core_args(struct buf *out, ...)
{
    struct pack p;
    va_list args;
    buf_clear(out);
    pack_init(&p, out);
    pack_map(&p);
    va_start(args, out);
    for (const char *key; (key = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        char *end;
        long long number = strtoll(value, &end, 10);
        if (strcmp(value, "true") == 0)
            pack_put_bool(&p, key, true);
        else if (*value && *end == 0)
            pack_put_int(&p, key, number);
        else
            pack_put_text(&p, key, value);
    }
    va_end(args);
    pack_end(&p);
    return out;
}

#endif
