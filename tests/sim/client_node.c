/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the turns of a client: the real state machine of clients (client/), fed with the jobs of its load. A client that was killed
 * begins again with what it wants, not with what it knew. */
#include "client_node.h"

#include "client/client.h"
#include "common/clock.h"
#include "facts.h"
#include "message.h"
#include "nodes.h"
#include "proto/guard.h"
#include "proto/pack.h"
#include "proto/socket.h"

enum { CONTROLLERS = 3, HWM = 1000, PATIENCE_MS = 600000 };

struct client_process {
    struct client_core core;
    void *sockets[CONTROLLERS];
    struct load *load; /* of the node */
    uint64_t requests[LOAD_MOST]; /* of each job */
    uint64_t runs[ERRANDS][2];    /* of each errand, and of its asking again */
    struct buf in;
};

static struct job *job_of(struct client_process *c, uint64_t request)
{
    for (size_t i = 0; i < c->load->n; i++)
        if (c->requests[i] == request)
            return &c->load->jobs[i];
    return NULL;
}

static void send(void *user, size_t controller, struct bytes message)
{
    struct client_process *c = user;
    socket_send(c->sockets[controller], NULL, NULL, message);
}

static void on_accepted(struct client_process *c, struct job *j, const struct client_event *e)
{
    (void)c;
    snprintf(j->id, sizeof(j->id), BYTES_F, BYTES_A(e->id));
    fact(.kind = FACT_accepted, .who = world.me->name, .key = j->key, .id = j->id, .n = load_digest(j));
}

static void on_refused(struct client_process *c, struct job *j, const struct client_event *e)
{
    _autofree_ char *code = bytes_dup(e->code);
    (void)c;
    j->over = true;
    fact(.kind = FACT_refused, .who = world.me->name, .key = j->key, .text = code, .n = load_digest(j));
}

static void on_ended(struct client_process *c, const struct client_event *e)
{
    for (size_t i = 0; i < c->load->n; i++)
        if (bytes_is(e->ended->id, c->load->jobs[i].id))
            c->load->jobs[i].over = true;
}

/* A run that is told is promised; one that was refused is asked for no more. */
static void on_answered(struct client_process *c, const struct client_event *e)
{
    for (size_t i = 0; i < ERRANDS; i++) {
        struct errand *errand = &c->load->errands[i];
        struct bytes id = map_str(e->reply->data, "id", "");
        if ((c->runs[i][0] != e->request && c->runs[i][1] != e->request) || !e->reply->ok || id.n == 0)
            continue;
        snprintf(errand->id, sizeof(errand->id), BYTES_F, BYTES_A(id));
        fact(.kind = FACT_promised, .who = world.me->name, .key = errand->key, .id = errand->id);
    }
}

static void tell(void *user, const struct client_event *e)
{
    struct client_process *c = user;
    struct job *j = e->request ? job_of(c, e->request) : NULL;
    if (node_muted())
        return;
    if (e->what == CLIENT_ENDED)
        on_ended(c, e);
    else if (e->what == CLIENT_ACCEPTED && j)
        on_accepted(c, j, e);
    else if (e->what == CLIENT_REFUSED && j)
        on_refused(c, j, e);
    else if (e->what == CLIENT_ANSWERED && e->request)
        on_answered(c, e);
}

static const struct client_calls calls = {send, tell};

static void start(struct node *n)
{
    struct client_process *c = n->process = NEW(struct client_process);
    c->load = (struct load *)(uintptr_t)n->setup;
    client_init(&c->core, n->name, CONTROLLERS, draw(UINT64_MAX), &calls, c);
    for (size_t i = 0; i < CONTROLLERS; i++) {
        char where[64];
        snprintf(where, sizeof(where), "tcp://127.0.0.%zu:7302", i + 1);
        socket_new(n, SOCKET_DEALER, HWM, &c->sockets[i]);
        socket_connect(c->sockets[i], where);
    }
    for (size_t i = 0; i < c->load->n; i++)
        c->load->jobs[i].asked = false;
    for (size_t i = 0; i < ERRANDS; i++)
        c->load->errands[i].asked = c->load->errands[i].asked_again = c->load->errands[i].changed = false;
}

/* Whatever the state machine makes of it: this was told. */
static void write_down(struct bytes body)
{
    struct arena arena = {0};
    struct msg_done done;
    if (guard_check(body) == 0 && message_which(body) == MSG_done &&
        message_decode(MSG_done, body, &done, &arena, NULL) == 0)
        SEQ_EACH(ended, struct msg_ended, done.items)
        {
            _autofree_ char *id = bytes_dup(ended->id);
            if (ended->forgotten)
                continue;
            fact(.kind = FACT_told, .who = world.me->name, .id = id,
                 .text = enum_text(&enum_task_state, (int)ended->state));
        }
    arena_done(&arena);
}

static void listen_all(struct client_process *c)
{
    for (size_t i = 0; i < CONTROLLERS; i++)
        while (socket_receive(c->sockets[i], NULL, NULL, &c->in) == 0) {
            write_down(buf_bytes(&c->in));
            client_message(&c->core, i, buf_bytes(&c->in), clock_now());
        }
}

/* A bunch of tasks that differ in nothing, without keys and by nobody's state machine: who leads keeps them together. Nobody asks
 * what became of them but the judge. */
static void ask_for_a_bunch(struct client_process *c, const struct job *j)
{
    enum { BUNCH = 5 };
    struct msg_request items[BUNCH];
    struct buf body = {0};
    for (size_t i = 0; i < BUNCH; i++)
        items[i] = (struct msg_request){.action = bytes_of(j->action),
                                        .priority = j->priority,
                                        .max_attempts = j->max_attempts,
                                        .at_most_once = strcmp(j->action, "once") == 0};
    struct msg_submit m = {.ref = BYTES("bunch"), .client = bytes_of(world.me->name), .items = {items, BUNCH}};
    message_encode(&body, MSG_submit, &m);
    for (size_t i = 0; i < CONTROLLERS; i++)
        send(c, i, buf_bytes(&body));
    buf_done(&body);
}

static void ask(struct client_process *c, size_t i)
{
    struct job *j = &c->load->jobs[i];
    struct bytes names[2];
    struct msg_request r = load_request(c->load, j, names);
    j->asked = true;
    fact(.kind = FACT_asked, .who = world.me->name, .key = j->key, .n = load_digest(j), .m = r.at_most_once);
    c->requests[i] = client_submit(&c->core, &r, 1, true, PATIENCE_MS, clock_now());
    if (i % 8 == 1 && strcmp(j->action, "slow") != 0) /* they must be over when the run is */
        ask_for_a_bunch(c, j);
}

static uint64_t command(struct client_process *c, const char *verb, const char *const args_of[][2], size_t n)
{
    _cleanup_(buf_done) struct buf args = {0};
    struct pack p;
    pack_init(&p, &args);
    pack_map(&p);
    for (size_t i = 0; i < n; i++)
        pack_put_text(&p, args_of[i][0], args_of[i][1]);
    pack_end(&p);
    return client_put(&c->core,
               &(struct client_question){.command = true,
                                         .name = bytes_of(verb),
                                         .args = buf_bytes(&args),
                                         .author = bytes_of(world.me->name)},
               PATIENCE_MS, clock_now());
}

static void order(struct client_process *c, const char *verb, const char *name, const char *value)
{
    command(c, verb, (const char *const[][2]){{name, value}}, name != NULL);
}

static uint64_t ask_for_run(struct client_process *c, const struct errand *e)
{
    return command(c, "pipeline_run", (const char *const[][2]){{"name", e->pipeline}, {"key", e->key}}, 2);
}

static void want_runs(struct client_process *c)
{
    for (size_t i = 0; i < ERRANDS; i++) {
        struct errand *e = &c->load->errands[i];
        if (!e->asked && world.now >= e->at && e->id[0] == '\0') {
            e->asked = true;
            c->runs[i][0] = ask_for_run(c, e);
        }
        if (!e->asked_again && e->id[0] && world.now >= e->again_at) {
            e->asked_again = true;
            c->runs[i][1] = ask_for_run(c, e);
        }
        if (!e->changed && e->id[0] && e->change_at && world.now >= e->change_at) {
            e->changed = true;
            order(c, e->change, "id", e->id);
        }
    }
}

static void want(struct client_process *c)
{
    want_runs(c);
    for (size_t i = 0; i < c->load->n; i++) {
        struct job *j = &c->load->jobs[i];
        if (!j->asked && !j->over && load_may(c->load, j))
            ask(c, i);
        if (j->cancel_at && !j->cancelled && world.now >= j->cancel_at && j->id[0]) {
            j->cancelled = true;
            order(c, "cancel", "id", j->id);
        }
        if (j->review && !j->judged && world.now >= j->at) {
            j->judged = true;
            order(c, "review_start", "committee", i % 2 ? "court" : "jury");
        }
        if (j->run && !j->ran && world.now >= j->at) {
            j->ran = true;
            order(c, "pipeline_run", "name", "line");
        }
    }
}

static int64_t turn(struct node *n)
{
    struct client_process *c = n->process;
    listen_all(c);
    want(c);
    int64_t due = client_tick(&c->core, clock_now());
    return load_over(c->load) ? due : MIN(due, clock_now() + 100);
}

static void stop(struct node *n)
{
    struct client_process *c = n->process;
    client_done(&c->core);
    for (size_t i = 0; i < CONTROLLERS; i++)
        socket_close(c->sockets[i]);
    buf_done(&c->in);
    free(c);
}

const struct node_kind node_client = {"client", start, turn, stop};

void client_order(struct node *n, const char *verb, const char *name, const char *value)
{
    struct node *before = world.me;
    if (!n->up)
        return;
    world.me = n;
    trace("orders %s %s", verb, value ? value : "");
    order(n->process, verb, name, value);
    world.me = before;
    node_wake(n, world.now);
}
