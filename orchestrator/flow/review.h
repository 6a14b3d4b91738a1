/* SPDX-License-Identifier: MPL-2.0 */
/* Reviews: one question to a committee, a task a seat, votes, a decision (V1 to V5). Whoever owns a review is called at its decision
 * (on_review of its decider); a person's has no owner. */
#ifndef HELIOS_FLOW_REVIEW_H
#define HELIOS_FLOW_REVIEW_H

#include "orchestrator/core/helios.h"
#include "orchestrator/flow/tally.h"

#define SEATS_MOST 100
#define REVIEWS_OPEN_MOST 10000

/* ---- for who asks a committee ---- */

struct review;
struct review_order {
    struct bytes committee, subject;       /* subject: a packed map, or nothing */
    const char *owner_kind, *owner_id;     /* whose on_review is called; NULL = nobody's */
    const char *cause;                     /* what it follows from, for `why`; NULL = nothing */
    struct bytes author;                   /* of one without an owner */
    uint64_t priority;                     /* of its tasks */
};
/* review_start asks; never decides at once: on_review comes in a later turn. NULL with a sentence in err (of at least 200 bytes). */
struct review *review_start(struct helios *h, const struct review_order *order, char *err);
struct review *review_find(struct helios *h, struct bytes id); /* also one that is decided, while it is kept */
/* review_withdraw: nobody wants to know any more. Its tasks are cancelled, its owner is not called. Nothing when it is decided. */
void review_withdraw(struct helios *h, struct review *v, const char *reason);
/* review_data packs {approved, score, votes, dissent, …} as one map (V5). */
void review_data(const struct review *v, struct buf *out);

/* ---- its parts ---- */

struct review_seat {
    char *name;  /* owned; the agent's where agents are named, else its number */
    bool any;    /* for whoever comes first; else for this agent alone */
    char *agent; /* owned; "" while nobody has it */
    char *task;  /* owned; "" = could not be asked */
    bool open;
    bool veto;
    double weight;
    enum vote vote;
    double score; /* NaN = none */
    char *reason; /* owned */
};

struct review {
    UT_hash_handle hh;  /* reviews.by_id, key r.id */
    struct list link;   /* in reviews.open or reviews.ended */
    struct rec_review r; /* owned; the durable half */
    struct save save;
    struct timer timer; /* the deadline while it is open */
    struct tally_rule rule;
    bool named; /* its agents are: nobody else may have their seats */
    char *action, *swarm, *role; /* owned; what r.spec says */
    struct review_seat *seats;  /* owned; what r.votes holds */
    size_t n_seats;
};

struct reviews {
    struct review *by_id;    /* owned */
    struct list open, ended; /* struct review.link; ended: oldest first, at most DECIDE_KEEP */
    size_t n_open, n_ended;
    struct timer again;      /* an agent is gone: some seats may need another one */
    size_t n_any;            /* open seats that are for whoever comes first */
};
struct reviews *reviews_of(struct helios *h);

/* review_seats.c: seats are made and asked, votes are read. */
void seats_make(struct helios *h, struct review *v, const struct set_committee *c);
void seats_ask(struct helios *h, struct review *v, const struct set_committee *c, const struct review_order *order);
/* seats_again asks another agent where the one that was picked is gone. */
void seats_again(struct helios *h, struct review *v);
void seats_load(struct helios *h, struct review *v);
void seats_save(struct helios *h, struct review *v); /* into the record */
void seats_free(struct helios *h, struct review *v);
struct review_seat *seat_find(struct review *v, const char *name);
/* seat_close: no vote comes from it any more. */
void seat_close(struct helios *h, struct review_seat *s, enum vote vote, double score, const char *reason);
/* seat_hear reads the vote of a task that ended; nonsense is a missing vote (V2). */
void seat_hear(struct helios *h, struct review_seat *s, const struct rec_task *ended);
struct tally seats_count(const struct review *v);
const char *tally_text(enum tally_by by); /* the rule in a few words */

/* review_show.c: how it looks in answers and in the ledger. */
void review_pack_row(struct pack *p, const struct review *v);
void review_pack(struct pack *p, const struct review *v);
void review_note_began(struct helios *h, const struct review *v, const char *cause);
void review_note_vote(struct helios *h, const struct review *v, const struct review_seat *s);
void review_note_decided(struct helios *h, const struct review *v, const struct tally *t);

#endif
