/* SPDX-License-Identifier: MPL-2.0 */
/* The store's own data, shared by store*.c alone.
 *
 *  DOWN --SEEK--> SEEKING --FOUND--.      (a sentinel's URL only)
 *                                  v
 *  DOWN --DUE--> CONNECTING --UP--> SETTING_UP --SET--> POSITION --STAND_BY--> OPEN
 *   ^                                    ^               ^ | | ^                |
 *   '-- LOST, from every state           '--MISSING------' | | '-----LEAD-------'
 *                                            (READY, OPEN) | '--LOAD--> LOADING --LOADED--> READY
 *                                                          '--GO_ON--> READY --HOLD--> HELD
 *                                                POSITION <-------------DUE--------------'
 *
 * POSITION reads :pos and :lease, and decides what is durable, what is sent again and whether we
 * still lead. Every trouble leads back to it, so there is one way to recover. */
#ifndef HELIOS_SHELL_STORE_INSIDE_H
#define HELIOS_SHELL_STORE_INSIDE_H

#include <hiredis/async.h>

#include "items.h"
#include "store.h"

enum store_state {
    STORE_DOWN,       /* no connection; the backoff runs */
    STORE_SEEKING,    /* a sentinel is asked where Redis is */
    STORE_CONNECTING, /* the connect is under way */
    STORE_SETTING_UP, /* password, functions, durability */
    STORE_POSITION,   /* :pos and :lease were asked for */
    STORE_OPEN,       /* set up, not leading */
    STORE_LOADING,    /* leading; records come in */
    STORE_READY,      /* leading; commits flow */
    STORE_HELD,       /* leading; Redis refuses commits, the backoff runs */
};
enum store_event {
    EV_DUE,
    EV_SEEK,
    EV_FOUND,
    EV_UP,
    EV_SET,
    EV_STAND_BY,
    EV_LOAD,
    EV_GO_ON,
    EV_LEAD,
    EV_LOADED,
    EV_HOLD,
    EV_MISSING,
    EV_LOST,
    EV_STEP_DOWN,
};

#define STORE_TAIL 64           /* acknowledged commits kept for C7, */
#define STORE_TAIL_BYTES (2 * 1024 * 1024) /* and so many of their bytes, but for the newest one */
#define STORE_BACKOFF_MS 50     /* first pause after a trouble, doubling up to: */
#define STORE_BACKOFF_CAP 2000  /* C5 */
#define STORE_BACKOFF_LONG 5000 /* where a person must act first */

struct position {
    uint64_t seq, epoch;
    char digest[17];
};

/* One FCALL: all ops of its batch. */
struct commit {
    struct list link; /* in store.commits */
    struct batch *batch;
    size_t n;     /* its ops */
    size_t bytes; /* of its batch, about */
    bool sent, durable;
    bool said;    /* on_durable was called; after C7 it is not called again */
    uint64_t seq; /* of a commit without ops: that of the one before */
    char digest[17];
    int64_t since; /* when it was made */
};

struct store {
    const struct store_calls *calls; /* borrowed */
    void *user;
    /* settings */
    char *realm, *path, *acl_user, *password_file; /* owned; path: NULL = host and port */
    char *home;                                   /* owned: the host of redis://HOST:PORT, else NULL */
    int home_port, db;
    struct sentinels *sentinels; /* owned; NULL = the URL names Redis itself */
    enum durability durability;
    int64_t timeout_ms;
    size_t inflight;
    uint64_t history;
    size_t entries;

    enum store_state state;
    int64_t now, due; /* of the last pump; when EV_DUE comes */
    int64_t backoff_ms;
    char why[256]; /* "" = commits flow */

    /* where the next connection goes */
    char *host; /* owned */
    int port;
    char *moved_host; /* owned: of the node that has our slot; NULL = none was named since */
    int moved_port;
    bool found; /* a sentinel has answered: host and port are the master's */

    /* connection */
    redisAsyncContext *ac; /* owned; NULL when it is gone */
    bool reading, writing; /* what hiredis waits for */
    bool connected, drop;  /* drop: close it at the end of this pump */
    size_t unanswered;     /* requests */
    int64_t heard_at;      /* last answer, or first request after none was open */

    size_t step; /* of store_setup */
    bool have_functions, config_hidden;

    /* leading */
    uint64_t epoch; /* 0 = not leading */
    char holder[40];
    bool loaded;
    struct list tail;     /* struct commit.link, oldest first: durable, kept for C7 */
    struct list commits;  /* struct commit.link, oldest first: those after them, sent, then not yet sent */
    size_t n_tail, tail_bytes; /* of tail */
    size_t n_open;        /* of commits, but for those without ops */
    size_t n_sent;        /* of these, on their way */
    struct position base; /* the commit before the oldest of them */
    uint64_t last_seq;    /* of the newest commit made */
    uint64_t acked_seq;   /* highest that Redis has acknowledged, over all terms */
    struct position pos;  /* as read last */
    struct lease_seen lease;
    struct items items; /* of the ledger */

    struct load *load; /* owned; while LOADING */
};

/* store.c */
void store_event(struct store *s, enum store_event event);
/* Tells why commits do not flow. */
void store_hold(struct store *s, const char *format, ...) FORMAT_LIKE(2, 3);
void store_well(struct store *s); /* they flow */
/* Closes the connection; waits at least so long. */
void store_drop(struct store *s, int64_t pause_ms, const char *why);

/* args.c: the words of one command. Zero it to begin. */
#define ARGS_FRAME 24 /* what stands around a word, at most: $, its length and two ends of a line */
struct args {
    struct buf text; /* the words as Redis reads them, after room for their number */
    size_t count;
};
void args_done(struct args *a);
char *args_room(struct args *a, size_t n); /* a word of n bytes: to be filled in before the next one */
void args_add(struct args *a, const void *at, size_t n);
void args_text(struct args *a, const char *text);
void args_number(struct args *a, uint64_t number);
void args_key(struct args *a, const struct store *s, const char *name); /* {helios:REALM}:NAME */
struct bytes args_command(struct args *a); /* all that is sent; valid until another word is added */

/* store_link.c: fn is called in the order of the requests, with NULL when the outcome is unknown.
 */
typedef void link_answer(struct store *s, redisReply *reply, void *data);
void link_connect(struct store *s);
void link_close(struct store *s);
void link_io(struct store *s, short revents);
int64_t link_deadline(const struct store *s); /* an answer or the connect is too late then */
int link_send(struct store *s, link_answer *fn, void *data, struct args *a); /* -ENOTCONN */

/* store_sentinel.c */
const char *sentinel_url(struct store *s, const char *url); /* behind sentinel://; answers why it is none, or NULL */
void sentinel_free(struct store *s);
void sentinel_seek(struct store *s);
bool sentinel_try_next(struct store *s);                 /* false: all were tried in vain */
void cluster_moved(struct store *s, const char *text);   /* Redis has answered MOVED … */
void cluster_begin(struct store *s);                     /* the next connection goes there, else where the URL says */
/* Whom the connection is to, for people. */
static inline const char *link_peer(const struct store *s)
{
    return s->state == STORE_SEEKING ? "the sentinel" : "Redis";
}

/* store_reader.c: sets limits to what the connection's reader takes. */
void reader_guard(struct store *s);

/* store_error.c: acts on an error reply as its class says (C5). */
void store_error(struct store *s, const char *text);

/* store_reply.c: a reply's shape; all take NULL. */
const char *reply_text(const redisReply *reply);   /* of a string or a status, else NULL */
struct bytes reply_bytes(const redisReply *reply); /* the same with its length, else nothing */
size_t reply_size(const redisReply *reply);        /* of an array, else 0 */
const redisReply *reply_item(const redisReply *reply, size_t i); /* of an array, else NULL */
bool reply_is_done(const redisReply *reply);                     /* OK or DUP */
/* An answer that cannot be one: the connection is dropped, and nothing is concluded from it. */
void store_nonsense(struct store *s, const char *to_what);

/* store_position.c: reads :pos and :lease. */
int position_ask(struct store *s, link_answer *pos, link_answer *lease, void *data);
bool position_read_pos(const redisReply *reply, struct position *ret); /* false: it is no answer */
bool position_read_lease(const redisReply *reply, struct lease_seen *ret);

/* the verbs that begin a state */
void setup_begin(struct store *s);
void position_begin(struct store *s);
void load_begin(struct store *s);
void load_pump(struct store *s); /* takes in what has come since the last pump */
void load_free(struct store *s);

/* store_commit.c */
void commits_init(struct store *s);
void commits_send(struct store *s);                   /* as many as may be on their way */
void commits_settle(struct store *s, uint64_t up_to); /* durable; in order */
void commits_unsend(struct store *s); /* after a trouble: all that is not durable goes again */
/* C7: the durable ones after this one go again. */
void commits_reopen(struct store *s, uint64_t after);
void commits_drop(struct store *s); /* on_forget for all */
struct commit *commits_find(struct store *s, uint64_t seq);

/* commit_args.c: the FCALL of one commit. The first call sets its digest and counts what it adds to the ledger. */
void commit_args(struct store *s, struct commit *c, struct args *ret);

#endif
