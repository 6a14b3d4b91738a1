/* SPDX-License-Identifier: MPL-2.0 */
/* Recovery: every record of Redis, kind by kind, then the newest ledger entries, oldest first.
 * Nobody else can write meanwhile: the lease is ours. Refuses to know what a record says. */
#include "ids.h"
#include "proto/read.h"
#include "store_inside.h"

#define PAGE 1000
#define PAGE_ITEMS 100  /* of the ledger: each may be long */
#define PAGE_SHEAVES 40 /* each is hundreds of tasks */

struct load {
    enum rec kind;
    /* Of this kind: HSCAN may give an id twice while its table shrinks; the core must see each once. */
    struct ids seen;
    struct buf page;       /* names and values in turn, each after its length */
    bool last;             /* there is no other page of this kind */
    struct bytes *items; /* of the ledger; owned, as what they point to; newest first */
    size_t n_items, room_items, n_entries;
};

static void ask_page(struct store *s, const char *cursor);
static void ask_history(struct store *s, const char *before);

void load_free(struct store *s)
{
    struct load *l = s->load;
    if (l == NULL)
        return;
    s->load = NULL;
    ids_done(&l->seen);
    buf_done(&l->page);
    for (size_t i = 0; i < l->n_items; i++)
        free((void *)(uintptr_t)l->items[i].at);
    free(l->items);
    free(l);
}

/* Nothing is dropped in silence: one record that cannot be read keeps us from leading. */
static bool deliver(struct store *s, enum rec kind, struct bytes id, struct bytes value)
{
    int r = s->calls->on_loaded(s->user, kind, value);
    if (r == 0)
        return true;
    char text[250];
    snprintf(text, sizeof(text),
             "the record " BYTES_F " of %s cannot be read (%s): not leading with it",
             (int)MIN(id.n, (size_t)80), id.at, schema_records[kind].name, strerror(-r));
    store_drop(s, STORE_BACKOFF_LONG, text);
    return false;
}

/* good says whether the answer is one to go on with. */
static bool good(struct store *s, const redisReply *reply)
{
    if (reply == NULL || s->state != STORE_LOADING)
        return false;
    if (reply->type == REDIS_REPLY_ERROR)
        store_error(s, reply->str);
    else if (reply->type != REDIS_REPLY_ARRAY)
        store_nonsense(s, "loading");
    return reply->type == REDIS_REPLY_ARRAY;
}

static void next_kind(struct store *s)
{
    ids_done(&s->load->seen);
    s->load->last = false;
    s->load->kind++;
    if (s->load->kind == REC_entry)
        s->load->kind++;
    if (s->load->kind < REC_COUNT)
        ask_page(s, "0");
    else
        ask_history(s, "+");
}

static void keep(struct buf *page, const redisReply *item)
{
    struct bytes text = reply_bytes(item);
    buf_add(page, &text.n, sizeof(text.n));
    buf_add(page, text.at, text.n);
}

static struct bytes next_kept(struct bytes *rest)
{
    struct bytes text = {rest->at + sizeof(text.n), 0};
    memcpy(&text.n, rest->at, sizeof(text.n));
    *rest = (struct bytes){text.at + text.n, rest->n - sizeof(text.n) - text.n};
    return text;
}

/* A page is kept until the next one is asked for, so that Redis reads that one while we take this
 * one in. */
static void on_page(struct store *s, redisReply *reply, void *data)
{
    (void)data;
    if (!good(s, reply))
        return;
    const char *cursor = reply_text(reply_item(reply, 0));
    const redisReply *pairs = reply_item(reply, 1);
    if (cursor == NULL || pairs == NULL || pairs->type != REDIS_REPLY_ARRAY) {
        store_nonsense(s, "loading");
        return;
    }
    for (size_t i = 0; i < pairs->elements; i += 2) {
        keep(&s->load->page, pairs->element[i]);
        keep(&s->load->page, reply_item(pairs, i + 1));
    }
    s->load->last = strcmp(cursor, "0") == 0;
    if (!s->load->last)
        ask_page(s, cursor);
}

void load_pump(struct store *s)
{
    struct load *l = s->load;
    if (s->state != STORE_LOADING || l == NULL || (l->page.n == 0 && !l->last))
        return;
    for (struct bytes rest = buf_bytes(&l->page); rest.n;) {
        struct bytes id = next_kept(&rest), value = next_kept(&rest);
        if (ids_add(&l->seen, id) && !deliver(s, l->kind, id, value))
            return;
    }
    buf_clear(&l->page);
    if (l->last)
        next_kind(s);
}

static void ask_page(struct store *s, const char *cursor)
{
    _cleanup_(args_done) struct args a = {0};
    args_text(&a, "HSCAN");
    args_key(&a, s, schema_records[s->load->kind].name);
    args_text(&a, cursor);
    args_text(&a, "COUNT");
    args_number(&a, s->load->kind == REC_sheaf ? PAGE_SHEAVES : PAGE);
    link_send(s, on_page, NULL, &a);
}

/* deliver_item takes an item's entries apart: maps, one after the other. What is none is delivered as it is, and refused. */
static bool deliver_item(struct store *s, struct bytes item)
{
    uint32_t n = 0;
    for (struct cursor c = cursor_of(item); c.at < c.end; n++) {
        struct bytes rest = {c.at, (size_t)(c.end - c.at)};
        struct value v = read_whole(&c);
        if (!deliver(s, REC_entry, BYTES("of the history"), v.type == VALUE_MAP ? v.whole : rest))
            return false;
    }
    items_add(&s->items, n);
    return true;
}

static void finish(struct store *s)
{
    struct load *l = s->load;
    items_done(&s->items);
    for (size_t i = l->n_items; i > 0; i--)
        if (!deliver_item(s, l->items[i - 1]))
            return;
    load_free(s);
    store_event(s, EV_LOADED);
}

static size_t entries_of(struct bytes item)
{
    size_t n = 0;
    for (struct cursor c = cursor_of(item); c.at < c.end; n++)
        read_whole(&c);
    return n;
}

/* An item is [id, [field, value, …]]; ours has the one field `e`. */
static void keep_item(struct load *l, const redisReply *item)
{
    const redisReply *fields = reply_item(item, 1);
    const char *name = reply_text(reply_item(fields, 0));
    struct bytes value = reply_bytes(reply_item(fields, 1));
    if (name == NULL || strcmp(name, "e") != 0 || value.at == NULL)
        return; /* somebody else's */
    if (l->n_items == l->room_items) {
        l->room_items = MAX((size_t)64, 2 * l->room_items);
        l->items = xrealloc(l->items, l->room_items * sizeof(*l->items));
    }
    l->items[l->n_items++] = (struct bytes){bytes_dup(value), value.n};
    l->n_entries += entries_of(value);
}

static void on_history(struct store *s, redisReply *reply, void *data)
{
    (void)data;
    if (!good(s, reply))
        return;
    struct load *l = s->load;
    for (size_t i = 0; i < reply->elements && l->n_entries < s->entries; i++)
        keep_item(l, reply->element[i]);
    const char *last =
        reply->elements ? reply_text(reply_item(reply->element[reply->elements - 1], 0)) : NULL;
    if (reply->elements < PAGE_ITEMS || l->n_entries >= s->entries)
        finish(s);
    else if (last)
        ask_history(s, last);
    else
        store_nonsense(s, "loading the history");
}

static void ask_history(struct store *s, const char *before)
{
    char end[64];
    snprintf(end, sizeof(end), "%s%s", before[0] == '+' ? "" : "(", before);
    _cleanup_(args_done) struct args a = {0};
    args_text(&a, "XREVRANGE");
    args_key(&a, s, "history");
    args_text(&a, end);
    args_text(&a, "-");
    args_text(&a, "COUNT");
    args_number(&a, PAGE_ITEMS);
    link_send(s, on_history, NULL, &a);
}

void load_begin(struct store *s)
{
    load_free(s);
    s->load = NEW(struct load);
    s->calls->on_load(s->user);
    ask_page(s, "0"); /* of the first kind */
}
