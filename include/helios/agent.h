/* SPDX-License-Identifier: MPL-2.0 */
/* Agents: offer actions, run the tasks that ask for them, measure.
 *
 *   static void greet(struct helios_attempt *a, void *user)
 *   {
 *       helios_complete(a, helios_attempt_param(a, "name"));
 *   }
 *   ...
 *   struct helios_agent_options options = HELIOS_AGENT_OPTIONS;
 *   options.id = "greeter", options.swarm = "backend";
 *   helios_agent_new(&options, &agent);
 *   helios_agent_action(agent, "greet", &(struct helios_param){.name = "name", .required = true}, 1, greet, NULL);
 *   helios_agent_run(agent);
 *
 * Parameters are checked before a handler is called. A result is kept until the controller has it, over a
 * restart too when there is a data directory; whoever leads is found again by itself after a failover.
 * A task may be given out twice when an agent is lost (unless it is `at_most_once`): handlers should be
 * idempotent by helios_attempt_key. */
#ifndef HELIOS_AGENT_H
#define HELIOS_AGENT_H

#include <helios/helios.h>

#ifdef __cplusplus
extern "C" {
#endif

struct helios_agent;
struct helios_attempt; /* of one task; valid until it has been ended */

struct helios_agent_options {
    size_t size;
    struct helios_peers peers;
    const char *id;       /* unique in the realm; needed */
    const char *swarm;    /* needed */
    const char *title;    /* for people */
    const char *data;     /* directory for results that no controller has yet; NULL: memory only */
    unsigned slots;       /* attempts that may be under way at once, 1 to 1024; 1 */
    unsigned prefetch;    /* attempts taken beyond that, to 4096; 0 */
    int64_t stop_ms;      /* after helios_agent_stop what is under way may take so long; 10000 */
};
#ifdef __cplusplus
#define HELIOS_AGENT_OPTIONS (helios_agent_options{sizeof(helios_agent_options)})
#else
#define HELIOS_AGENT_OPTIONS ((struct helios_agent_options){.size = sizeof(struct helios_agent_options)})
#endif

/* helios_agent_new; *ret is always set, so that helios_agent_error can say why; free it in any case. -EINVAL an option is
 * wrong. Nothing is said to anybody before the first helios_agent_run, helios_agent_turn or helios_agent_fd, which also
 * say what cannot be had then: -EBUSY another process uses `data`, -EPERM others may read the key, -EINVAL it is none. */
HELIOS_API int helios_agent_new(const struct helios_agent_options *options, struct helios_agent **ret);
HELIOS_API void helios_agent_free(struct helios_agent *agent); /* NULL is fine; what is under way is lost, and done again elsewhere */
HELIOS_API const char *helios_agent_error(const struct helios_agent *agent);

/* ---- actions ---- */

enum helios_kind { HELIOS_STRING, HELIOS_INT, HELIOS_NUMBER, HELIOS_BOOL, HELIOS_JSON };

/* What an action takes. Whoever asks for it with an unknown name, without a required one, with another
 * kind, beyond a limit or with none of the allowed words is refused without the handler. */
struct helios_param {
    const char *name;
    enum helios_kind kind;
    bool required;
    const char *otherwise;       /* as text; NULL: it is left out */
    double min, max;             /* of INT and NUMBER; both 0: no limit */
    unsigned length;             /* bytes, of STRING and JSON; 0: 1024 */
    const char *const *one_of;   /* the only words allowed; ends with NULL; NULL: any */
};

/* A handler begins an attempt and ends it once, by helios_complete, helios_complete_json or helios_fail, then or
 * later. While it runs nobody speaks for the agent: one that takes more than some hundred milliseconds
 * returns and ends later, or calls helios_attempt_wait between its steps. One that returns with -ECANCELED from that should end too. */
typedef void helios_handler(struct helios_attempt *attempt, void *user);

/* helios_agent_action offers an action; before the first turn. The params are copied. -EINVAL. */
HELIOS_API int helios_agent_action(struct helios_agent *agent, const char *name, const struct helios_param *params,
                                   size_t n, helios_handler *handler, void *user);

/* ---- an attempt ---- */

HELIOS_API const char *helios_attempt_task(const struct helios_attempt *a);
HELIOS_API const char *helios_attempt_action(const struct helios_attempt *a);
HELIOS_API const char *helios_attempt_key(const struct helios_attempt *a); /* idempotency key */
HELIOS_API unsigned helios_attempt_number(const struct helios_attempt *a); /* 1 for the first */
/* All parameters as one JSON object, those with a default included. */
HELIOS_API const char *helios_attempt_params(struct helios_attempt *a);
/* One of them as text, JSON ones as JSON; NULL: it was not given and has no default. The others are for
 * those that are required or have a default: 0 or false else. */
HELIOS_API const char *helios_attempt_param(struct helios_attempt *a, const char *name);
HELIOS_API int64_t helios_attempt_int(const struct helios_attempt *a, const char *name);
HELIOS_API double helios_attempt_double(const struct helios_attempt *a, const char *name);
HELIOS_API bool helios_attempt_bool(const struct helios_attempt *a, const char *name);
/* What an earlier attempt of this task has saved by helios_attempt_save, and its length; NULL: nothing. */
HELIOS_API const char *helios_attempt_saved(const struct helios_attempt *a, size_t *ret_n);

/* helios_attempt_progress: percent 0 to 100, a note of at most 256 bytes (NULL: none). It is seen with the next beat. */
HELIOS_API void helios_attempt_progress(struct helios_attempt *a, unsigned percent, const char *note);
/* helios_attempt_save keeps a checkpoint of at most 16 KiB with the controller. -EMSGSIZE. */
HELIOS_API int helios_attempt_save(struct helios_attempt *a, const void *checkpoint, size_t n);

/* helios_attempt_wait lets the agent speak and listen for ms (0: just once round). 0 to go on; -ECANCELED:
 * somebody cancelled it, its time is over, or the agent has to leave: end it now. Only inside its handler. */
HELIOS_API int helios_attempt_wait(struct helios_attempt *a, int64_t ms);
/* The same is told to attempts whose handler has returned. NULL: not at all; they then end when they end. */
typedef void helios_on_cancel(struct helios_attempt *attempt, void *user);
HELIOS_API void helios_attempt_on_cancel(struct helios_attempt *a, helios_on_cancel *call, void *user);
HELIOS_API bool helios_attempt_cancelled(const struct helios_attempt *a);

/* The end; the attempt is gone then. Output is cut after 64 KiB. What was told to stop ends CANCELLED or TIMEOUT, whatever is said here. */
HELIOS_API void helios_complete(struct helios_attempt *a, const char *output); /* NULL: none */
/* -EINVAL: it is no JSON object; the attempt goes on. */
HELIOS_API int helios_complete_json(struct helios_attempt *a, const char *object);
HELIOS_API void helios_fail(struct helios_attempt *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- measurements ---- */

/* helios_agent_sample says that the KPI has this value now. -EINVAL: it is not finite. */
HELIOS_API int helios_agent_sample(struct helios_agent *agent, const char *kpi, double value);
/* helios_agent_every calls each ms (1 or more), for measurements and for attempts that go on by steps. -EINVAL. */
HELIOS_API int helios_agent_every(struct helios_agent *agent, int64_t ms, void (*call)(struct helios_agent *agent, void *user),
                                  void *user);

/* ---- the loop ---- */

/* helios_agent_run runs until the agent has left. 0, or -errno when it could not begin. */
HELIOS_API int helios_agent_run(struct helios_agent *agent);
/* helios_agent_stop: nothing new is begun, what is under way may end within stop_ms, results are brought
 * home, then the agent leaves; the second call hurries. May be called from anywhere. */
HELIOS_API void helios_agent_stop(struct helios_agent *agent);
HELIOS_API bool helios_agent_gone(const struct helios_agent *agent); /* it has left: stopped, or drained by the controller */
/* helios_agent_fd is readable whenever helios_agent_turn has something to do; poll it, never read it. -errno. */
HELIOS_API int helios_agent_fd(struct helios_agent *agent);
/* helios_agent_turn does what is due and waits at most wait_ms (0: not at all, -1: until something comes). 0, or
 * -errno when it could not begin. */
HELIOS_API int helios_agent_turn(struct helios_agent *agent, int64_t wait_ms);

#ifdef __cplusplus
}
#endif
#endif
