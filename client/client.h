/* SPDX-License-Identifier: MPL-2.0 */
/* What a client does among several controllers (L4, T3), as a deterministic function of (state, message or tick, now): no
 * socket, no clock, no randomness but its seed. The owner carries bytes both ways and the time in.
 *
 *   submit, watch, ask ─▶ request ── send ─▶ the leader ── accepted, rejected, reply, done ─▶ tell ─▶ owner
 *                            ▲                   │
 *                            └── again later ◀───┘ busy, full, not_leader, silence
 *
 * Who leads is found by hailing: the query `controller`, which every controller answers. While requests or watched tasks are
 * open the leader is hailed; when it is silent for a second or says `not_leader`, all are, until one says that it leads.
 * A submit is repeated with the same key until it is accepted, refused for good or out of patience; so it is never doubled. */
#ifndef HELIOS_CLIENT_CLIENT_H
#define HELIOS_CLIENT_CLIENT_H

#include "common/list.h"
#include "common/rand.h"
#include "proto/codec.h"

#define CLIENT_CONTROLLERS 16 /* at most */
#define CLIENT_SILENT_MS 1000 /* a leader that says nothing for so long while it is asked is none */
#define CLIENT_PATIENT INT64_C(0x3fffffffffff) /* ms: for ever */

enum client_what {
    CLIENT_ACCEPTED, /* of an item of a submit: index, id, known */
    CLIENT_REFUSED,  /* of an item, for good: index, code, text */
    CLIENT_ENDED,    /* a watched task: ended; told once */
    CLIENT_ANSWERED, /* of a question: reply, controller. To everyone: once for each that answers */
    CLIENT_EXPIRED, /* out of patience; code and text of the last refusal, or empty: nobody answered. Of a submit: the
                        item `index`. Of a question to everyone: controllers that have not answered, one each */
    CLIENT_LED, /* controller leads in epoch; `known`: another one did before */
};

/* Views are valid while it is told. */
struct client_event {
    enum client_what what;
    uint64_t request; /* what client_submit or client_put answered; 0 for ENDED and LED */
    size_t controller, index;
    uint64_t epoch;
    bool known;
    struct bytes id, code, text;
    const struct msg_ended *ended;
    const struct msg_reply *reply;
};

/* Neither may call back into the core but for client_submit, client_watch and client_put. */
struct client_calls {
    void (*send)(void *user, size_t controller, struct bytes message);
    void (*tell)(void *user, const struct client_event *event);
};

struct client_core {
    const struct client_calls *calls; /* borrowed */
    void *user;
    char name[65];    /* of `submit`: keys are unique within it */
    struct rand rand; /* keys */
    int64_t now;
    uint64_t numbers; /* of requests, so far */
    size_t n_controllers;
    struct client_controller { /* what is known of each */
        int64_t heard;         /* when it said something last */
        uint64_t epoch;        /* in which it led then; 0 = it does not lead */
    } controllers[CLIENT_CONTROLLERS];
    char holder[40];      /* whom a standby named last as the one who leads; "" = nobody */
    size_t leader;        /* index; n_controllers = not known */
    uint64_t epoch;       /* the highest that anyone has shown; a lower one is not believed */
    bool led;             /* somebody has led before */
    int64_t hail_said;    /* when everybody was hailed last */
    int64_t hail_at;      /* when to hail next */
    int64_t hail_pause;   /* while nobody leads: growing */
    int64_t hailed;       /* since when the leader owes an answer; 0 = it owes none */
    int64_t renew_at;     /* when watches are said again */
    struct list requests; /* struct client_request.link, oldest first */
    struct client_watch *watches; /* uthash by task id: those that have not ended */
};

/* name: 1 to 64 letters, digits and _.:-; seed: of the keys that are drawn, so never the same twice.
 */
void client_init(struct client_core *c, const char *name, size_t n_controllers, uint64_t seed,
                 const struct client_calls *calls, void *user);
void client_done(struct client_core *c);

/* client_submit copies the items (at most 1000); one without a key gets one drawn. Each is answered
 * by ACCEPTED, REFUSED or, after patience_ms, EXPIRED: then it may have been taken all the same.
 * watch: ENDED follows ACCEPTED. */
uint64_t client_submit(struct client_core *c, const struct msg_request *items, size_t n, bool watch,
                       int64_t patience_ms, int64_t now);
/* client_watch: ENDED comes for each of these tasks, at whichever leader it ends. */
void client_watch(struct client_core *c, const struct bytes *ids, size_t n, int64_t now);

struct client_question {
    /* Else a query. A command goes to one controller at most once, unless that one refuses it; when
     * its answer is lost in a failover the next leader gets it as well. */
    bool command;
    bool everyone; /* to each controller, standby or not; each answers for itself */
    struct bytes name, args, author;
};
uint64_t client_put(struct client_core *c, const struct client_question *q, int64_t patience_ms,
                    int64_t now);

/* A message of a controller; its bytes are not trusted. Hand in all that has come before the next
 * tick: a pause of our own is no silence of theirs (L6). */
void client_message(struct client_core *c, size_t controller, struct bytes body, int64_t now);
/* client_tick does what is due and answers when the next thing is; INT64_MAX = nothing is open.
 * Tick after each of the calls above. */
int64_t client_tick(struct client_core *c, int64_t now);
bool client_idle(const struct client_core *c); /* no request is open and no task watched */

#endif
