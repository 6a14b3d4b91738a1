/* SPDX-License-Identifier: MPL-2.0 */
/* All that heliosd holds around its core, on one page. Who changes what: lead.c the core's life,
 * turn.c the turn, loop.c the waiting, leave.c the end of a lead, signals.c and reload.c what a person asks of the process. */
#ifndef HELIOS_SHELL_SHELL_H
#define HELIOS_SHELL_SHELL_H

#include "bus.h"
#include "door.h"
#include "freeze.h"
#include "lease.h"
#include "orchestrator/core/helios.h"
#include "orchestrator/core/audience.h"
#include "orchestrator/core/stance.h"
#include "orchestrator/realms/seat.h"
#include "redis.h"
#include "store.h"

#define SHELL_FLAGS_MAX 64

struct shell {
    /* the command line */
    const char *file;
    const char *flags[SHELL_FLAGS_MAX]; /* "section.key=value" */
    size_t n_flags;
    bool check; /* only the settings */
    const char *program; /* in log lines */
    struct seat seat;    /* of a child of a keeper; not taken = there is no keeper */
    /* the settings in force */
    struct settings *settings;       /* owned */
    const struct set_config *config; /* in settings */
    /* the world */
    char *data_dir; /* owned; absolute */
    char id[40];    /* of the data directory: who we are in the lease */
    int lock_fd, signal_fd;
    struct door door;
    struct bus bus;
    struct redis *redis; /* owned; NULL = the Redis of state.url */
    struct store *store; /* owned */
    struct lease lease;
    struct freeze freeze;
    /* the core */
    struct helios *core; /* owned; standing by (epoch 0) or leading */
    struct helios
        *loading; /* owned; takes the records in before it becomes the core; NULL = not loading */
    bool replace; /* fenced: the core goes, a new one stands by; at a safe place of the turn */
    const char *hold_why; /* what the core was told last; NULL = commits flow */
    /* time */
    int64_t last_tick;
    bool reload; /* SIGHUP came */
    bool closing;          /* SIGTERM came; what runs may end (settings `stop`) */
    bool idle;             /* closing: nothing ran in the turn before */
    int64_t close_by, told_at; /* closing: until when, and when it was last said what it waits for */
    bool stopping, hurried;
    bool told; /* stopping: the lease is given away, and who asked until then knows */
    int64_t stop_by;
    struct stance stance;     /* what the core may say of all this */
    struct audience audience; /* who listens to events */
};

/* data.c */
int data_open(struct shell *s, const char **ret_what); /* -EWOULDBLOCK: another heliosd has it */

/* lead.c */
int shell_open_store(struct shell *s, const char **ret_why);
void shell_stand_by(struct shell *s); /* at the start and when fenced: a fresh core */
bool shell_leads(const struct shell *s);
/* shell_hold tells the core whether commits flow (C5, L2), and answers when that may change by time
 * alone. */
int64_t shell_hold(struct shell *s, int64_t now);
void shell_wall(const struct shell *s); /* tells the core how far the wall clock is ahead */
void shell_follow_freeze(struct shell *s, int64_t now); /* core and file agree (X10) */

void shell_close(struct shell *s); /* in the order that loses nothing; fine when half opened */

/* loop.c */
void loop_run(struct shell *s);

/* leave.c */
int64_t leave_tick(struct shell *s); /* hands the lead over when that is wanted (L3) */
bool loop_over(struct shell *s);
void loop_stop(struct shell *s, int64_t now); /* a clean stop, which may wait; each further call hurries */

/* stance.c */
void shell_stance(struct shell *s);

/* turn.c: one turn but for the waiting: each message of the sockets that are ready is checked, decoded and handed to its row; what is
 * due is done; what was changed goes to Redis as one batch, and what was said leaves after it. Answers when the next thing is due, ms
 * since 1970. shell_begin is the first turn of all, before anything can have come. */
#define ENDPOINT_BIT(e) (1u << (e))
#define ENDPOINTS_ALL (ENDPOINT_BIT(ENDPOINTS) - 1)
int64_t shell_begin(struct shell *s);
int64_t shell_turn(struct shell *s, unsigned ready);

/* signals.c */
int signals_open(struct shell *s);
void signals_take(struct shell *s, int64_t now);

/* reload.c */
void shell_log_as_set(const char *program, const struct set_config *config);
void shell_reload(struct shell *s);

#endif
