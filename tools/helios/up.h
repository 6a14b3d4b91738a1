/* SPDX-License-Identifier: MPL-2.0 */
/* One run of `helios up`: what it started and how it goes. up.c is the order of things, up_start.c
 * and up_stop.c what the names say, up_turn.c what happens meanwhile. */
#ifndef HELIOS_TOOL_UP_H
#define HELIOS_TOOL_UP_H

#include "child.h"
#include "settings/settings.h"
#include "verbs.h"
#include "view.h"

struct up {
    const struct args *args;
    struct settings *settings; /* owned */
    const struct set_up *file; /* in settings */
    char *dir, *data;          /* owned; absolute */
    bool own_data;             /* made by us: removed at a good end */
    struct child *children;    /* owned; in the order of their start */
    size_t n_children;
    struct child *controller, *story; /* in children; NULL when not started */
    int64_t wait_ms;   /* stop.wait of the controller: what runs may end before anything else is stopped */
    int64_t agents_ms; /* the longest stop.wait of the agents */
    struct client client;             /* open while there is a controller */
    struct view view;
    bool full, json;        /* the live screen; only JSON on stdout */
    FILE *told;             /* owned; the story's log, read as it grows */
    int64_t shown;          /* clock_now: the last picture */
    bool fresh;             /* something has happened since */
    char *failed;           /* owned; one sentence: why the run has failed; NULL = it has not */
    const char *failed_log; /* of the child that was the reason; borrowed from it */
};

/* up_say tells what happens: a line among the events. level: info, warning or alarm. */
void up_say(struct up *u, const char *level, const char *format, ...) FORMAT_LIKE(3, 4);
/* up_fail ends the run with this reason; the first counts. log: may be NULL. */
void up_fail(struct up *u, const char *log, const char *format, ...) FORMAT_LIKE(3, 4);
bool up_over(const struct up *u); /* failed, or somebody asked to stop */
/* up_turn lets time pass: takes in events, notes children that ended, starts them again, draws. */
void up_turn(struct up *u, int64_t wait_ms);

/* up_start starts all; whether everything runs. */
bool up_start(struct up *u);
/* up_ask opens the conversation with the controller once it answers; whether it does. */
bool up_ask(struct up *u);
void up_stop(struct up *u); /* all, in reverse order, bounded */

#endif
