/* SPDX-License-Identifier: MPL-2.0 */
/* Owns sessions and what is on its way in them. Refuses to know what it says. */
#include "net.h"

#define PATIENCE_LOW (6 * SECOND) /* of ZeroMQ's heartbeats, as proto/socket.c sets them */
#define PATIENCE_HIGH (8 * SECOND)

struct way { /* from one node to another one */
    unsigned blocked;
    int64_t usual, more; /* µs */
};

static struct {
    struct list sessions; /* struct session.link */
    struct way ways[NODES_MAX][NODES_MAX];
    uint32_t numbers;
    double twice;
    size_t narrow;
} net;

static struct way *way(const struct node *from, const struct node *to)
{
    struct way *w = &net.ways[from->place][to->place];
    if (w->usual == 0)
        w->usual = draw_between(50, 400);
    return w;
}

int64_t net_delay(const struct node *from, const struct node *to)
{
    const struct way *w = way(from, to);
    int64_t usual = w->usual + draw_between(0, w->usual);
    return w->more ? usual + draw_between(0, w->more) : usual;
}

struct frame *frame_new(struct bytes body)
{
    struct frame *f = xalloc(sizeof(*f) + body.n);
    f->n = body.n;
    if (body.n)
        memcpy(f->body, body.at, body.n);
    list_init(&f->link);
    return f;
}

void frames_free(struct list *frames)
{
    list_each(f, frames, struct frame, link)
    {
        list_out(&f->link);
        free(f);
    }
}

static struct end *other(struct end *e)
{
    return &e->session->ends[e == &e->session->ends[0]];
}

static bool is_blocked(struct end *to, const struct node *from)
{
    return to->port && way(from, to->port->node)->blocked;
}

/* ---- sessions ---- */

static void forget_if_over(struct session *s)
{
    if (s->ends[0].port || s->ends[1].port)
        return;
    list_out(&s->link);
    free(s);
}

/* drop: this end is over; what was on its way to it is gone. */
static void drop(struct end *e)
{
    e->port = NULL;
    list_out(&e->link);
    moment_off(&e->arrival);
    moment_off(&e->patience);
    frames_free(&e->coming);
    e->n_coming = 0;
}

static void fall(struct end *e)
{
    struct port *port = e->port;
    if (port == NULL)
        return;
    drop(e);
    port->kind->down(port, e);
}

static void arrive(struct moment *moment)
{
    struct end *e = container_of(moment, struct end, arrival);
    struct session *s = e->session;
    struct frame *f;
    if (is_blocked(e, e->from_node))
        return; /* net_block lets it go on */
    while (e->port && (f = list_first(&e->coming, struct frame, link)) && f->at <= world.now) {
        list_out(&f->link);
        e->n_coming--;
        f->from = e->number; /* who took it */
        if (f->last) {
            free(f);
            fall(e);
        } else {
            e->port->kind->take(e->port, e, f);
        }
    }
    if (e->port && (f = list_first(&e->coming, struct frame, link)))
        moment_at(&e->arrival, f->at);
    forget_if_over(s);
}

static void lose_patience(struct moment *moment)
{
    struct end *e = container_of(moment, struct end, patience);
    struct session *s = e->session;
    if (!is_blocked(e, e->from_node) && e->from_node->paused_until <= world.now)
        return;
    trace("%s gives up on %s, which is silent", e->port->node->name, e->from_node->name);
    net_send(e, NULL);
    fall(e);
    forget_if_over(s);
}

static void end_init(struct end *e, struct session *s, struct port *port, const struct node *from)
{
    *e = (struct end){.session = s,
                      .port = port,
                      .from_node = from,
                      .number = ++net.numbers,
                      .arrival.run = arrive,
                      .patience.run = lose_patience};
    list_init(&e->link);
    list_init(&e->coming);
}

struct session *net_session(struct port *from, struct port *to)
{
    struct session *s = NEW(struct session);
    end_init(&s->ends[0], s, from, to->node);
    end_init(&s->ends[1], s, to, from->node);
    list_push(&net.sessions, &s->link);
    to->kind->up(to, &s->ends[1]);
    return s;
}

bool net_open(const struct node *from, const struct node *to)
{
    return !way(from, to)->blocked && !way(to, from)->blocked;
}

/* ---- sending ---- */

void net_send(struct end *mine, struct frame *f)
{
    struct end *to = other(mine);
    if (f == NULL) {
        f = frame_new((struct bytes){0});
        f->last = true;
    }
    if (mine->port == NULL || to->port == NULL) {
        free(f);
        return;
    }
    const struct node *from = mine->port->node;
    f->sent = f->sent ? f->sent : world.now;
    f->at = MAX(world.now + from->late + net_delay(from, to->port->node), to->newest);
    to->newest = f->at;
    list_push(&to->coming, &f->link);
    to->n_coming++;
    if (to->arrival.node.place == 0)
        moment_at(&to->arrival, list_first(&to->coming, struct frame, link)->at);
}

/* Of what a dead process had sent, the end may never have left its machine. */
static void tear(struct end *to)
{
    size_t keep = to->n_coming ? draw(to->n_coming + 1) : 0;
    while (to->n_coming > keep) {
        struct frame *f = container_of(to->coming.prev, struct frame, link);
        list_out(&f->link);
        free(f);
        to->n_coming--;
    }
}

void net_hang_up(struct end *mine)
{
    struct session *s = mine->session;
    if (mine->port == NULL)
        return;
    if (!mine->port->node->up)
        tear(other(mine));
    net_send(mine, NULL);
    drop(mine);
    forget_if_over(s);
}

/* ---- faults ---- */

static bool goes(struct end *to, const struct node *from, const struct node *at)
{
    return to->port && to->port->node == at && to->from_node == from;
}

static void patience_set(struct end *e)
{
    if (e->patience.node.place == 0)
        moment_at(&e->patience, world.now + draw_between(PATIENCE_LOW, PATIENCE_HIGH));
}

void net_block(const struct node *from, const struct node *to, bool on)
{
    struct way *w = way(from, to);
    w->blocked += on ? 1 : -1u;
    list_each(s, &net.sessions, struct session, link)
    for (size_t i = 0; i < 2; i++) {
        struct end *e = &s->ends[i];
        if (!goes(e, from, to))
            continue;
        if (w->blocked)
            patience_set(e);
        else if (e->n_coming)
            moment_at(&e->arrival, world.now + draw_between(1 * MS, 400 * MS)); /* TCP tries again */
    }
}

void net_slow(const struct node *from, const struct node *to, int64_t more)
{
    way(from, to)->more = more;
}

void net_twice(double share)
{
    net.twice = share;
}

bool net_sends_twice(void)
{
    return net.twice > 0 && chance(net.twice);
}

void net_narrow(size_t most)
{
    net.narrow = most;
}

bool net_full(const struct end *mine, size_t most)
{
    const struct end *to = &mine->session->ends[mine == &mine->session->ends[0]];
    return to->n_coming >= (net.narrow ? MIN(net.narrow, most) : most);
}

static void cut(struct session *s)
{
    fall(&s->ends[0]);
    fall(&s->ends[1]);
    forget_if_over(s);
}

void net_break(const struct node *a, const struct node *b, double share)
{
    for (struct list *at = net.sessions.next, *next; at != &net.sessions; at = next) {
        struct session *s = container_of(at, struct session, link);
        next = at->next;
        bool between = goes(&s->ends[0], a, b) || goes(&s->ends[0], b, a) ||
                       goes(&s->ends[1], a, b) || goes(&s->ends[1], b, a);
        if (between && chance(share))
            cut(s);
    }
}

void net_silent(struct node *n, int64_t time)
{
    if (time < PATIENCE_LOW)
        return;
    list_each(s, &net.sessions, struct session, link)
    for (size_t i = 0; i < 2; i++)
        if (s->ends[i].port && s->ends[i].from_node == n)
            patience_set(&s->ends[i]);
}

void net_begin(void)
{
    memset(&net, 0, sizeof(net));
    list_init(&net.sessions);
}

void net_end(void)
{
    assert(list_empty(&net.sessions));
}
