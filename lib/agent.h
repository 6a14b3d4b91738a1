/* SPDX-License-Identifier: MPL-2.0 */
/* What stands behind struct helios_agent and struct helios_attempt: the engine of agents/ as a guest, whose
 * actions are handlers.
 *
 *   tasks ─▶ engine: job ─▶ run of builtin_handler ─▶ agent.calls ─▶ (after the turn) handler
 *   helios_complete, helios_fail ─▶ run_end ─▶ engine: result                                   */
#ifndef HELIOS_LIB_AGENT_H
#define HELIOS_LIB_AGENT_H

#include <helios/agent.h>

#include "agents/agent.h"
#include "agents/progress.h"
#include "proto/codec.h"
#include "proto/outlet.h"

/* An action and who does it. */
struct hosted {
    struct helios_agent *agent;
    const char *name;     /* in agent.texts */
    struct params params; /* given to the manifest when the engine is made */
    helios_handler *handler;
    void *user;
    struct hosted *next;
};

/* Something that is called regularly. */
struct ticker {
    struct helios_agent *agent;
    struct timer timer;
    int64_t ms;
    void (*call)(struct helios_agent *agent, void *user);
    void *user;
    struct ticker *next;
};

struct helios_agent {
    struct helios_agent_options options; /* its texts lie in `texts` */
    struct arena texts;
    struct buf error;
    struct hosted *hosted;   /* owned; in the order in which they were added */
    struct ticker *tickers;  /* owned */
    struct agent *engine;    /* owned; NULL = before the first turn */
    struct list calls;       /* struct run.link: their handlers are to be called */
    struct watch stop;       /* an eventfd: helios_agent_stop */
    struct outlet outlet;
    bool calling; /* a handler is being called: no other one is */
};

struct helios_attempt {
    struct run *run;
    struct hosted *hosted;
    enum stop stopped;
    bool begun; /* its handler was called */
    helios_on_cancel *on_cancel;
    void *user;
    struct progress progress;
    struct buf params;  /* JSON, once somebody asked for it */
    struct arena texts; /* of parameters that somebody asked for */
};

extern const struct builtin builtin_handler;

/* lib_text keeps a copy as long as the agent lives; NULL gives "". */
const char *lib_text(struct helios_agent *a, const char *text);
int agent_fail(struct helios_agent *a, int error, const char *format, ...) FORMAT_LIKE(3, 4);
/* engine_begin makes the engine of options and actions. */
int engine_begin(struct helios_agent *a);
/* agent_nudge: there is something to do, as the agent's descriptor should tell. */
void agent_nudge(struct helios_agent *a);

#endif
