/* SPDX-License-Identifier: MPL-2.0 */
#include "client.h"

#include <pwd.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "proto/crowd.h"
#include "proto/curve.h"
#include "proto/json.h"
#include "proto/socket.h"

enum { CLIENT_SOCKETS = 64, LOOK_MS = 500, HWM = 10000, AT_ONCE = 256 };

/* ---- sockets */

int client_connect(struct client *c, size_t i, void *socket, enum endpoint endpoint)
{
    const struct place *p = &c->places.at[i];
    int r = 0;
    if (p->key[0] && c->key.public[0] == '\0') {
        fprintf(stderr,
                "helios: %s asks for a key: make one with `helios keys new NAME --role operator`, "
                "have it allowed "
                "there, and name it with --identity or $HELIOS_IDENTITY\n",
                p->where);
        return -ENOKEY;
    }
    if (p->key[0])
        r = curve_join(socket, &c->key, p->key);
    r = r < 0 ? r : socket_connect(socket, p->endpoints[endpoint]);
    if (r < 0)
        fprintf(stderr, "helios: cannot connect to %s: %s\n", p->endpoints[endpoint], strerror(-r));
    return r;
}

static int connect_one(struct client *c, size_t i)
{
    const char *endpoint = c->places.at[i].endpoints[ENDPOINT_control];
    socket_close(c->sockets[i]);
    c->sockets[i] = NULL;
    if (endpoint == NULL)
        return 0;
    int r = socket_new(c->context, SOCKET_DEALER, HWM, &c->sockets[i]);
    return r < 0 ? r : client_connect(c, i, c->sockets[i], ENDPOINT_control);
}

static void on_send(void *user, size_t controller, struct bytes message)
{
    struct client *c = user;
    if (c->sockets[controller])
        socket_send(c->sockets[controller], NULL, NULL, message);
}

static void on_tell(void *user, const struct client_event *e);

static int begin(struct client *c)
{
    static const struct client_calls calls = {on_send, on_tell};
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) ||
        socket_context_new(CLIENT_SOCKETS, &c->context) < 0)
        return EX_OSERR;
    client_init(&c->core, "cli", c->places.n, seed, &calls, c);
    for (size_t i = 0; i < c->places.n; i++)
        if (connect_one(c, i) < 0)
            return EX_UNAVAILABLE;
    return 0;
}

static int read_key(struct client *c, const char *path)
{
    _autofree_ char *why = NULL;
    if (path == NULL || key_read(path, true, &c->key, &why) == 0)
        return 0;
    fprintf(stderr, "helios: %s\n", why);
    return EX_CONFIG;
}

int client_open(struct client *c, const struct args *a)
{
    *c = (struct client){.timeout_ms = args_ms(a, "timeout", 5000)};
    int code = read_key(c, args_value(a, "identity", getenv("HELIOS_IDENTITY")));
    if (code)
        return code;
    if (places_find(a, &c->places) < 0)
        return EX_UNAVAILABLE;
    return begin(c);
}

int client_open_at(struct client *c, const char *directory, int64_t timeout_ms)
{
    *c = (struct client){.timeout_ms = timeout_ms, .quiet = true};
    if (read_key(c, getenv("HELIOS_IDENTITY")) || places_of(directory, &c->places) < 0)
        return EX_UNAVAILABLE;
    return begin(c);
}

void client_close(struct client *c)
{
    if (c->context)
        client_done(&c->core);
    for (size_t i = 0; i < c->places.n; i++)
        socket_close(c->sockets[i]);
    socket_context_free(c->context);
    places_done(&c->places);
    key_forget(&c->key);
    buf_done(&c->in);
    *c = (struct client){0};
}

/* A controller that was started again may listen elsewhere. */
static void look_again(struct client *c, int64_t now)
{
    if (c->core.leader < c->places.n || now - c->looked < LOOK_MS)
        return;
    c->looked = now;
    for (size_t i = 0; i < c->places.n; i++)
        if (place_look(&c->places.at[i]))
            connect_one(c, i);
}

/* A controller that never stops talking does not keep us from the time. */
static void receive_all(struct client *c, int64_t now)
{
    for (size_t i = 0; i < c->places.n; i++)
        for (int r = 0, n = 0; c->sockets[i] && r != -EAGAIN && n < AT_ONCE; n++) {
            r = socket_receive(c->sockets[i], NULL, NULL, &c->in);
            if (r == 0)
                client_message(&c->core, i, buf_bytes(&c->in), now);
        }
}

/* Whatever listens there may be no controller; what it cannot say is told as silence. */
static void on_cut(void *user, uint16_t port, const char *why)
{
    (void)user;
    (void)port;
    (void)why;
}

int64_t client_guard(int64_t now)
{
    return crowd_look(now, on_cut, NULL) - now;
}

int client_turn(struct client *c, int64_t wait_ms, void *other)
{
    zmq_pollitem_t items[CLIENT_CONTROLLERS + 1];
    int n = 0;
    int64_t now = clock_now();
    int64_t due = client_tick(&c->core, now);
    look_again(c, now);
    for (size_t i = 0; i < c->places.n; i++)
        if (c->sockets[i])
            items[n++] = (zmq_pollitem_t){.socket = c->sockets[i], .events = ZMQ_POLLIN};
    if (other)
        items[n++] = (zmq_pollitem_t){.socket = other, .events = ZMQ_POLLIN};
    int64_t wait = MAX((int64_t)0, MIN(wait_ms, due == INT64_MAX ? wait_ms : due - now));
    int r = zmq_poll(items, n, (long)MIN(wait, client_guard(now)));
    r = r < 0 && errno == EINTR ? -EINTR : 0;
    receive_all(c, clock_now());
    return r;
}

/* ---- questions */

struct asked {
    uint64_t request;
    bool over;
    int code; /* for the process */
    char *err;
    json_t **answers; /* by controller; of client_ask the first */
    size_t leads;
    bool everyone;
};

static int exit_code(struct bytes code)
{
    static const struct {
        const char *code;
        int exit;
    } rows[] = {{"not_found", EX_NOINPUT}, {"bad_args", EX_USAGE},      {"not_allowed", EX_NOPERM},
                {"busy", EX_TEMPFAIL},     {"not_leader", EX_TEMPFAIL}, {"unknown", EX_PROTOCOL},
                {"full", EX_TEMPFAIL}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (bytes_is(code, rows[i].code))
            return rows[i].exit;
    return EX_SOFTWARE;
}

const char *client_doubt(const struct client *c)
{
    return c->key.public[0] ? ", and is your key allowed there (`helios keys list`)" : "";
}

static void no_answer(struct client *c, struct asked *asked, const struct client_event *e)
{
    struct buf who = {0};
    for (size_t i = 0; i < c->places.n; i++)
        buf_printf(&who, "%s%s", i ? ", " : "", c->places.at[i].where);
    asked->code = e->code.n ? exit_code(e->code) : EX_UNAVAILABLE;
    if (e->code.n)
        snprintf(asked->err, 512, BYTES_F, BYTES_A(e->text));
    else
        snprintf(asked->err, 512,
                 "no answer from %s within %lld ms; is the controller running, can it reach "
                 "its Redis%s?",
                 buf_str(&who), (long long)c->timeout_ms, client_doubt(c));
    buf_done(&who);
}

static void take_answer(struct client *c, struct asked *asked, const struct client_event *e)
{
    size_t i = asked->everyone ? e->controller : 0;
    asked->over = !asked->everyone;
    if (e->what == CLIENT_EXPIRED && !asked->everyone) {
        no_answer(c, asked, e);
    } else if (e->what == CLIENT_ANSWERED && e->reply->ok) {
        asked->answers[i] = json_from_msgpack(e->reply->data);
        asked->leads = e->reply->epoch ? e->controller : asked->leads;
    } else if (e->what == CLIENT_ANSWERED) {
        asked->code = exit_code(e->reply->code);
        if (asked->everyone)
            fprintf(stderr, "helios: %s: " BYTES_F "\n", c->places.at[i].where,
                    BYTES_A(e->reply->error));
        else
            snprintf(asked->err, 512, BYTES_F, BYTES_A(e->reply->error));
    }
}

static void on_tell(void *user, const struct client_event *e)
{
    struct client *c = user;
    if (e->what == CLIENT_LED && e->known && !c->quiet)
        fprintf(stderr, "helios: %s leads now, in epoch %llu\n", c->places.at[e->controller].where,
                (unsigned long long)e->epoch);
    if (c->asked && e->request == c->asked->request)
        take_answer(c, c->asked, e);
    else if (c->on_event)
        c->on_event(c->whom, e);
}

static const char *who(void)
{
    const char *name = getenv("HELIOS_AUTHOR");
    const struct passwd *user = name ? NULL : getpwuid(getuid());
    return name ? name : user ? user->pw_name : "unknown";
}

static void put(struct client *c, struct asked *asked, bool command, const char *name,
                const json_t *args)
{
    struct buf packed = {0};
    if (args)
        json_to_msgpack(&packed, args);
    struct client_question q = {.command = command,
                                .everyone = asked->everyone,
                                .name = bytes_of(name),
                                .args = args ? buf_bytes(&packed) : (struct bytes){0},
                                .author = bytes_of(who())};
    asked->request = client_put(&c->core, &q, c->timeout_ms, clock_now());
    buf_done(&packed);
}

int client_ask(struct client *c, bool command, const char *name, const json_t *args, json_t **ret,
               char *err)
{
    json_t *answer = NULL;
    struct asked asked = {.err = err, .answers = &answer};
    put(c, &asked, command, name, args);
    c->asked = &asked;
    while (!asked.over)
        if (client_turn(c, c->timeout_ms, NULL) == -EINTR && !asked.over) {
            no_answer(c, &asked, &(struct client_event){0});
            break;
        }
    c->asked = NULL;
    if (asked.code == 0)
        *ret = answer;
    return asked.code;
}

int client_ask_all(struct client *c, bool command, const char *name, const json_t *args,
                    json_t *answers[CLIENT_CONTROLLERS], size_t *ret_leads)
{
    struct asked asked = {.answers = answers, .leads = c->places.n, .everyone = true};
    memset(answers, 0, CLIENT_CONTROLLERS * sizeof(*answers));
    put(c, &asked, command, name, args);
    c->asked = &asked;
    while (!client_idle(&c->core) && client_turn(c, c->timeout_ms, NULL) != -EINTR)
        ;
    c->asked = NULL;
    *ret_leads = asked.leads;
    return asked.code;
}

static int ask_aloud(struct client *c, bool command, const char *name, const json_t *args,
                     json_t **ret)
{
    char err[512];
    int r = client_ask(c, command, name, args, ret, err);
    if (r)
        fprintf(stderr, "helios: %s\n", err);
    return r;
}

int client_query(struct client *c, const char *what, const json_t *args, json_t **ret)
{
    return ask_aloud(c, false, what, args, ret);
}

int client_command(struct client *c, const char *verb, const json_t *args, json_t **ret)
{
    return ask_aloud(c, true, verb, args, ret);
}
