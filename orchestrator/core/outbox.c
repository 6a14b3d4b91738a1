/* SPDX-License-Identifier: MPL-2.0 */
/* Gathers what a turn changed and said. Knows nothing of Redis or ZeroMQ. */
#include "outbox.h"

#include <stdarg.h>

#include "helios.h"

void save_init(struct save *s, enum rec kind, const void *record, const struct bytes *id)
{
    *s = (struct save){.kind = kind, .record = record, .id = id};
    list_init(&s->link);
}

void save_loaded(struct save *s)
{
    s->stored = true;
}

void save_mark(struct helios *h, struct save *s)
{
    if (!list_empty(&s->link))
        return;
    list_push(&h->out.dirty, &s->link);
    h->out.changes++;
}

void save_forget(struct save *s)
{
    list_out(&s->link);
}

static struct batch *next_batch(struct helios *h)
{
    if (h->out.next == NULL)
        h->out.next = NEW(struct batch);
    return h->out.next;
}

static struct bytes keep(struct batch *b, struct bytes text)
{
    if (text.n == 0)
        return BYTES("");
    char *copy = arena_take(&b->arena, text.n);
    memcpy(copy, text.at, text.n);
    return (struct bytes){copy, text.n};
}

/* grow makes room for one more item of an array and answers its place. */
static void *grow(void *array, size_t *n, size_t *room, size_t size)
{
    void **items = array;
    if (*n == *room) {
        *room = MAX((size_t)16, *room * 2);
        *items = xrealloc(*items, *room * size);
    }
    return (char *)*items + (*n)++ * size;
}

static void add_op(struct batch *b, enum rec kind, bool drop, struct bytes id, struct bytes value)
{
    struct op *op = grow(&b->ops, &b->n_ops, &b->room_ops, sizeof(*op));
    *op = (struct op){kind, drop, keep(b, id), keep(b, value)};
}

void save_drop(struct helios *h, struct save *s)
{
    list_out(&s->link);
    if (s->stored)
        add_op(next_batch(h), s->kind, true, *s->id, (struct bytes){0});
    h->out.changes++;
    s->stored = false;
}

static void add_said(struct batch *b, enum say_when when, struct said said, struct bytes body)
{
    struct said *place = when == SAY_NOW
                             ? grow(&b->urgent, &b->n_urgent, &b->room_urgent, sizeof(*place))
                             : grow(&b->says, &b->n_says, &b->room_says, sizeof(*place));
    said.body = keep(b, body);
    said.soon = when == SAY_SOON;
    *place = said;
}

void say(struct helios *h, enum endpoint endpoint, const struct routing *to, enum msg which,
         const void *message, enum say_when when)
{
    buf_clear(&h->out.scratch);
    message_encode(&h->out.scratch, which, message);
    say_packed(h, endpoint, to, buf_bytes(&h->out.scratch), when);
}

void say_packed(struct helios *h, enum endpoint endpoint, const struct routing *to,
                struct bytes message, enum say_when when)
{
    add_said(next_batch(h), when, (struct said){.endpoint = endpoint, .to = *to}, message);
}

static void publish(struct helios *h, const struct event_kind *kind, const struct rec_entry *e)
{
    struct msg_event event = {
        .seq = ++h->out.event_seq,
        .epoch = h->epoch,
        .at = e->at,
        .topic = e->topic,
        .level = e->level,
        .id = e->id,
        .cause = e->cause,
        .text = e->text,
        .data = e->data,
    };
    buf_clear(&h->out.scratch);
    message_encode(&h->out.scratch, MSG_event, &event);
    add_said(next_batch(h), SAY_AFTER_COMMIT,
             (struct said){.endpoint = ENDPOINT_events, .topic = kind->topic},
             buf_bytes(&h->out.scratch));
}

static void write_down(struct helios *h, struct rec_entry *e)
{
    e->n = ++h->ledger.last;
    ledger_add(&h->ledger, e);
    buf_clear(&h->out.scratch);
    struct_encode(&h->out.scratch, &schema_records[REC_entry], e);
    add_op(next_batch(h), REC_entry, false, (struct bytes){0}, buf_bytes(&h->out.scratch));
    h->out.changes++;
}

enum { SENTENCE_MAX = 1023 };

/* Deciders look at no debug event but those that are durable, and of tasks that they own. */
bool note_heard(const struct helios *h, enum event which)
{
    const struct event_kind *kind = &event_kinds[which];
    return kind->durable || kind->level != level_debug || h->config->notify.n ||
           audience_hears(h->audience, which);
}

void note_text(struct helios *h, enum event which, const char *id, const char *cause,
               struct buf *data, struct bytes sentence)
{
    const struct event_kind *kind = &event_kinds[which];
    struct rec_entry e = {
        .at = h->now,
        .topic = bytes_of(kind->topic),
        .level = kind->level,
        .id = bytes_of(id),
        .cause = bytes_of(cause),
        .text = {sentence.at, MIN(sentence.n, (size_t)SENTENCE_MAX)},
        .data = data ? buf_bytes(data) : (struct bytes){0},
    };
    h->counters.events++;
    if (audience_hears(h->audience, which))
        publish(h, kind, &e);
    if (kind->durable)
        write_down(h, &e);
    decide_on_event(h, which, &e);
    if (data)
        buf_clear(data);
}

void note(struct helios *h, enum event which, const char *id, const char *cause, struct buf *data,
          const char *format, ...)
{
    char sentence[SENTENCE_MAX + 1];
    va_list args;
    if (!note_heard(h, which)) {
        h->counters.events++;
        if (data)
            buf_clear(data);
        return;
    }
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    note_text(h, which, id, cause, data, bytes_of(sentence));
}

/* The dirty records are encoded here, once, as they are now: any number of changes is one write. Drops and ledger entries stand
 * before them; a record that was dropped and made anew in one turn is thus dropped first. */
struct batch *outbox_cut(struct helios *h)
{
    list_each (s, &h->out.dirty, struct save, link) {
        buf_clear(&h->out.scratch);
        struct_encode(&h->out.scratch, &schema_records[s->kind], s->record);
        add_op(next_batch(h), s->kind, false, *s->id, buf_bytes(&h->out.scratch));
        s->stored = true;
        list_out(&s->link);
    }
    struct batch *b = h->out.next;
    h->out.next = NULL;
    h->out.changes = 0;
    return b;
}

struct batch *outbox_cut_urgent(struct helios *h)
{
    struct batch *all = h->out.next;
    if (all == NULL || all->n_urgent == 0)
        return NULL;
    struct batch *b = NEW(struct batch);
    for (size_t i = 0; i < all->n_urgent; i++)
        add_said(b, SAY_NOW, all->urgent[i], all->urgent[i].body);
    all->n_urgent = 0;
    return b;
}

void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    free(b->ops);
    free(b->says);
    free(b->urgent);
    arena_done(&b->arena);
    free(b);
}

void outbox_init(struct outbox *o)
{
    list_init(&o->dirty);
}

void outbox_done(struct outbox *o)
{
    batch_free(o->next);
    buf_done(&o->scratch);
}
