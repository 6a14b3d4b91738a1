/* SPDX-License-Identifier: MPL-2.0 */
/* Owns who waits for `done`, and gathers those messages: one a client and turn. Refuses to know why
 * a task ended. */
#include "watch.h"

#include "keep.h"
#include "orchestrator/core/helios.h"
#include "proto/guard.h"

/* The items of one client, packed: the tasks are gone when the message is said. */
struct gathered {
    UT_hash_handle hh; /* work.gathered, key to */
    struct routing to; /* unused bytes 0 */
    struct buf items;  /* owned; one msg_ended after the other */
    size_t n;
};

static struct routing route_key(const struct routing *to)
{
    struct routing key = {.n = to->n};
    memcpy(key.at, to->at, MIN((size_t)to->n, sizeof(key.at)));
    return key;
}

/* The task's own place is free while it is in no list. */
static struct watcher *watcher_new(struct task *t)
{
    return list_empty(&t->watcher.link) ? &t->watcher : NEW(struct watcher);
}

static void watcher_free(struct task *t, struct watcher *w)
{
    list_out(&w->link);
    if (w != &t->watcher)
        free(w);
    t->n_watchers--;
}

void watch_add(struct helios *h, struct task *t, const struct routing *to)
{
    (void)h;
    struct routing key = route_key(to);
    list_each(w, &t->watchers, struct watcher,
              link) if (memcmp(&w->to, &key, sizeof(key)) == 0) return;
    if (t->n_watchers == WATCHERS_MOST)
        watcher_free(t, list_first(&t->watchers, struct watcher, link));
    struct watcher *w = watcher_new(t);
    w->to = key;
    list_push(&t->watchers, &w->link);
    t->n_watchers++;
}

void watchers_free(struct task *t)
{
    list_each(w, &t->watchers, struct watcher, link) watcher_free(t, w);
}

/* The message is put together from parts that are packed already: see messages.def, `done`. */
static void say_gathered(struct helios *h, struct gathered *g)
{
    struct buf message = {0};
    struct pack p;
    if (g->n == 0)
        return;
    pack_init(&p, &message);
    pack_map(&p);
    pack_put_text(&p, "type", schema_messages[MSG_done].name);
    pack_key(&p, "items");
    pack_list(&p);
    pack_items(&p, buf_bytes(&g->items), g->n);
    pack_end(&p);
    pack_end(&p);
    say_packed(h, ENDPOINT_control, &g->to, buf_bytes(&message), SAY_AFTER_COMMIT);
    buf_done(&message);
    buf_clear(&g->items);
    g->n = 0;
}

/* watch_packed says how an ended task ended, at once. */
static void watch_packed(struct helios *h, const struct routing *to, struct bytes ended)
{
    struct routing key = route_key(to);
    struct gathered *g;
    HASH_FIND(hh, h->work.gathered, &key, sizeof(key), g);
    if (g == NULL) {
        g = NEW(struct gathered);
        g->to = key;
        HASH_ADD(hh, h->work.gathered, to, sizeof(g->to), g);
    }
    if (g->n == DONE_MOST || g->items.n + ended.n > DONE_BYTES)
        say_gathered(h, g);
    buf_add(&g->items, ended.at, ended.n);
    g->n++;
}

static void watch_answer(struct helios *h, const struct routing *to, const struct msg_ended *e)
{
    struct buf packed = {0};
    struct_encode(&packed, ended_schema(), e);
    watch_packed(h, to, buf_bytes(&packed));
    buf_done(&packed);
}

void watchers_tell(struct helios *h, const struct task *t, struct bytes ended)
{
    list_each(w, &t->watchers, struct watcher, link) watch_packed(h, &w->to, ended);
}

void watch_flush(struct helios *h)
{
    struct gathered *g, *next;
    HASH_ITER(hh, h->work.gathered, g, next)
    {
        say_gathered(h, g);
        HASH_DEL(h->work.gathered, g);
        buf_done(&g->items);
        free(g);
    }
}

/* ---- asked later ---- */

static struct msg_ended nobody_knows(struct bytes id)
{
    return (struct msg_ended){
        .id = id,
        .state = task_state_UNKNOWN,
        .forgotten = true,
        .error = BYTES("no such task is known here: it never was, or it ended long ago")};
}

static void watch_one(struct helios *h, const struct routing *to, struct bytes id)
{
    struct task *t = task_find(h, id);
    const struct past_task *past = t ? NULL : past_find(h, id);
    if (t) {
        watch_add(h, t, to);
    } else if (past) {
        watch_packed(h, to, past->ended);
    } else {
        struct msg_ended ended = nobody_knows(id);
        enum task_state state;
        if (past_state(h, id, &state) == 0) {
            ended.state = state;
            ended.forgotten = false;
            ended.error = BYTES("");
        }
        watch_answer(h, to, &ended);
    }
}

void on_watch(struct helios *h, const struct routing *from, const struct msg_watch *m)
{
    SEQ_EACH(id, struct bytes, m->ids)
    watch_one(h, from, *id);
}

/* What a key's record says of its task was read from Redis: it is looked at before it is passed on. */
static bool is_ended(struct bytes packed)
{
    struct arena arena = {0};
    struct msg_ended ended;
    int r = guard_check(packed);
    if (r == 0)
        r = struct_decode(ended_schema(), packed, &ended, &arena, NULL);
    arena_done(&arena);
    return r == 0;
}

void watch_key(struct helios *h, const struct routing *to, const struct kept_key *k)
{
    const struct past_task *past = past_find(h, k->r.task);
    if (past) {
        watch_packed(h, to, past->ended);
    } else if (is_ended(k->r.done)) {
        watch_packed(h, to, k->r.done);
    } else {
        struct msg_ended ended = {.id = k->r.task, .state = k->r.state};
        watch_answer(h, to, &ended);
    }
}
