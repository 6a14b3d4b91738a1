/* SPDX-License-Identifier: MPL-2.0 */
/* The ties of members to controllers: hello until welcomed, beats, tasks in, results out. Knows the
 * messages; knows nothing of how attempts are run. */
#ifndef HELIOS_AGENTS_LINK_H
#define HELIOS_AGENTS_LINK_H

#include "agents/loop.h"
#include "common/buf.h"

struct controller;
struct member;

/*   GREETING --welcome, no lower epoch--> WELCOMED --bye--> LEFT
 *    |    ^ ^                                |
 *    |    | '-- 3 beats unanswered, `again`, a lower epoch --'
 *    '----'  unanswered: hello each second, after three of them on a fresh socket;
 *            refused: hello again after retry_ms */
enum link_state { LINK_GREETING, LINK_WELCOMED, LINK_LEFT };

struct link {
    struct member *member;
    struct controller *controller;
    struct watch watch;  /* of its DEALER socket; NULL = the controller's endpoints are not known */
    struct timer timer;  /* the next hello or beat */
    unsigned generation; /* of the controller, when the socket was connected */
    enum link_state state;
    uint64_t epoch; /* WELCOMED: its term */
    int64_t beat_ms;
    unsigned unanswered; /* hellos or beats since the last answer */
    bool told;           /* its refusal or silence was logged */
};

void links_new(struct member *m);
void links_free(struct member *m);
void links_greet(struct member *m); /* say hello anew: what is offered has changed */
void links_beat(struct member *m);  /* an early beat: a checkpoint must not wait (A8) */
void links_results(
    struct member *m); /* sends results that are due to the leader, if there is one */
void links_bye(struct member *m, const char *reason);

#endif
