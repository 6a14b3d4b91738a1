/* SPDX-License-Identifier: MPL-2.0 */
/* Clients: submit tasks and wait for them, ask, command, publish measurements.
 *
 *   struct helios_client *c;
 *   helios_client_open(NULL, &c);
 *   helios_submit(c, &(struct helios_task){.action = "echo", .params = "{\"text\": \"hi\"}"}, 1, &id);
 *   helios_wait(c, id.text, 10000, &result);
 *
 * A submit is repeated with the same idempotency key until a leader has taken it, so a failover doubles
 * nothing. Who leads is found by itself, among all controllers that are named. */
#ifndef HELIOS_CLIENT_H
#define HELIOS_CLIENT_H

#include <helios/helios.h>

#ifdef __cplusplus
extern "C" {
#endif

struct helios_client;

struct helios_client_options {
    size_t size;
    struct helios_peers peers;
    const char *name;   /* keys are unique within it: 1 to 64 letters, digits and _.:-; "lib" */
    int64_t timeout_ms; /* how long a call may wait for its answer; 5000 */
};
#ifdef __cplusplus
#define HELIOS_CLIENT_OPTIONS (helios_client_options{sizeof(helios_client_options)})
#else
#define HELIOS_CLIENT_OPTIONS ((struct helios_client_options){.size = sizeof(struct helios_client_options)})
#endif

/* helios_client_open; options may be NULL. *ret is always set, so that helios_client_error can say why; close it in
 * any case. -ENOENT no controller is known, -EINVAL a key
 * or a name is none. */
HELIOS_API int helios_client_open(const struct helios_client_options *options, struct helios_client **ret);
HELIOS_API void helios_client_close(struct helios_client *client); /* NULL is fine */
/* One sentence about the last call that failed; valid until the next call. */
HELIOS_API const char *helios_client_error(const struct helios_client *client);

/* ---- tasks ---- */

#define HELIOS_ID 64 /* bytes that a task's id takes, its NUL included */
struct helios_id {
    char text[HELIOS_ID];
};

enum helios_priority {
    HELIOS_USUAL,     /* 2 of the wire */
    HELIOS_EMERGENCY, /* 0: before everything else */
    HELIOS_HIGH,      /* 1 */
    HELIOS_LOW,       /* 3 */
    HELIOS_IDLE,      /* 4: when nothing else is due */
};

/* A task to do; what is NULL or 0 has its default. docs/protocol.md, `request`, says what each means. */
struct helios_task {
    const char *action;
    const char *params; /* a JSON object */
    const char *key;    /* idempotency key; NULL: a fresh one is drawn */
    const char *swarm, *role, *agent, *target, *group, *note;
    const char *const *after; /* ids that must have completed before; ends with NULL */
    const char *const *locks; /* names that it needs alone; ends with NULL */
    enum helios_priority priority;
    uint64_t max_attempts, attempt_ms, total_ms, backoff_ms;
    int64_t not_before; /* ms since 1970 */
    bool at_most_once;
};

/* helios_submit hands in n (1 to 1000) tasks and waits until each is taken: its id stands in ids[i].
 * -EINVAL one is wrong, -EBUSY the queue is full or no leader was ready in time, -EPERM not allowed,
 * -ETIMEDOUT nobody answered; ids of those that were taken are set, the others are "". */
HELIOS_API int helios_submit(struct helios_client *client, const struct helios_task *tasks, size_t n,
                             struct helios_id *ids);

enum helios_state { HELIOS_COMPLETED, HELIOS_FAILED, HELIOS_CANCELLED, HELIOS_UNKNOWN };

/* How a task ended. Texts are the client's: valid until the next helios_wait or helios_run. */
struct helios_result {
    enum helios_state state;
    unsigned attempts;
    const char *output; /* as it was printed; it may hold NULs: */
    size_t output_n;
    const char *data;  /* a JSON object, "{}" when there was none */
    const char *error; /* "" when it completed */
};

/* helios_wait waits for the task's end, at most timeout_ms (-1: for ever). -ETIMEDOUT: it goes on. */
HELIOS_API int helios_wait(struct helios_client *client, const char *id, int64_t timeout_ms,
                           struct helios_result *ret);
/* helios_run submits one task and waits for its end. */
HELIOS_API int helios_run(struct helios_client *client, const struct helios_task *task, int64_t timeout_ms,
                          struct helios_result *ret);

/* ---- questions ---- */

/* helios_query asks ("status", "tasks" …: docs/protocol-verbs.md), helios_command orders ("cancel" …), with a JSON object
 * of arguments (NULL: none) and sets *ret_json to the answer, the client's until the next call.
 * -ENOENT not found, -EINVAL bad arguments, -EPERM not allowed, -EBUSY, -ETIMEDOUT. */
HELIOS_API int helios_query(struct helios_client *client, const char *what, const char *args, const char **ret_json);
HELIOS_API int helios_command(struct helios_client *client, const char *verb, const char *args, const char **ret_json);

/* ---- measurements ---- */

/* helios_publish says that the KPI had this value at that time (0: now), to every controller; like any
 * measurement it may be lost on the way, which controllers count. Values that are not finite are not measured:
 * -EINVAL. It leaves by itself within the call. */
HELIOS_API int helios_publish(struct helios_client *client, const char *kpi, double value, int64_t at);

/* ---- somebody else's loop ---- */

/* While tasks are watched: told once for each. Called from helios_client_turn and from the calls that wait. */
typedef void helios_on_end(void *user, const char *id, const struct helios_result *result);
HELIOS_API void helios_client_on_end(struct helios_client *client, helios_on_end *call, void *user);
/* helios_watch asks that the end of this task be told by helios_on_end. */
HELIOS_API int helios_watch(struct helios_client *client, const char *id);

/* helios_client_fd is readable whenever helios_client_turn has something to do; poll it, never read it. -errno. */
HELIOS_API int helios_client_fd(struct helios_client *client);
/* helios_client_turn does what is due and waits at most wait_ms (0: not at all, -1: until something comes). 0, or -EINTR. */
HELIOS_API int helios_client_turn(struct helios_client *client, int64_t wait_ms);

#ifdef __cplusplus
}
#endif
#endif
