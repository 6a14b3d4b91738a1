/* SPDX-License-Identifier: MPL-2.0 */
/* Asks a Redis PING and INFO over one connection that is kept. Owns the few lines of its protocol;
 * hit rates are those of the time since the reading before. Host names are looked up once, at the
 * start: a lookup would block the loop. */
#include "agents/probes/redis.h"

#include <math.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents/agent.h"
#include "agents/probes/probe.h"
#include "common/clock.h"
#include "common/text.h"

enum { ANSWER_MAX = 1024 * 1024 };

/* ---- the protocol ---- */

static int take_bulk(struct bytes *data, size_t head, struct bytes *ret)
{
    int64_t n;
    if (text_parse_int((struct bytes){data->at + 1, head - 1}, &n) || n < 0 || n > ANSWER_MAX)
        return -EPROTO;
    size_t all = head + 2 + (size_t)n + 2;
    if (data->n < all)
        return 0;
    *ret = (struct bytes){data->at + head + 2, (size_t)n};
    *data = (struct bytes){data->at + all, data->n - all};
    return 1;
}

int redis_answer(struct bytes *data, struct bytes *ret)
{
    const char *end = data->n ? memmem(data->at, data->n, "\r\n", 2) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - data->at);
    if (data->at[0] == '$')
        return take_bulk(data, head, ret);
    *ret = (struct bytes){data->at + 1, head ? head - 1 : 0};
    if (data->at[0] != '+' && data->at[0] != ':')
        return -EPROTO;
    *data = (struct bytes){data->at + head + 2, data->n - head - 2};
    return 1;
}

bool info_number(struct bytes info, const char *field, double *ret)
{
    size_t n = strlen(field);
    while (info.n) {
        const char *end = memchr(info.at, '\n', info.n);
        size_t length = end ? (size_t)(end - info.at) : info.n;
        struct bytes line = {info.at, length};
        info = (struct bytes){info.at + length + (end != NULL), info.n - length - (end != NULL)};
        if (line.n && line.at[line.n - 1] == '\r')
            line.n--;
        if (line.n > n && memcmp(line.at, field, n) == 0 && line.at[n] == ':')
            return text_parse_number((struct bytes){line.at + n + 1, line.n - n - 1}, ret) == 0;
    }
    return false;
}

int redis_address(struct bytes url, struct redis_address *ret)
{
    struct redis_address a = {.port = BYTES("6379")};
    if (url.n > 5 && memcmp(url.at, "unix:", 5) == 0) {
        a.path = (struct bytes){url.at + 5, url.n - 5};
        *ret = a;
        return 0;
    }
    if (url.n <= 8 || memcmp(url.at, "redis://", 8) != 0)
        return -EINVAL;
    a.host = (struct bytes){url.at + 8, url.n - 8};
    const char *slash = memchr(a.host.at, '/', a.host.n);
    if (slash)
        a.host.n = (size_t)(slash - a.host.at);
    const char *colon = memrchr(a.host.at, ':', a.host.n);
    if (colon) {
        a.port = (struct bytes){colon + 1, (size_t)(a.host.at + a.host.n - colon - 1)};
        a.host.n = (size_t)(colon - a.host.at);
    }
    if (a.host.n == 0 || a.port.n == 0)
        return -EINVAL;
    *ret = a;
    return 0;
}

/* ---- the connection ---- */

/*   CLOSED --start--> CONNECTING --writable--> PINGING --+PONG--> READING --INFO--> IDLE
 *      ^                                          ^                                  |
 *      '-- any failure, any silence               '---------------start--------------'  */
enum state { CLOSED, CONNECTING, PINGING, READING, IDLE };

struct redis {
    struct probe *probe;
    struct watch watch; /* fd: -1 = closed */
    enum state state;
    struct sockaddr_storage address;
    socklen_t address_n;
    struct buf in;
    int64_t pinged_us;
    double hits, misses; /* of the reading before; NAN = none */
};

static void close_redis(struct redis *r)
{
    if (r->watch.fd >= 0) {
        loop_unwatch(&r->probe->agent->loop, &r->watch);
        close(r->watch.fd);
    }
    r->watch.fd = -1;
    r->state = CLOSED;
    buf_clear(&r->in);
}

static void fail(struct redis *r, const char *why)
{
    bool asked =
        r->state !=
        IDLE; /* one that is closed while nobody asks is opened again by the next reading */
    close_redis(r);
    if (asked)
        probe_end(r->probe, why);
}

static void await_socket(struct redis *r, short events)
{
    r->watch.events = events;
    loop_watch(&r->probe->agent->loop, &r->watch);
}

/* ask sends a whole question: it is shorter than any socket's buffer. */
static void ask(struct redis *r, const char *question, enum state next)
{
    ssize_t n = (ssize_t)strlen(question);
    r->state = next;
    if (send(r->watch.fd, question, (size_t)n, MSG_NOSIGNAL) == n)
        await_socket(r, POLLIN);
    else
        fail(r, "the connection is lost");
}

static void ping(struct redis *r)
{
    r->pinged_us = clock_us();
    ask(r, "PING\r\n", PINGING);
}

/* ---- figures ---- */

static void say_hits(struct redis *r, struct bytes info)
{
    double hits, misses;
    if (!info_number(info, "keyspace_hits", &hits) ||
        !info_number(info, "keyspace_misses", &misses))
        return;
    double more_hits = hits - r->hits,
           more = more_hits + misses - r->misses; /* NAN at first: no comparison holds */
    if (more_hits >= 0 && misses >= r->misses && more > 0)
        probe_figure(r->probe, "hit_percent", 100 * more_hits / more);
    r->hits = hits;
    r->misses = misses;
}

static void say_info(struct redis *r, struct bytes info)
{
    struct probe *p = r->probe;
    double value;
    say_hits(r, info);
    for (size_t i = 0; i < p->n_wanted; i++)
        if (info_number(info, p->wanted[i].figure, &value))
            probe_kpi(p, p->wanted[i].kpi, value);
    r->state = IDLE;
    probe_end(p, NULL);
}

static void take_answer(struct redis *r, struct bytes answer)
{
    if (r->state == PINGING) {
        probe_figure(r->probe, "ping_ms", (double)(clock_us() - r->pinged_us) / 1000);
        ask(r, "INFO\r\n", READING);
    } else {
        say_info(r, answer);
    }
}

static void read_answers(struct redis *r)
{
    static char chunk[16 * 1024];
    ssize_t n = recv(r->watch.fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || r->in.n + (size_t)n > ANSWER_MAX || r->state == IDLE) {
        fail(r, "the connection is lost");
        return;
    }
    buf_add(&r->in, chunk, (size_t)n);
    struct bytes data = buf_bytes(&r->in), answer;
    int got = redis_answer(&data, &answer);
    if (got < 0) {
        char why[100];
        snprintf(why, sizeof(why), "Redis says: %.*s", (int)MIN(answer.n, 80), answer.at);
        fail(r, why);
    } else if (got > 0) {
        take_answer(r,
                    answer); /* one question is under way at a time: nothing is behind the answer */
        buf_clear(&r->in);
    }
}

static void on_ready(struct watch *w, short events)
{
    struct redis *r = container_of(w, struct redis, watch);
    int error = 0;
    socklen_t n = sizeof(error);
    (void)events;
    if (r->state != CONNECTING) {
        read_answers(r);
        return;
    }
    getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &n);
    if (error)
        fail(r, strerror(error));
    else
        ping(r);
}

static void open_redis(struct redis *r)
{
    r->watch.fd = socket(r->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    r->state = CONNECTING;
    if (r->watch.fd < 0 || (connect(r->watch.fd, (struct sockaddr *)&r->address, r->address_n) &&
                            errno != EINPROGRESS))
        fail(r, strerror(errno));
    else
        await_socket(r, POLLOUT);
}

static void start(struct probe *p)
{
    struct redis *r = p->state;
    if (r->state == IDLE)
        ping(r);
    else
        open_redis(r);
}

static void stop(struct probe *p)
{
    fail(p->state, "no answer within its timeout");
}

/* ---- the address ---- */

static int find_unix(struct redis *r, struct bytes path)
{
    struct sockaddr_un *a = (struct sockaddr_un *)&r->address;
    _autofree_ char *text = bytes_dup(path), *whole = agent_path(r->probe->agent, text);
    if (strlen(whole) >= sizeof(a->sun_path))
        return -ENAMETOOLONG;
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path, whole);
    r->address_n = sizeof(*a);
    return 0;
}

static int find_host(struct redis *r, const struct redis_address *where)
{
    _autofree_ char *host = bytes_dup(where->host), *port = bytes_dup(where->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found))
        return -EHOSTUNREACH;
    memcpy(&r->address, found->ai_addr, found->ai_addrlen);
    r->address_n = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static int init(struct probe *p, char **ret_why)
{
    struct redis *r = NEW(struct redis);
    struct redis_address where;
    *r = (struct redis){
        .probe = p, .watch = {.fd = -1, .ready = on_ready}, .hits = NAN, .misses = NAN};
    p->state = r;
    int error = redis_address(p->set->url, &where);
    if (!error)
        error = where.path.n ? find_unix(r, where.path) : find_host(r, &where);
    if (error) {
        struct buf why = {0};
        buf_printf(&why, "probes.%s: url: %s: %s", p->set->name.at, p->set->url.at,
                   error == -EINVAL ? "must be unix:PATH or redis://HOST:PORT" : strerror(-error));
        *ret_why = buf_take(&why);
    }
    return error ? -EINVAL : 0;
}

static void free_state(struct probe *p)
{
    struct redis *r = p->state;
    close_redis(r);
    buf_done(&r->in);
    free(r);
    p->state = NULL;
}

const struct probe_row probe_redis = {init, start, stop, free_state, "ping_ms"};
