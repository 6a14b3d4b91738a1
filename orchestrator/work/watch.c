/* SPDX-License-Identifier: MPL-2.0 */
/* Owns who waits for `done`, and gathers those messages: one a client and turn. Refuses to know why
 * a task ended. */
#include "watch.h"

#include "keep.h"
#include "orchestrator/core/helios.h"

/* The items of one client, as copies: the tasks are gone when the message is said. */
struct gathered {
    UT_hash_handle hh;       /* work.gathered, key to */
    struct routing to;       /* unused bytes 0 */
    struct msg_ended *items; /* owned, with what they point to */
    size_t n, room, bytes;
};

static struct routing route_key(const struct routing *to)
{
    struct routing key = {.n = to->n};
    memcpy(key.at, to->at, MIN((size_t)to->n, sizeof(key.at)));
    return key;
}

void watch_add(struct helios *h, struct task *t, const struct routing *to)
{
    (void)h;
    struct routing key = route_key(to);
    list_each(w, &t->watchers, struct watcher,
              link) if (memcmp(&w->to, &key, sizeof(key)) == 0) return;
    if (t->n_watchers == WATCHERS_MOST) {
        struct watcher *oldest = list_first(&t->watchers, struct watcher, link);
        list_out(&oldest->link);
        free(oldest);
        t->n_watchers--;
    }
    struct watcher *w = NEW(struct watcher);
    w->to = key;
    list_push(&t->watchers, &w->link);
    t->n_watchers++;
}

void watchers_free(struct task *t)
{
    list_each(w, &t->watchers, struct watcher, link)
    {
        list_out(&w->link);
        free(w);
    }
    t->n_watchers = 0;
}

static void say_gathered(struct helios *h, struct gathered *g)
{
    struct msg_done done = {.items = {g->items, g->n}};
    if (g->n)
        say(h, ENDPOINT_control, &g->to, MSG_done, &done, SAY_AFTER_COMMIT);
    for (size_t i = 0; i < g->n; i++)
        record_free(part_schema("ended"), &g->items[i]);
    g->n = g->bytes = 0;
}

static size_t weight(const struct msg_ended *e)
{
    return e->output.n + e->data.n + e->error.n + e->id.n + e->key.n + 64;
}

void watch_answer(struct helios *h, const struct routing *to, const struct msg_ended *e)
{
    struct routing key = route_key(to);
    struct gathered *g;
    HASH_FIND(hh, h->work.gathered, &key, sizeof(key), g);
    if (g == NULL) {
        g = NEW(struct gathered);
        g->to = key;
        HASH_ADD(hh, h->work.gathered, to, sizeof(g->to), g);
    }
    if (g->bytes + weight(e) > DONE_BYTES)
        say_gathered(h, g);
    if (g->n == g->room) {
        g->room = MAX((size_t)4, g->room * 2);
        g->items = xrealloc(g->items, g->room * sizeof(*g->items));
    }
    g->items[g->n] = *e;
    record_own(part_schema("ended"), &g->items[g->n++]);
    g->bytes += weight(e);
}

void watchers_tell(struct helios *h, const struct task *t)
{
    struct msg_ended ended = ended_of(&t->r, true);
    list_each(w, &t->watchers, struct watcher, link) watch_answer(h, &w->to, &ended);
}

void watch_flush(struct helios *h)
{
    struct gathered *g, *next;
    HASH_ITER(hh, h->work.gathered, g, next)
    {
        say_gathered(h, g);
        HASH_DEL(h->work.gathered, g);
        free(g->items);
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

static bool answer_packed(struct helios *h, const struct routing *to, struct bytes packed)
{
    struct arena arena = {0};
    struct msg_ended ended;
    int r = struct_decode(part_schema("ended"), packed, &ended, &arena, NULL);
    if (r == 0)
        watch_answer(h, to, &ended);
    arena_done(&arena);
    return r == 0;
}

static void watch_one(struct helios *h, const struct routing *to, struct bytes id)
{
    struct task *t = task_find(h, id);
    const struct past_task *past = t ? NULL : past_find(h, id);
    if (t) {
        watch_add(h, t, to);
    } else if (past) {
        answer_packed(h, to, past->ended);
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

void watch_key(struct helios *h, const struct routing *to, const struct kept_key *k)
{
    const struct past_task *past = past_find(h, k->r.task);
    if (!answer_packed(h, to, past ? past->ended : k->r.done)) {
        struct msg_ended ended = {.id = k->r.task, .state = k->r.state};
        watch_answer(h, to, &ended);
    }
}
