/* SPDX-License-Identifier: MPL-2.0 */
/* agents/loop.h on virtual time: sockets of the virtual network and timers. Nobody waits here: the world gives a turn when something
 * is there. Refuses to know what it waits for. */
#include "agents/loop.h"

#include "agent.h"
#include "agents/agent.h"
#include "common/clock.h"
#include "message.h"

struct poll_set {
    struct watch **watches; /* owned array */
    size_t n, room;
};

void loop_init(struct loop *l)
{
    *l = (struct loop){.set = NEW(struct poll_set), .now = clock_now()};
}

void loop_done(struct loop *l)
{
    if (l->set)
        free(l->set->watches);
    free(l->set);
    heap_done(&l->timers);
    *l = (struct loop){0};
}

void loop_watch(struct loop *l, struct watch *w)
{
    struct poll_set *s = l->set;
    if (w->place)
        return;
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->watches = xrealloc(s->watches, s->room * sizeof(struct watch *));
    }
    s->watches[s->n++] = w;
    w->place = s->n;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
    struct poll_set *s = l->set;
    if (w->place == 0)
        return;
    s->watches[w->place - 1] = s->watches[--s->n];
    s->watches[w->place - 1]->place = w->place;
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

/* As the real one: from the last to the first, each once. */
void loop_turn(struct loop *l, int64_t most_ms)
{
    struct poll_set *s = l->set;
    struct heap_node *first;
    (void)most_ms;
    l->now = clock_now();
    for (size_t i = s->n; i-- > 0;)
        if (i < s->n && socket_readable(s->watches[i]->socket))
            s->watches[i]->ready(s->watches[i], POLLIN);
    while ((first = heap_first(&l->timers)) && first->key <= l->now) {
        struct timer *t = container_of(first, struct timer, node);
        heap_out(&l->timers, first);
        t->due(t);
    }
}

int64_t agent_due(struct agent *a)
{
    struct heap_node *first = heap_first(&a->loop.timers);
    return first ? first->key : INT64_MAX;
}

bool agent_ready(struct agent *a)
{
    return !list_empty(&a->dirty) || !list_empty(&a->ended);
}
