/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the controller's sockets. Refuses to know what the messages say. */
#include "bus.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "disk.h"
#include "proto/crowd.h"
#include "proto/curve.h"

/* Messages that wait for one peer. Agents and clients are bounded by credit and by their own
 * questions. */
static const struct {
    const char *name;
    enum socket_kind kind;
    int hwm;
} kinds[ENDPOINTS] = {
    [ENDPOINT_agents] = {"agents", SOCKET_ROUTER, 10000},
    [ENDPOINT_control] = {"control", SOCKET_ROUTER, 10000},
    [ENDPOINT_kpi] = {"kpi", SOCKET_SUB, 10000},
    [ENDPOINT_events] = {"events", SOCKET_XPUB, 10000},
};

#define SOCKETS_MAX 64 /* of the context: we have four, libzmq some of its own */

static bool stays_local(struct bytes endpoint)
{
    static const char *const local[] = {"ipc://",           "inproc://",    "tcp://127.",
                                        "tcp://localhost:", "tcp://[::1]:", "tcp://lo:"};
    for (size_t i = 0; i < ARRAY_SIZE(local); i++)
        if (endpoint.n >= strlen(local[i]) && memcmp(endpoint.at, local[i], strlen(local[i])) == 0)
            return true;
    return false;
}

static int make_socket(struct bus *b, enum endpoint e)
{
    int r = socket_new(b->context, kinds[e].kind, kinds[e].hwm, &b->sockets[e]);
    b->touched[e] = true;
    return r == 0 && b->secret ? curve_serve(b->sockets[e], b->secret, kinds[e].name) : r;
}

static int open_one(struct bus *b, enum endpoint e, struct bytes where, bool insecure)
{
    if (!insecure && b->secret == NULL && !stays_local(where))
        return -EPERM;
    int r = make_socket(b, e);
    return r < 0 ? r : socket_bind(b->sockets[e], where.at, b->endpoints[e], BUS_ENDPOINT_MAX);
}

const char *bus_name(enum endpoint e)
{
    return kinds[e].name;
}

uint16_t bus_port(const struct bus *b, enum endpoint e)
{
    const char *colon = strrchr(b->endpoints[e], ':');
    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

void bus_cut(struct bus *b, enum endpoint e)
{
    socket_close(b->sockets[e]);
    b->sockets[e] = NULL;
    int r = make_socket(b, e);
    if (r < 0)
        log_error("bus.cut", "the endpoint %s cannot be made again: %s", kinds[e].name,
                  strerror(-r));
    b->cut[e] = r == 0;
}

/* A closed socket gives its address back a moment later. */
int64_t bus_mend(struct bus *b, int64_t now)
{
    enum { AGAIN_MS = 10 };
    char where[BUS_ENDPOINT_MAX];
    int64_t due = INT64_MAX;
    for (enum endpoint e = 0; e < ENDPOINTS; e++) {
        if (!b->cut[e])
            continue;
        b->touched[e] = true;
        b->cut[e] = socket_bind(b->sockets[e], b->endpoints[e], where, sizeof(where)) < 0;
        if (b->cut[e])
            due = now + AGAIN_MS;
    }
    return due;
}

int bus_open(struct bus *b, const struct set_listen *listen, bool insecure, const char *secret,
             const char **ret_failed)
{
    const struct bytes where[ENDPOINTS] = {
        [ENDPOINT_agents] = listen->agents,
        [ENDPOINT_control] = listen->control,
        [ENDPOINT_kpi] = listen->kpi,
        [ENDPOINT_events] = listen->events,
    };
    crowd_host();
    later_init(&b->later);
    *ret_failed = "context";
    b->secret = secret;
    int r = socket_context_new(SOCKETS_MAX, &b->context);
    if (r == 0 && secret)
        r = zap_open(b->context, &b->zap);
    for (enum endpoint e = 0; e < ENDPOINTS && r == 0; e++) {
        r = open_one(b, e, where[e], insecure);
        *ret_failed = where[e].at;
    }
    return r;
}

void bus_close(struct bus *b)
{
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        socket_close(b->sockets[e]);
    socket_close(b->zap);
    socket_context_free(b->context);
    buf_done(&b->body);
    later_done(&b->later);
    *b = (struct bus){0};
}

int bus_receive(struct bus *b, enum endpoint endpoint, struct routing *ret_from,
                struct bytes *ret_body)
{
    bool routed = kinds[endpoint].kind == SOCKET_ROUTER;
    *ret_from = (struct routing){0};
    int r =
        socket_receive_of(b->sockets[endpoint], routed ? ret_from : NULL, NULL, &b->body, b->user);
    b->touched[endpoint] = r != -EAGAIN;
    *ret_body = buf_bytes(&b->body);
    return r;
}

static void send(void *user, enum endpoint endpoint, const struct routing *to, struct bytes body)
{
    struct bus *b = user;
    b->touched[endpoint] = true;
    if (socket_send(b->sockets[endpoint], to, NULL, body) < 0)
        b->unsent++;
}

void bus_say(struct bus *b, const struct said *said)
{
    if (kinds[said->endpoint].kind == SOCKET_ROUTER) {
        if (said->soon) {
            later_keep(&b->later, said, clock_now(), send, b);
            return;
        }
        later_flush(&b->later, said->endpoint, &said->to, send, b);
        send(b, said->endpoint, &said->to, said->body);
        return;
    }
    b->touched[said->endpoint] = true;
    if (socket_send(b->sockets[said->endpoint], NULL, said->topic, said->body) < 0)
        b->unsent++;
}

int64_t bus_tick(struct bus *b, bool all)
{
    return later_tick(&b->later, all ? INT64_MAX : clock_now(), send, b);
}

int bus_announce(const struct bus *b, struct bytes realm, const char *key, const char *dir)
{
    _cleanup_(buf_done) struct buf json = {0};
    buf_text(&json, "{\"realm\": ");
    text_json_string(&json, realm);
    for (enum endpoint e = 0; e < ENDPOINTS; e++) {
        buf_printf(&json, ", \"%s\": ", kinds[e].name);
        text_json_string(&json, bytes_of(b->endpoints[e]));
    }
    buf_text(&json, ", \"key\": ");
    text_json_string(&json, bytes_of(key));
    buf_printf(&json, ", \"pid\": %d}\n", (int)getpid());
    _autofree_ char *path = disk_path(dir, "endpoints.json");
    return disk_write(path, buf_bytes(&json), 0644);
}
