/* SPDX-License-Identifier: MPL-2.0 */
/* All that a controller knows, on one page. Read this first.
 *
 * The core is a deterministic function of (state, message or tick, now): no socket, no clock, no file, no random number that is not
 * seeded. The shell hands messages and the time in; the core changes its memory, marks *records to save* and
 * adds *messages to say* to its outbox. The shell commits the records as one fenced batch and lets the messages go when the
 * batch is durable (C1).
 *
 *   shell ── helios_message, helios_tick ─▶ core ─▶ work (who does what) ─┐
 *     ▲                                      ├────▶ sense (what goes on)  ├─▶ outbox ── helios_cut ─▶ shell ─▶ Redis, bus
 *     └── nothing else ──                    └────▶ decide (what to do)  ─┘
 *
 * Time is int64_t milliseconds since 1970 that never jump; one turn of the loop sees one `now`. */
#ifndef HELIOS_CORE_HELIOS_H
#define HELIOS_CORE_HELIOS_H

#include "common/list.h"
#include "common/rand.h"
#include "orchestrator/core/audience.h"
#include "orchestrator/core/ledger.h"
#include "orchestrator/core/outbox.h"
#include "orchestrator/core/timer.h"
#include "orchestrator/decide/decide.h"
#include "orchestrator/sense/sense.h"
#include "orchestrator/work/work.h"
#include "proto/guard.h"
#include "proto/key.h"
#include "proto/schema.h"
#include "settings/settings.h"

/* Counters: everything that is refused, lost or done is counted; `helios status` shows them all. */
#define COUNTERS(X)                                                                                \
    X(messages, "messages taken in")                                                               \
    X(refused_bytes, "messages refused by the check of the bytes (Z3)")                            \
    X(refused_messages, "messages of an unknown type, on the wrong endpoint or undecodable")       \
    X(refused_rights, "messages that their sender's key has no right to send (Z1)")                \
    X(refused_results, "results for another attempt, task or agent (T5)")                          \
    X(unacked_results, "results dropped while commits were held; agents send them again (C5)")     \
    X(submitted, "tasks accepted")                                                                 \
    X(rejected, "tasks refused")                                                                   \
    X(dispatched, "attempts sent to agents")                                                       \
    X(completed, "tasks ended COMPLETED")                                                          \
    X(failed, "tasks ended FAILED")                                                                \
    X(cancelled, "tasks ended CANCELLED")                                                          \
    X(unknown, "tasks ended UNKNOWN")                                                              \
    X(retries, "attempts that another one follows")                                                \
    X(lost_attempts, "attempts lost with their agent")                                             \
    X(not_signed, "attempts that agents refused for their signature (Z7)")                         \
    X(agents_lost, "agents lost")                                                                  \
    X(samples_stored, "samples taken in")                                                          \
    X(samples_lost, "samples that never came, by the sources' numbers (H1)")                       \
    X(samples_again, "samples that came twice")                                                    \
    X(samples_nameless, "samples refused: their source has no name, or one that is too long")      \
    X(samples_nan, "samples refused: not finite")                                                  \
    X(samples_unknown, "samples refused: no such KPI")                                             \
    X(samples_future, "samples refused: over 2 s in the future")                                   \
    X(samples_old, "samples refused: older than the window")                                       \
    X(samples_absurd, "samples refused: outside lowest..highest")                                  \
    X(occurrences_started, "occurrences of schedules that were started")                           \
    X(occurrences_skipped, "occurrences of schedules that did not run, for a reason that was noted") \
    X(occurrences_late, "occurrences of schedules that were settled late (S4)")                    \
    X(events, "events, whether somebody listened or not")                                                                  \
    X(cycles, "cycles begun")                                                                      \
    X(optimizations, "optimizations begun")                                                        \
    X(accepted, "optimizations accepted")                                                          \
    X(rolled_back, "optimizations rolled back")                                                    \
    X(incidents, "incidents opened")

struct counters {
#define X(name, doc) uint64_t name;
    COUNTERS(X)
#undef X
};

struct helios {
    const struct set_config *config; /* borrowed; helios_reload replaces it */
    struct rand rand;                /* the only randomness */
    int64_t now;                     /* of this turn */
    int64_t wall_ahead;              /* what the wall clock shows beyond it; schedules follow the wall */
    int64_t started;                 /* when it began to lead */
    uint64_t epoch;                  /* the term; 0 = not leading: messages are answered "not_leader" */
    bool held;                       /* commits are held (C5): no submit, no result, no dispatch */
    int64_t held_since, resumed;     /* when that last began and ended: what had waited for commits was said then */
    bool frozen;                     /* the kill switch (X10); the shell keeps it in a file */
    bool closing;                    /* a clean stop waits for what runs: nothing new is taken or begun */
    bool stopping;                   /* a clean stop is under way: nothing new is taken */
    bool hand_over;                  /* a person wants another one to lead; the shell does it */
    const struct stance *stance;     /* borrowed from the shell; NULL = there is none (tests) */
    const struct audience *audience; /* borrowed from the shell; NULL = everything is said */
    struct caller *callers;          /* uthash by route: agents that greet while it stands by */
    struct rec_control control;      /* owned; the realm's own record */
    struct save control_save;
    struct bytes realm_id;           /* its id: `realm` */
    int64_t last_tick;               /* a late one is our own pause, and nobody else's fault (L6) */
    int64_t excused_until;           /* our own pause: what seems to vanish until then has not (L6) */
    int64_t refusal_shown;           /* when a refused message was last shown */
    const struct key *who;           /* the sender's of the message that is taken in; NULL = no keys here */

    struct timers timers; /* everything that is due later */
    struct work work;     /* tasks, queue, agents, gates, watchers */
    struct sense sense;   /* KPIs, health, trends */
    struct decide decide; /* cycle, optimizations, incidents, reports */
    struct outbox out;    /* what this turn changed and said */
    struct ledger ledger; /* durable events, newest last: what `helios why` reads */
    struct counters counters;
    struct list files;      /* struct wanted_file.link: reports to write */
    const char *redis_note; /* why commits are held; borrowed from the shell */
};

/* helios_new: config is borrowed and must outlive it (or be replaced by helios_reload). */
struct helios *helios_new(const struct set_config *config, uint64_t seed);
void helios_free(struct helios *h);

/* Recovery, before helios_lead: every record of Redis, kind by kind in the order of enum rec, ids in any order.
 * -EPROTO when a record cannot be read: the shell refuses to lead, nothing is dropped silently. */
int helios_load(struct helios *h, enum rec kind, struct bytes value);
/* helios_lead: all is loaded; go on where it was. helios_inherit, before: takes over from the core that stood by whom it
 * knows. */
void helios_inherit(struct helios *h, struct helios *standby);
void helios_lead(struct helios *h, uint64_t epoch, int64_t now);

/* A message from a bus endpoint; the bytes are not trusted. */
void helios_message(struct helios *h, enum endpoint endpoint, const struct routing *from, struct bytes body, int64_t now);
/* The same where keys are asked for: who has proved this one (Z2); borrowed for the call. NULL = no keys here: all is allowed. */
void helios_message_of(struct helios *h, enum endpoint endpoint, const struct routing *from, const struct key *who, struct bytes body,
                       int64_t now);
/* helios_refused counts and shows what the shell turned away; reason: static. */
void helios_refused(struct helios *h, enum endpoint endpoint, const char *reason);
/* helios_revoke: this key is worth nothing any more; its agents are lost at once. */
void helios_revoke(struct helios *h, const char *public, const char *name);
/* helios_tick does all that is due and dispatches; answers when the next thing is due (ms since 1970). Call it every turn, last. */
int64_t helios_tick(struct helios *h, int64_t now);
/* helios_cut takes what was changed and said since the last cut; NULL when nothing. The batch is the caller's (batch_free). */
struct batch *helios_cut(struct helios *h);
/* helios_cut_urgent takes only what was said with SAY_NOW: it leaves even while no commit can be taken. NULL when nothing. */
struct batch *helios_cut_urgent(struct helios *h);

/* helios_wall, each turn: so far the clock on the wall is ahead of `now`, which never jumps as it does. */
void helios_wall(struct helios *h, int64_t ahead_ms);
void helios_hold(struct helios *h, bool held, const char *why); /* C5; why: borrowed, static */
void helios_freeze(struct helios *h, bool frozen, struct bytes author, struct bytes reason);
void helios_reload(struct helios *h, const struct set_config *config, const char *differences);
void helios_close(struct helios *h); /* a clean stop will follow when what runs has ended, or the shell does not want to wait any more */
void helios_stop(struct helios *h); /* a clean stop: says so */

/* Files that the core wants written: reports. The shell takes them after each cut and owns the disk. */
struct wanted_file {
    struct list link;
    char *name; /* below DATA/reports, no slashes */
    char *text;
    bool append; /* one line more, unless it is the last one there already */
};
void helios_want_file(struct helios *h, const char *name, char *text /* taken */);
void helios_want_line(struct helios *h, const char *name, char *line /* taken; without its newline */);
struct wanted_file *helios_take_file(struct helios *h); /* NULL when none; the caller frees name, text and it */

#endif
