/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the connections of the model of Redis: requests in the order in which they come, answers back. Refuses to know what they ask.
 */
#include "redis_node.h"

#include "net.h"
#include "nodes.h"

struct asked {
    struct list link; /* in process.asked */
    struct end *by;   /* NULL: its connection is gone */
    struct node *from;
    struct frame *frame;
};
struct process {
    struct port port;
    struct list ends;  /* struct end.link */
    struct list asked; /* struct asked.link, oldest first */
};

static struct redis_node the;
static struct node *it;

struct redis_node *redis_node(void)
{
    return &the;
}

struct port *redis_port(void)
{
    return it && it->up ? &((struct process *)it->process)->port : NULL;
}

static void on_take(struct port *p, struct end *mine, struct frame *f)
{
    struct process *r = container_of(p, struct process, port);
    struct asked *a = NEW(struct asked);
    *a = (struct asked){.by = mine, .from = world.nodes[mine->from_node->place], .frame = f};
    list_push(&r->asked, &a->link);
    node_wake(p->node, world.now + draw_between(20, 200));
}

/* What was received is still done. */
static void on_down(struct port *p, struct end *mine)
{
    struct process *r = container_of(p, struct process, port);
    list_each(a, &r->asked, struct asked, link) if (a->by == mine) a->by = NULL;
}

static void on_up(struct port *p, struct end *mine)
{
    list_push(&container_of(p, struct process, port)->ends, &mine->link);
}

static const struct port_kind port_redis = {on_up, on_take, on_down};

static void start(struct node *n)
{
    struct process *r = n->process = NEW(struct process);
    r->port = (struct port){n, &port_redis};
    list_init(&r->ends);
    list_init(&r->asked);
}

static void done(struct asked *a)
{
    list_out(&a->link);
    free(a->frame);
    free(a);
}

static void serve(struct asked *a, struct node *asking)
{
    static struct buf out;
    struct bytes request = {a->frame->body, a->frame->n};
    size_t writes = model_writes(the.model);
    buf_clear(&out);
    the.asking = asking;
    the.asking_base_ms = a->frame->sent < asking->began ? asking->base_before_ms : asking->base_ms;
    model_ask(the.model, request, node_ms(world.me), &out);
    the.asking = NULL;
    if (model_writes(the.model) != writes)
        trap_hit(asking, POINT_applied);
    if (a->by == NULL)
        return;
    if (chance(the.lose)) {
        trace("an answer to %s is lost", asking->name);
        net_break(world.me, asking, 1);
        return;
    }
    net_send(a->by, frame_new(buf_bytes(&out)));
}

static int64_t turn(struct node *n)
{
    struct process *r = n->process;
    struct asked *a;
    while ((a = list_first(&r->asked, struct asked, link))) {
        serve(a, a->from);
        done(a);
    }
    return INT64_MAX;
}

static void stop(struct node *n)
{
    struct process *r = n->process;
    list_each(a, &r->asked, struct asked, link) done(a);
    list_each(e, &r->ends, struct end, link) net_hang_up(e);
    free(r);
}

const struct node_kind node_redis = {"redis", start, turn, stop};

void redis_node_new(struct node *n, const struct model_calls *calls)
{
    it = n;
    the = (struct redis_node){.model = model_new(calls, NULL)};
}

void redis_node_free(struct node *n)
{
    (void)n;
    model_free(the.model);
    the.model = NULL;
    it = NULL;
}
