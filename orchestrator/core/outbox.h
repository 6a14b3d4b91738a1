/* SPDX-License-Identifier: MPL-2.0 */
/* What a turn changed (records to save) and said (messages, events). The only way from the core to the world.
 * Rule C1 lives here: what is said waits for what was saved before it, unless it is said with SAY_NOW. */
#ifndef HELIOS_CORE_OUTBOX_H
#define HELIOS_CORE_OUTBOX_H

#include "common/buf.h"
#include "common/list.h"
#include "proto/codec.h"
#include "proto/schema.h"
#include "proto/socket.h"

struct helios;

/* A durable object embeds one: it knows its record and whether Redis has it. save_init once, then save_mark at every change (cheap,
 * any number of times a turn: one write), save_drop when it leaves the live set (a record born and dropped in
 * one turn is never written, C3). The object's id must not change, and the record must live until save_drop. */
struct save {
    struct list link; /* in outbox.dirty while marked */
    enum rec kind;
    bool stored;        /* Redis has it, or will after what was cut */
    const void *record; /* struct rec_KIND, owned by the object */
    const struct bytes *id; /* the field of the record that is its id */
};
void save_init(struct save *s, enum rec kind, const void *record, const struct bytes *id);
void save_loaded(struct save *s); /* it came from Redis: nothing to write */
void save_mark(struct helios *h, struct save *s);
void save_drop(struct helios *h, struct save *s);
void save_forget(struct save *s); /* the object is freed without a change in Redis (shutdown) */

enum say_when {
    SAY_AFTER_COMMIT, /* the rule: after everything saved before it */
    SAY_SOON,         /* as the rule, and it may wait a few ms for the next message to the same peer: what another one follows */
    SAY_NOW,          /* beats, refusals, busy: nothing that could be lost */
};
/* say encodes the message at once; to is copied. */
void say(struct helios *h, enum endpoint endpoint, const struct routing *to, enum msg which, const void *message, enum say_when when);

/* say_packed says a message that is encoded already. */
void say_packed(struct helios *h, enum endpoint endpoint, const struct routing *to, struct bytes message, enum say_when when);

/* note publishes an event and, when its kind is durable, writes it into the ledger with the same batch.
 * id: whom it is about; cause: what it follows from (both may be NULL); data: packed map or NULL (cleared after use, so one buf
 * can serve a function); the sentence is for people. */
void note(struct helios *h, enum event kind, const char *id, const char *cause, struct buf *data, const char *format, ...)
    FORMAT_LIKE(6, 7);
/* note_heard: does a tap, the ledger or a decider take this event? What nobody takes is only counted, so who would have to gather
 * facts for it asks first. */
bool note_heard(const struct helios *h, enum event kind);
/* note_text is note with the sentence as it is. */
void note_text(struct helios *h, enum event kind, const char *id, const char *cause, struct buf *data, struct bytes sentence);

struct op {
    enum rec kind; /* REC_entry: appended to the history stream */
    bool drop;
    struct bytes id, value; /* in the batch's arena; value is nothing for a drop */
};
struct said {
    enum endpoint endpoint;
    struct routing to;  /* of agents and control */
    const char *topic;  /* of events: static */
    bool soon;          /* SAY_SOON */
    struct bytes body;  /* in the batch's arena */
};
struct batch {
    struct list link;   /* the shell's */
    struct arena arena; /* everything that ops and says point into */
    struct op *ops;     /* owned; in the order of the changes */
    struct said *says;  /* owned; after all ops are durable */
    struct said *urgent; /* owned; at once */
    size_t n_ops, n_says, n_urgent;
    size_t room_ops, room_says, room_urgent;
};
void batch_free(struct batch *b);

struct outbox {
    struct list dirty;   /* struct save.link, oldest change first */
    struct batch *next;  /* owned; what was dropped, noted and said since the last cut; NULL = nothing */
    struct buf scratch;  /* owned; for encoding */
    size_t changes;      /* records marked, dropped and entered since the last cut */
    uint64_t event_seq;  /* number of the last event of this epoch */
};
struct batch *outbox_cut(struct helios *h);        /* see helios_cut */
struct batch *outbox_cut_urgent(struct helios *h); /* see helios_cut_urgent */
void outbox_init(struct outbox *o);
void outbox_done(struct outbox *o);

#endif
