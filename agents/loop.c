/* SPDX-License-Identifier: MPL-2.0 */
/* Owns waiting. Refuses to know what it waits for. */
#include "agents/loop.h"

#include "common/clock.h"
#include "common/log.h"
#include "proto/crowd.h"

struct poll_set {
    struct wait_item *items; /* owned; items[i] belongs to watches[i] */
    struct watch **watches;
    size_t n, room;
};

void loop_init(struct loop *l)
{
    *l = (struct loop){.set = NEW(struct poll_set), .now = clock_now()};
}

void loop_done(struct loop *l)
{
    if (l->set) {
        free(l->set->items);
        free(l->set->watches);
        free(l->set);
    }
    heap_done(&l->timers);
    *l = (struct loop){0};
}

static void grow(struct poll_set *s)
{
    s->room = s->room ? 2 * s->room : 16;
    s->items = xrealloc(s->items, s->room * sizeof(*s->items));
    s->watches = xrealloc(s->watches, s->room * sizeof(struct watch *));
}

void loop_watch(struct loop *l, struct watch *w)
{
    struct poll_set *s = l->set;
    if (w->place == 0) {
        if (s->n == s->room)
            grow(s);
        s->watches[s->n++] = w;
        w->place = s->n;
    }
    s->items[w->place - 1] = (struct wait_item){.socket = w->socket, .fd = w->fd, .events = w->events};
}

void loop_unwatch(struct loop *l, struct watch *w)
{
    struct poll_set *s = l->set;
    if (w->place == 0)
        return;
    size_t i = w->place - 1;
    s->n--;
    s->items[i] = s->items[s->n];
    s->watches[i] = s->watches[s->n];
    s->watches[i]->place = i + 1;
    w->place = 0;
}

void loop_timer(struct loop *l, struct timer *t, int64_t at)
{
    heap_put(&l->timers, &t->node, at);
}

void loop_no_timer(struct loop *l, struct timer *t)
{
    heap_out(&l->timers, &t->node);
}

static void on_cut(void *user, uint16_t port, const char *why)
{
    (void)user;
    log_warn("link.cut", "the controller at port %u was cut off: %s", port, why);
}

size_t loop_items(const struct loop *l, const struct wait_item **ret)
{
    *ret = l->set->items;
    return l->set->n;
}

int64_t loop_due(struct loop *l)
{
    struct heap_node *first = heap_first(&l->timers);
    int64_t now = clock_now();
    int64_t look = crowd_look(now, on_cut, NULL); /* whatever listens there may be no controller */
    return MAX((int64_t)0, (first ? MIN(first->key, look) : look) - now);
}

/* From the last to the first: a watch that is taken out leaves its place to the last one, which was
 * called already and whose events are 0 by then; new ones come behind. So each is called once and
 * none twice. */
static void call_ready(struct poll_set *s)
{
    for (size_t i = s->n; i-- > 0;) {
        if (i >= s->n || s->items[i].revents == 0)
            continue;
        short seen = s->items[i].revents;
        s->items[i].revents = 0;
        short events = (short)((seen & (POLLIN | POLLERR | POLLHUP) ? POLLIN : 0) | (seen & POLLOUT));
        s->watches[i]->ready(s->watches[i], events);
    }
}

static void call_due(struct loop *l)
{
    struct heap_node *first;
    while ((first = heap_first(&l->timers)) && first->key <= l->now) {
        struct timer *t = container_of(first, struct timer, node);
        heap_out(&l->timers, first);
        t->due(t);
    }
}

void loop_turn(struct loop *l, int64_t most_ms)
{
    int n = wait_for(l->set->items, l->set->n, MIN(loop_due(l), most_ms), 0);
    l->now = clock_now();
    if (n > 0)
        call_ready(l->set);
    call_due(l);
}
