/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios top` and `helios up` show: the controller's snapshot, asked for each second over
 * control and never waited for, and its events. Knows the terminal only through paint. */
#ifndef HELIOS_TOOL_VIEW_H
#define HELIOS_TOOL_VIEW_H

#include "client.h"
#include "events.h"

#define VIEW_LINES 16
#define VIEW_PAST_MS (5 * 60 * 1000)

struct view {
    struct client *client; /* borrowed; NULL until there is a controller */
    struct events events;
    json_t *snapshot;          /* owned; the last one, NULL before it */
    json_t *scopes;            /* owned; health of the realm and of each swarm */
    json_t *past;              /* owned; [{at, health or null}, …] of the last minutes */
    int64_t asked, answered;   /* clock_now; 0 = never */
    json_int_t epoch;          /* who leads in it has been told; 0 = of none */
    bool fresh;                /* an answer has come since the last poll */
    uint64_t open[3];          /* questions on their way, by their rows in view.c; 0 = none */
    json_t *lines[VIEW_LINES]; /* owned; the newest events from `info` on, oldest first */
    size_t n_lines;
    void (*on_event)(void *whom, const json_t *event); /* each event; may be NULL */
    void *whom;
};

/* view_open takes the controller that the client talks to; the exit code, a sentence on stderr. */
int view_open(struct view *v, struct client *c);
void view_close(struct view *v); /* the client stays the caller's; what was seen stays visible */
void view_done(struct view *v);  /* closes and frees all */
/* view_poll asks when a second is over, waits at most wait_ms for something to happen, and takes in
 * all that came. Answers whether anything is new. */
bool view_poll(struct view *v, int64_t wait_ms);
/* view_note adds a line of the caller's own among the events. level: as in enum level's names. */
void view_note(struct view *v, const char *level, const char *topic, const char *text);
/* view_take: an event or an answer; for view_poll and the tests. */
void view_take_event(struct view *v, const json_t *event);
void view_take_snapshot(struct view *v, json_t *snapshot /* taken */, int64_t now);

/* view_paint appends a picture of at most `rows` lines. */
void view_paint(struct buf *out, const struct view *v, unsigned rows, int64_t now);
/* view_line appends the same in one line, with its newline. */
void view_line(struct buf *out, const struct view *v, int64_t now);

#endif
