/* SPDX-License-Identifier: MPL-2.0 */
/* The simulated world: virtual time, its events, its nodes and the one source of chance. Everything that happens, happens in an
 * event; an event runs the code of at most one node. Knows neither what a node does nor what a message says.
 *
 * There is one world at a time, because the code under test asks for the time without saying who asks. */
#ifndef HELIOS_SIM_WORLD_H
#define HELIOS_SIM_WORLD_H

#include "common/heap.h"
#include "common/list.h"
#include "common/rand.h"

#define WORLD_START_MS INT64_C(1790000000000) /* ms since 1970 at the begin */
#define MS INT64_C(1000)                      /* in µs, as all times of the world */
#define SECOND (1000 * MS)

struct moment {
    struct heap_node node;
    void (*run)(struct moment *e); /* it is out of the heap then */
};

struct node;
struct node_kind {
    const char *name;
    void (*start)(struct node *n); /* makes n->process */
    int64_t (*turn)(struct node *n); /* answers when the next one is due, in the node's own ms; INT64_MAX = never */
    void (*stop)(struct node *n);    /* frees n->process; nothing that it says gets out */
};

/* Where a process may be hit in the middle of a turn: between any two things that the world sees of it. */
#define POINTS(X)                                                                                  \
    X(commit, "before a commit leaves")                                                            \
    X(applied, "a commit is applied, its answer has not come")                                     \
    X(answered, "the answer has come, nothing was said yet")                                       \
    X(say, "before a message leaves")                                                              \
    X(sync, "before a journal is synced")                                                          \
    X(synced, "after it")                                                                          \
    X(child, "a program has ended, nobody knows yet")
enum point {
    POINT_none,
#define X(name, doc) POINT_##name,
    POINTS(X)
#undef X
        POINT_COUNT
};

struct trap {
    enum point point;
    unsigned countdown; /* it snaps at the so-many-th time */
    int64_t pause;      /* µs; 0 = it kills */
};

struct node {
    char name[24];
    unsigned number; /* of its kind, from 0 */
    size_t place;    /* in world.nodes */
    const struct node_kind *kind;
    void *process; /* owned by its kind; NULL while it is down */
    bool up;       /* false in the middle of a turn: it was killed, and nothing that it says gets out any more */
    int64_t paused_until; /* µs */
    int64_t late;         /* µs that its turn has already been held up by a pause in its middle */
    int64_t wall_ms;      /* how wrong its wall clock is */
    int64_t base_ms;      /* how wrong it was when the process started: clock_now counts from there */
    int64_t began, base_before_ms; /* µs: when it started; and what was true of the process before it */
    struct moment turn, again; /* again: when it is started anew */
    bool returns; /* it was told to stop, and is to come back when it has */
    struct trap trap;
    struct list sockets; /* struct socket.link, of its process */
    struct list files;   /* struct file.link: its disk */
    const void *setup;   /* of its kind */
};

#define NODES_MAX 32

struct history;
struct world {
    uint64_t seed;
    struct rand rand;
    int64_t now; /* µs */
    struct heap events;
    struct node *nodes[NODES_MAX]; /* owned */
    size_t n_nodes;
    struct node *me;         /* whose code runs; NULL = nobody's */
    struct history *history; /* owned */
    bool tracing;            /* trace() is heard */
    bool printing;           /* and printed */
    uint64_t trace_hash;
    size_t n_events;
};
extern struct world world;

void world_begin(uint64_t seed);
void world_run(int64_t until); /* all events up to then */
void world_end(void);          /* frees everything */

void moment_at(struct moment *e, int64_t at); /* moves it when it is set */
void moment_off(struct moment *e);

/* Chance, of the world's one seed. */
uint64_t draw(uint64_t n);                    /* 0 … n-1 */
int64_t draw_between(int64_t low, int64_t high); /* both included */
bool chance(double share);

struct node *node_new(const struct node_kind *kind, const char *name, unsigned number);
void node_start(struct node *n);
void node_kill(struct node *n);                /* kill -9, now; also in the middle of its own turn */
void node_pause(struct node *n, int64_t time); /* SIGSTOP */
void node_wake(struct node *n, int64_t at);    /* a turn at that time, or earlier */
int64_t node_ms(const struct node *n);         /* its clock_now */
bool node_muted(void);                         /* what the running code says does not get out */
void trap_hit(struct node *n, enum point point);

/* One line of the trace: it is hashed, and printed when somebody wants to read it. */
void trace_line(const char *format, ...) FORMAT_LIKE(1, 2);
#define trace(...)                                                                                 \
    do {                                                                                           \
        if (world.tracing)                                                                         \
            trace_line(__VA_ARGS__);                                                               \
    } while (0)

#endif
