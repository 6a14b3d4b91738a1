/* SPDX-License-Identifier: MPL-2.0 */
#include "client.h"

#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "proto/guard.h"
#include "proto/json.h"
#include "proto/socket.h"

enum { CLIENT_SOCKETS = 16 };

static int connect_control(struct client *c)
{
    if (socket_context_new(CLIENT_SOCKETS, &c->context) < 0 ||
        socket_new(c->context, SOCKET_DEALER, 10000, &c->control) < 0 ||
        socket_connect(c->control, c->place.endpoints[ENDPOINT_control]) < 0) {
        fprintf(stderr, "helios: cannot connect to %s\n", c->place.endpoints[ENDPOINT_control]);
        return EX_UNAVAILABLE;
    }
    return 0;
}

int client_open(struct client *c, const struct args *a)
{
    *c = (struct client){.timeout_ms = args_ms(a, "timeout", 5000)};
    if (place_find(a, &c->place) < 0)
        return EX_UNAVAILABLE;
    return connect_control(c);
}

int client_open_at(struct client *c, const char *directory, int64_t timeout_ms)
{
    *c = (struct client){.timeout_ms = timeout_ms};
    if (place_read(directory, &c->place) < 0)
        return EX_UNAVAILABLE;
    return connect_control(c);
}

void client_close(struct client *c)
{
    socket_close(c->control);
    socket_context_free(c->context);
    place_done(&c->place);
    buf_done(&c->in);
    *c = (struct client){0};
}

void client_send(struct client *c, enum msg which, const void *message)
{
    struct buf out = {0};
    message_encode(&out, which, message);
    socket_send(c->control, NULL, NULL, buf_bytes(&out));
    buf_done(&out);
}

int client_receive(struct client *c, int64_t deadline)
{
    for (;;) {
        int r = socket_receive(c->control, NULL, NULL, &c->in);
        if (r == 0 && guard_check(buf_bytes(&c->in)) == 0)
            return message_which(buf_bytes(&c->in));
        if (r != -EAGAIN)
            continue; /* not a message of ours: skip it */
        int64_t left = deadline - clock_now();
        if (left <= 0)
            return -ETIMEDOUT;
        zmq_pollitem_t item = {.socket = c->control, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, left) < 0 && errno == EINTR)
            return -EINTR;
    }
}

static const char *who(void)
{
    const char *name = getenv("HELIOS_AUTHOR");
    const struct passwd *user = name ? NULL : getpwuid(getuid());
    return name ? name : user ? user->pw_name : "unknown";
}

static void ask(struct client *c, bool command, const char *name, const json_t *args,
                const char *ref)
{
    struct buf packed = {0};
    if (args)
        json_to_msgpack(&packed, args);
    if (command) {
        struct msg_command m = {bytes_of(ref), bytes_of(name),
                                args ? buf_bytes(&packed) : (struct bytes){0}, bytes_of(who())};
        client_send(c, MSG_command, &m);
    } else {
        struct msg_query m = {bytes_of(ref), bytes_of(name),
                              args ? buf_bytes(&packed) : (struct bytes){0}};
        client_send(c, MSG_query, &m);
    }
    buf_done(&packed);
}

static int exit_code(struct bytes code)
{
    static const struct {
        const char *code;
        int exit;
    } rows[] = {{"not_found", EX_NOINPUT}, {"bad_args", EX_USAGE},      {"not_allowed", EX_NOPERM},
                {"busy", EX_TEMPFAIL},     {"not_leader", EX_TEMPFAIL}, {"unknown", EX_PROTOCOL}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (bytes_is(code, rows[i].code))
            return rows[i].exit;
    return EX_SOFTWARE;
}

int client_ask(struct client *c, bool command, const char *name, const json_t *args, json_t **ret,
               char *err)
{
    char ref[16];
    int64_t deadline = clock_now() + c->timeout_ms;
    snprintf(ref, sizeof(ref), "%u", ++c->refs);
    ask(c, command, name, args, ref);
    for (;;) {
        struct msg_reply m;
        int which = client_receive(c, deadline);
        if (which == -ETIMEDOUT || which == -EINTR) {
            snprintf(err, 512,
                     "no answer from %s within %lld ms; is the controller running, and can it "
                     "reach its Redis?",
                     c->place.endpoints[ENDPOINT_control], (long long)c->timeout_ms);
            return EX_UNAVAILABLE;
        }
        if (which != MSG_reply ||
            message_decode(MSG_reply, buf_bytes(&c->in), &m, NULL, NULL) < 0 ||
            !bytes_is(m.ref, ref))
            continue;
        if (m.ok) {
            *ret = json_from_msgpack(m.data);
            return 0;
        }
        snprintf(err, 512, BYTES_F, BYTES_A(m.error));
        return exit_code(m.code);
    }
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
