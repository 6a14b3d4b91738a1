/* SPDX-License-Identifier: MPL-2.0 */
/* All that an agent process knows, on one page. Read this first.
 *
 *   controller ◀── link ──▶ member ── attempts: queue ─▶ running ─▶ done until acknowledged
 *                                          job ─▶ run ─▶ child of exec, or a builtin
 *   controllers ◀── samples ── probes
 *
 * One process hosts many members; each has one link to every controller. Everything happens in one
 * loop (process_turn). */
#ifndef HELIOS_AGENTS_AGENT_H
#define HELIOS_AGENTS_AGENT_H

#include "agents/applied.h"
#include "agents/controller.h"
#include "agents/exec.h"
#include "agents/link.h"
#include "agents/manifest.h"
#include "agents/samples.h"
#include "agents/signed.h"
#include "agents/slot.h"
#include "agents/web.h"
#include "common/list.h"
#include "proto/key.h"

/*   RUNNING --SIGTERM--> LEAVING --all has ended, or a second SIGTERM--> GONE
 * LEAVING: nothing new starts; what runs may end within stop.wait. */
enum agent_state { AGENT_RUNNING, AGENT_LEAVING, AGENT_GONE };

struct member {
    struct agent *agent;
    char *id;                     /* owned */
    char *base;                   /* its name in the config, before it was numbered; owned */
    const struct set_member *set; /* of the settings that the process started with */
    struct slots slots;           /* its attempts */
    struct link *links;           /* owned; one for each controller */
    struct source source;         /* its samples */
    struct list dirty;            /* in agent.dirty: it has something to say this turn */
    struct timer gather;          /* set: fresh results wait for others until then */
    bool draining;                /* the controller said so: leaves when nothing is left */
    bool left;                    /* it said bye */
    uint64_t hellos;              /* so far, to whomever */
};

struct agent {
    struct settings *settings; /* owned; of the start: members and controllers are of these */
    struct manifest
        *manifest; /* what is offered now; with its own settings, which a reload replaces */
    char *dir;     /* of the config file: relative paths start here; owned */
    const char *const *flags; /* of the command line, for a reload */
    size_t n_flags;
    char instance[33]; /* drawn at the start (A5) */
    struct key key;    /* ours; none when its public is "" */
    char host[65];
    void *zmq; /* the context */
    struct loop loop;
    struct exec exec;
    struct web web;
    struct watch signals;           /* a signalfd */
    struct controller *controllers; /* owned */
    size_t n_controllers;
    struct member *members; /* owned */
    size_t n_members, n_left;
    struct probe *probes; /* owned; in the config's order */
    size_t n_probes;
    struct list ended; /* struct run.link: runs that ended and were not looked at yet */
    struct list dirty; /* struct member.dirty */
    uint64_t epoch; /* the highest that any controller has shown; a lower one is not obeyed (A6) */
    struct journal results; /* those that are not acknowledged, when there is a data directory */
    size_t n_results;       /* how many those are, of all members */
    struct signed_guard signed_guard; /* who may sign tasks, and which of theirs were run */
    struct applied applied; /* idempotency key → undo, of implementers */
    uint64_t runs;          /* started so far: their marks */
    enum agent_state state;
    bool hurried;          /* LEAVING: running attempts were stopped */
    struct timer patience; /* LEAVING: how long running attempts may take: */
    int64_t patience_ms;
    int64_t leave_by;  /* LEAVING: then they are stopped */
    struct timer tell; /* LEAVING: says what it waits for */
    bool guest; /* see process_order */
};

struct process_order {
    struct settings *settings; /* of section_agent_config: members, controllers; taken */
    struct manifest *manifest; /* what is offered; taken. NULL: of the settings' file, which is read anew */
    const char *const *flags;  /* of the command line, for a reload */
    size_t n_flags;
    /* It lives in somebody else's program: signals and children are that one's, and paths begin where that one is. */
    bool guest;
};

/* process_new answers -errno with a sentence in *ret_why, the caller's. */
int process_new(const struct process_order *order, struct agent **ret, char **ret_why);
void process_free(struct agent *a);
/* process_turn is one pass of the loop, which waits at most most_ms; until a->state is AGENT_GONE. */
void process_turn(struct agent *a, int64_t most_ms);
/* agent_path makes a path of the config absolute; the caller's to free. */
char *agent_path(const struct agent *a, const char *path);
/* agent_member finds a member by its id; NULL. */
struct member *agent_member(struct agent *a, struct bytes id);
/* agent_dirty: the member has something to say at the end of this turn. */
void agent_dirty(struct member *m);

#endif
