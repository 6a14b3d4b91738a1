/* SPDX-License-Identifier: MPL-2.0 */
/* The client's own data, shared by client.c, request.c and answers.c alone. */
#ifndef HELIOS_CLIENT_INSIDE_H
#define HELIOS_CLIENT_INSIDE_H

#include <uthash.h>

#include "client.h"

#define REPEAT_MS 1000      /* first pause before the same request goes to the same leader again */
#define REPEAT_CAP_MS 8000  /* doubling up to */
#define REFUSED_MS 100      /* first pause after busy or full */
#define REFUSED_CAP_MS 2000 /* doubling up to */

/* One submit or question.
 *
 *   OPEN --answered, refused for good, out of patience--> told and freed
 *    '-- busy, full, not_leader, silence: again at `due`, longer each time */
struct client_request {
    struct list link; /* in client_core.requests */
    uint64_t number;
    int64_t until;      /* then its patience is over */
    int64_t due, pause; /* when it is sent next; how long after that */
    bool refused;       /* the pause is one after a refusal */
    char code[16];      /* of the last refusal, for EXPIRED */
    char text[200];
    /* a submit */
    struct client_item {
        struct msg_request r; /* owned, as what it points to */
        bool drawn;           /* its key is ours */
        bool settled;         /* it was told */
    } * items;                /* owned; NULL = it is a question */
    size_t *sent;             /* owned; which item stands at an index of the message sent last */
    size_t n, n_sent, n_open;
    unsigned round; /* grows when other items are sent than before; part of the ref */
    bool watch;
    /* a question */
    bool command, everyone;
    char *name, *args, *author; /* owned */
    size_t args_n;
    uint32_t asked;    /* controllers that may still answer, as bits */
    uint32_t answered; /* everyone: those that have */
};

struct client_watch {
    UT_hash_handle hh;
    char id[];
};

/* request.c */
uint64_t request_add(struct client_core *c, struct client_request *r, int64_t patience_ms);
void request_free(struct client_request *r);
/* request_of finds whom an answer is for; NULL. round: of a submit. */
struct client_request *request_of(struct client_core *c, struct bytes ref, unsigned *ret_round);
void request_send(struct client_core *c, struct client_request *r);
void request_refused(struct client_core *c, struct client_request *r, struct bytes code,
                     struct bytes text); /* for now: it goes again later */
void request_settle(struct client_request *r, size_t item);
void request_expire(struct client_core *c, struct client_request *r);

/* client.c */
void client_say(struct client_core *c, size_t controller, enum msg which, const void *message);
void client_tell(struct client_core *c, const struct client_event *event);
/* What a controller said of itself: the term in which it leads; 0 = it does not. */
void client_stands(struct client_core *c, size_t controller, uint64_t epoch);

/* answers.c: the row of each message that a client takes. */
void client_take(struct client_core *c, size_t from, struct bytes body);

#endif
