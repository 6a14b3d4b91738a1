/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands: rows of tables, one table a room, found by name. docs/protocol-verbs.md is made from them. */
#ifndef HELIOS_CORE_VERB_H
#define HELIOS_CORE_VERB_H

#include "proto/pack.h"
#include "proto/read.h"

struct helios;
struct verb_call {
    struct bytes args;   /* a checked msgpack map, or nothing */
    struct bytes author; /* commands: who */
    struct pack answer;  /* the reply's `data` map is open in it */
    const char *code;    /* set with error: not_found, bad_args, not_allowed, busy */
    char error[256];     /* one sentence that says what to do */
};
struct verb {
    const char *name;
    bool command; /* else a query: changes nothing */
    const char *args, *doc;
    /* 0, or negative after verb_fail. */
    int (*run)(struct helios *h, struct verb_call *call);
};
int verb_fail(struct verb_call *call, const char *code, const char *format, ...) FORMAT_LIKE(3, 4); /* answers -EINVAL */

/* Each ends with a row whose name is NULL. Those of controller_verbs are taken by every controller, whether it leads or not, and
 * are answered at once: they wait for no commit. */
extern const struct verb controller_verbs[], core_verbs[], task_verbs[], agent_verbs[], sense_verbs[], decide_verbs[], run_verbs[],
    schedule_verbs[], review_verbs[], production_verbs[];
extern const struct verb *const verb_rooms[]; /* all tables, NULL-terminated */
const struct verb *verb_find(struct bytes name, bool command);

#endif
