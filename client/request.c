/* SPDX-License-Identifier: MPL-2.0 */
/* Owns requests: made, sent, sent again, told at their end. Refuses to know who leads and why an
 * answer says what it says. */
#include <inttypes.h>

#include "inside.h"

static const struct schema *item_schema(void)
{
    return part_schema("request");
}

uint64_t request_add(struct client_core *c, struct client_request *r, int64_t patience_ms)
{
    r->number = ++c->numbers;
    r->until = c->now + MIN(patience_ms, CLIENT_PATIENT);
    r->due = c->now;
    r->pause = REPEAT_MS;
    list_push(&c->requests, &r->link);
    return r->number;
}

void request_free(struct client_request *r)
{
    list_out(&r->link);
    for (size_t i = 0; i < r->n; i++)
        record_free(item_schema(), &r->items[i].r);
    free(r->items);
    free(r->sent);
    free(r->name);
    free(r->args);
    free(r->author);
    free(r);
}

/* A key of our own, so that a repeated submit answers the first task (T3). */
static void draw_key(struct client_core *c, struct client_item *item)
{
    uint64_t first = rand_next(&c->rand);
    item->drawn = true;
    own_printf(&item->r.key, "%016" PRIx64 "%016" PRIx64, first, rand_next(&c->rand));
}

uint64_t client_submit(struct client_core *c, const struct msg_request *items, size_t n, bool watch,
                       int64_t patience_ms, int64_t now)
{
    struct client_request *r = NEW(struct client_request);
    c->now = MAX(c->now, now);
    r->items = xalloc(MAX(n, (size_t)1) * sizeof(*r->items));
    r->sent = xalloc(MAX(n, (size_t)1) * sizeof(*r->sent));
    r->n = r->n_open = n;
    r->watch = watch;
    for (size_t i = 0; i < n; i++) {
        r->items[i].r = items[i];
        record_own(item_schema(), &r->items[i].r);
        if (items[i].key.n == 0)
            draw_key(c, &r->items[i]);
    }
    return request_add(c, r, patience_ms);
}

uint64_t client_put(struct client_core *c, const struct client_question *q, int64_t patience_ms,
                    int64_t now)
{
    struct client_request *r = NEW(struct client_request);
    c->now = MAX(c->now, now);
    r->command = q->command;
    r->everyone = q->everyone;
    r->name = bytes_dup(q->name);
    r->args = bytes_dup(q->args);
    r->args_n = q->args.n;
    r->author = bytes_dup(q->author);
    return request_add(c, r, patience_ms);
}

struct client_request *request_of(struct client_core *c, struct bytes ref, unsigned *ret_round)
{
    char text[48];
    uint64_t number;
    snprintf(text, sizeof(text), BYTES_F, (int)MIN(ref.n, sizeof(text) - 1), ref.at);
    if (sscanf(text, "%" SCNu64 ".%u", &number, ret_round) < 2)
        return NULL;
    list_each (r, &c->requests, struct client_request, link)
        if (r->number == number)
            return r;
    return NULL;
}

/* ---- sending */

/* Items that are settled are not sent again: an ended task's key is forgotten some day. The round
 * stays the same as long as the same items are sent, so that a late answer still counts. */
static void send_items(struct client_core *c, struct client_request *r, struct bytes ref)
{
    struct msg_request *open = xalloc(MAX(r->n_open, (size_t)1) * sizeof(*open));
    for (size_t i = 0; i < r->n_sent; i++)
        open[i] = r->items[r->sent[i]].r;
    struct msg_submit m = {
        .ref = ref, .client = bytes_of(c->name), .watch = r->watch, .items = {open, r->n_sent}};
    client_say(c, c->leader, MSG_submit, &m);
    free(open);
}

static void choose_items(struct client_request *r)
{
    if (r->n_sent == r->n_open)
        return;
    r->n_sent = 0;
    r->round++;
    for (size_t i = 0; i < r->n; i++)
        if (!r->items[i].settled)
            r->sent[r->n_sent++] = i;
}

static void send_question(struct client_core *c, struct client_request *r, struct bytes ref,
                          size_t to)
{
    struct bytes args = {r->args, r->args_n};
    struct msg_query query = {ref, bytes_of(r->name), args};
    struct msg_command command = {ref, bytes_of(r->name), args, bytes_of(r->author)};
    r->asked |= 1u << to;
    client_say(c, to, r->command ? MSG_command : MSG_query,
               r->command ? (void *)&command : (void *)&query);
}

/* A command that may still be answered is not said twice to the same controller. */
static void ask(struct client_core *c, struct client_request *r, struct bytes ref)
{
    for (size_t i = 0; i < c->n_controllers; i++) {
        bool wanted = r->everyone ? !(r->answered & 1u << i) : i == c->leader;
        if (wanted && (r->everyone || !r->command || !(r->asked & 1u << i)))
            send_question(c, r, ref, i);
    }
}

void request_send(struct client_core *c, struct client_request *r)
{
    char ref[48];
    r->due = c->now + MAX(r->pause, REPEAT_MS);
    r->pause = MIN(r->pause * 2, REPEAT_CAP_MS);
    if (r->items)
        choose_items(r);
    snprintf(ref, sizeof(ref), "%" PRIu64 ".%u", r->number, r->round);
    if (r->items)
        send_items(c, r, bytes_of(ref));
    else
        ask(c, r, bytes_of(ref));
}

/* ---- what becomes of it */

void request_refused(struct client_core *c, struct client_request *r, struct bytes code,
                     struct bytes text)
{
    snprintf(r->code, sizeof(r->code), BYTES_F, BYTES_A(code));
    snprintf(r->text, sizeof(r->text), BYTES_F, BYTES_A(text));
    r->pause = r->refused ? MIN(r->pause, REFUSED_CAP_MS) : REFUSED_MS;
    r->refused = true;
    r->due = c->now + r->pause;
}

void request_settle(struct client_request *r, size_t item)
{
    r->items[item].settled = true;
    r->n_open--;
}

/* Why it was never answered: they said so, or none of them leads, or nobody is there. */
static void say_why(const struct client_core *c, struct client_request *r)
{
    bool heard = false;
    for (size_t i = 0; i < c->n_controllers; i++)
        heard |= c->controllers[i].heard && c->now - c->controllers[i].heard < CLIENT_SILENT_MS;
    if (r->code[0] || !heard || c->leader < c->n_controllers)
        return;
    snprintf(r->code, sizeof(r->code), "not_leader");
    if (c->holder[0])
        snprintf(r->text, sizeof(r->text),
                 "this controller stands by; %s leads, or did so last: name it as well", c->holder);
    else
        snprintf(r->text, sizeof(r->text), "no controller leads the realm now");
}

void request_expire(struct client_core *c, struct client_request *r)
{
    say_why(c, r);
    struct client_event e = {.what = CLIENT_EXPIRED,
                             .request = r->number,
                             .controller = c->leader,
                             .code = bytes_of(r->code),
                             .text = bytes_of(r->text)};
    for (e.index = 0; e.index < r->n; e.index++)
        if (!r->items[e.index].settled)
            client_tell(c, &e);
    e.index = 0;
    for (size_t i = 0; r->everyone && i < c->n_controllers; i++) {
        e.controller = i;
        if (!(r->answered & 1u << i))
            client_tell(c, &e);
    }
    if (r->items == NULL && !r->everyone)
        client_tell(c, &e);
    request_free(r);
}
