/* SPDX-License-Identifier: MPL-2.0 */
/* Owns a store and what it said. The clock is real, but only the store's backoffs depend on it. */
#include "rig.h"

#include <poll.h>

static void on_load(void *user)
{
    struct rig *r = user;
    r->loads++;
    memset(r->loaded, 0, sizeof(r->loaded));
}

static int on_loaded(void *user, enum rec kind, struct bytes value)
{
    struct rig *r = user;
    r->loaded[kind]++;
    if (kind == REC_entry)
        snprintf(r->last_entry, sizeof(r->last_entry), BYTES_F, BYTES_A(map_str(value, "text", "")));
    return r->unreadable;
}

static void on_ready(void *user)
{
    ((struct rig *)user)->ready++;
}

static void on_durable(void *user, struct batch *b)
{
    struct rig *r = user;
    snprintf(r->last_said, sizeof(r->last_said), BYTES_F, BYTES_A(b->says[0].body));
    r->out_of_order |= (unsigned)atoi(r->last_said) != r->durable;
    r->durable++;
}

static void on_forget(void *user, struct batch *b)
{
    ((struct rig *)user)->forgotten++;
    free(b->ops);
    free(b->says);
    arena_done(&b->arena);
    free(b);
}

static void on_held(void *user, const char *why)
{
    struct rig *r = user;
    r->held++;
    snprintf(r->why, sizeof(r->why), "%s", why);
}

static void on_resumed(void *user)
{
    ((struct rig *)user)->resumed++;
}

static void on_fenced(void *user, const char *why)
{
    struct rig *r = user;
    r->fenced++;
    snprintf(r->why, sizeof(r->why), "%s", why);
}

static void on_lost_data(void *user, bool again, const char *what)
{
    struct rig *r = user;
    r->lost++;
    r->lost_again += again;
    snprintf(r->note, sizeof(r->note), "%s", what);
}

static void on_note(void *user, const char *text)
{
    struct rig *r = user;
    snprintf(r->note, sizeof(r->note), "%s", text);
}

static const struct store_calls calls = {
    .on_load = on_load,
    .on_loaded = on_loaded,
    .on_ready = on_ready,
    .on_durable = on_durable,
    .on_forget = on_forget,
    .on_held = on_held,
    .on_resumed = on_resumed,
    .on_fenced = on_fenced,
    .on_lost_data = on_lost_data,
    .on_note = on_note,
};

void rig_make(struct rig *r, const char *options)
{
    *r = (struct rig){.state = {.durability = durability_always,
                                .timeout_ms = 2000,
                                .batch = 512,
                                .inflight = 8,
                                .history = 1000}};
    signal(SIGPIPE, SIG_IGN); /* as heliosd does */
    server_make(&r->server);
    server_start(&r->server, options);
}

void rig_open(struct rig *r)
{
    struct store_config config = {
        .realm = "test", .url = r->server.url, .state = &r->state, .entries = 10000};
    const char *why;
    assert_int_equal(store_new(&config, &calls, r, &r->store, &why), 0);
}

void rig_close(struct rig *r)
{
    store_free(r->store);
    r->store = NULL;
}

void rig_done(struct rig *r)
{
    rig_close(r);
    server_done(&r->server);
}

void rig_turn(struct rig *r, int64_t end, const char *file, int line)
{
    struct pollfd fd = {.fd = store_fd(r->store), .events = store_events(r->store)};
    int64_t wait = store_due(r->store) - clock_now();
    if (clock_now() > end)
        fail_msg("%s:%d never came true; the store says: %s", file, line,
                 store_held(r->store) ? store_held(r->store) : "nothing");
    poll(&fd, 1, (int)MAX(0, MIN(wait, 50)));
    store_pump(r->store, fd.revents, clock_now());
}

static void on_answer(void *user, int result, const struct lease_seen *seen)
{
    struct rig *r = user;
    r->answers++;
    r->answer = result;
    if (seen)
        r->seen = *seen;
}

void rig_lead(struct rig *r)
{
    UNTIL(r, store_open(r->store));
    unsigned before = r->answers, ready = r->ready;
    assert_int_equal(store_lease_read(r->store, on_answer, r), 0);
    UNTIL(r, r->answers == before + 1);
    r->epoch = MAX(r->seen.epoch, r->seen.pos_epoch) + 1;
    assert_int_equal(store_lease_take(r->store, &r->seen, "me", r->epoch, on_answer, r), 0);
    UNTIL(r, r->answers == before + 2);
    assert_int_equal(r->answer, 0);
    store_lead(r->store, "me", r->epoch);
    UNTIL(r, r->ready == ready + 1);
}

static struct bytes keep(struct batch *b, const char *text)
{
    size_t n = strlen(text);
    char *copy = arena_take(&b->arena, n + 1);
    memcpy(copy, text, n);
    return (struct bytes){copy, n};
}

struct batch *batch_new(struct rig *r)
{
    char number[16];
    struct batch *b = NEW(struct batch);
    snprintf(number, sizeof(number), "%u", r->next_number++);
    b->says = NEW(struct said);
    b->says[b->n_says++].body = keep(b, number);
    return b;
}

static void add(struct batch *b, struct op op)
{
    b->ops = xrealloc(b->ops, (b->n_ops + 1) * sizeof(op));
    b->ops[b->n_ops++] = op;
}

void batch_put(struct batch *b, enum rec kind, const char *id, const char *value)
{
    add(b, (struct op){kind, false, keep(b, id), keep(b, value)});
}

void batch_drop(struct batch *b, enum rec kind, const char *id)
{
    add(b, (struct op){kind, true, keep(b, id), {0}});
}

void batch_entry(struct batch *b, const char *value)
{
    struct buf entry = {0};
    struct pack p;
    pack_init(&p, &entry);
    pack_map(&p);
    pack_put_text(&p, "text", value);
    pack_end(&p);
    char *copy = arena_take(&b->arena, entry.n);
    memcpy(copy, entry.at, entry.n);
    add(b, (struct op){REC_entry, false, {0}, {copy, entry.n}});
    buf_done(&entry);
}

void rig_commit(struct rig *r, struct batch *b)
{
    store_commit(r->store, &b);
    assert_null(b);
}

void rig_put(struct rig *r, const char *id, const char *value)
{
    struct batch *b = batch_new(r);
    batch_put(b, REC_task, id, value);
    rig_commit(r, b);
}
