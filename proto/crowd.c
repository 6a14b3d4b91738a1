/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the table of connections by descriptor and the two reasons to cut one. */
#include "crowd.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB ((int64_t)1024 * 1024)

enum {
    LOOK_MS = 100,      /* a link of 1 Gbit/s brings 12 MiB meanwhile */
    LOOK_SOON_MS = 10,  /* while memory grows */
    FILES_MAX = 65536,  /* descriptors that one look goes through */
    PORTS_MAX = 64,     /* a process has four endpoints, or those of a few controllers */
    PULSE_BYTES_S = 64, /* what heartbeats take at most, encrypted */
};

/* What may wait. 64 MiB on the wire are many times what credit and questions let honest peers have on their way. Frames of
 * nothing take 32 times their bytes, so less may wait once memory has grown that cannot be the core's own. */
#define WAITING_MAX (64 * MIB)
#define SWOLLEN (128 * MIB)
#define SWOLLEN_WAITING_MAX (8 * MIB)
/* Memory that may come before anybody looks through the connections. */
#define GROWTH (16 * MIB)

struct seat { /* one connection; index = its descriptor */
    uint64_t cookie; /* of the kernel: a descriptor is used again, a cookie never; 0 = no seat */
    uint64_t taken;  /* bytes that came to us as messages */
    uint64_t fresh;  /* of them those since the cookie was asked for */
    uint64_t asked;  /* the look at which it was; 0 = never */
    int64_t since;   /* when it was seen first */
    int64_t waiting; /* by the last look: bytes of our memory that it may have */
    uint16_t port;   /* of ours that it uses; 0 = it is none of ours */
};

static struct {
    struct {
        uint16_t port;
        unsigned weight;
    } ports[PORTS_MAX];
    size_t n_ports;
    struct seat *seats;
    int n_seats;
    bool host;        /* others connect to us */
    int files;        /* descriptors that we may have */
    int open;         /* by the last look */
    uint64_t look;    /* its number, from 1 on */
    int64_t next;     /* look */
    int64_t now;      /* of the last look */
    int64_t surveyed; /* memory when the connections were looked through last */
    int64_t calm;     /* memory when little waited */
    bool has_cut;     /* since the last look: what that freed is still to be given back */
} crowd = {.look = 1};

void crowd_host(void)
{
    crowd.host = true;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return;
    rlim_t wanted = MIN(files.rlim_max, (rlim_t)FILES_MAX);
    if (files.rlim_cur != wanted) {
        files.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

void crowd_port(const char *endpoint, unsigned weight)
{
    const char *colon = strrchr(endpoint, ':');
    unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;
    if (strncmp(endpoint, "tcp://", 6) != 0 || port == 0 || port > UINT16_MAX)
        return;
    for (size_t i = 0; i < crowd.n_ports; i++)
        if (crowd.ports[i].port == port)
            return;
    if (crowd.n_ports == PORTS_MAX)
        return;
    crowd.ports[crowd.n_ports].port = (uint16_t)port;
    crowd.ports[crowd.n_ports++].weight = weight;
}

/* ---- seats ---- */

static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t n = sizeof(cookie);
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) ? 0 : cookie;
}

static void take_port(struct seat *s, const struct sockaddr_storage *at)
{
    uint16_t port = ntohs(at->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)at)->sin6_port
                                                    : ((const struct sockaddr_in *)at)->sin_port);
    for (size_t i = 0; i < crowd.n_ports; i++)
        if (crowd.ports[i].port == port)
            s->port = port;
}

/* seat_of answers the seat of this very connection, a new one when the descriptor had another; NULL for
 * what is no socket. */
static struct seat *seat_of(int fd)
{
    uint64_t cookie = cookie_of(fd);
    if (cookie == 0)
        return NULL;
    if (fd >= crowd.n_seats) {
        int n = MAX(fd + 1, 2 * crowd.n_seats);
        crowd.seats = xrealloc(crowd.seats, (size_t)n * sizeof(*crowd.seats));
        memset(crowd.seats + crowd.n_seats, 0, (size_t)(n - crowd.n_seats) * sizeof(*crowd.seats));
        crowd.n_seats = n;
    }
    struct seat *s = &crowd.seats[fd];
    uint64_t fresh = s->fresh;
    s->fresh = 0;
    s->asked = crowd.look;
    if (s->cookie == cookie)
        return s;
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof(at);
    *s = (struct seat){.cookie = cookie, .taken = fresh, .asked = crowd.look, .since = crowd.now};
    /* One that listens has no peer: it is never cut. */
    if (getpeername(fd, (struct sockaddr *)&at, &n) == 0) {
        take_port(s, &at);
        n = sizeof(at);
        if (getsockname(fd, (struct sockaddr *)&at, &n) == 0)
            take_port(s, &at);
    }
    return s;
}

/* The kernel is asked whose a descriptor is once a look, not once a frame. When it was used again in between, its new connection has
 * what came since: too much at most, until waiting_of sees what it brought. */
void crowd_took(int fd, size_t bytes)
{
    if (fd < 0)
        return;
    struct seat *s = fd < crowd.n_seats && crowd.seats[fd].asked == crowd.look ? &crowd.seats[fd] : seat_of(fd);
    if (s) {
        s->taken += bytes;
        s->fresh += bytes;
    }
}

/* ---- looking through them ---- */

static unsigned weight_of(uint16_t port)
{
    for (size_t i = 0; i < crowd.n_ports; i++)
        if (crowd.ports[i].port == port)
            return crowd.ports[i].weight;
    return 0;
}

static int64_t waiting_of(struct seat *s, int fd)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n))
        return 0;
    s->taken = MIN(s->taken, (uint64_t)info.tcpi_bytes_received);
    int64_t pulses = PULSE_BYTES_S * (1 + (crowd.now - s->since) / 1000);
    int64_t more = (int64_t)(info.tcpi_bytes_received - s->taken) - pulses;
    return MAX(more, 0) * weight_of(s->port);
}

/* survey answers how much waits in all. */
static int64_t survey(void)
{
    int64_t all = 0;
    crowd.open = 0;
    for (int fd = 0; fd < crowd.files; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            if (fd < crowd.n_seats)
                crowd.seats[fd] = (struct seat){0};
            continue;
        }
        crowd.open++;
        struct seat *s = seat_of(fd);
        if (s == NULL && fd < crowd.n_seats)
            crowd.seats[fd] = (struct seat){0};
        if (s && s->port)
            all += s->waiting = waiting_of(s, fd);
    }
    return all;
}

typedef bool worse_fn(const struct seat *a, const struct seat *b);

static bool is_greedier(const struct seat *a, const struct seat *b)
{
    return a->waiting > b->waiting;
}

/* Who connected and has not said one message yet. Who listens to events has nothing to say. */
static bool is_silent(const struct seat *s)
{
    return s->taken == 0 && weight_of(s->port) == 1; /* of all but the events */
}

/* Who has been silent for longest first: the honest speak at once, also when they come back in the middle of a flood. Then the
 * youngest. The kernel counts its cookies up, from when we asked for them. */
static bool is_less_wanted(const struct seat *a, const struct seat *b)
{
    if (is_silent(a) != is_silent(b))
        return is_silent(a);
    return is_silent(a) ? a->cookie < b->cookie : a->cookie > b->cookie;
}

/* ZeroMQ sees the end of the connection, drops what it had kept of it and closes it; without lingering the kernel drops its
 * share as well. The cookie is asked again: the descriptor may have been closed meanwhile. */
static void cut(int fd, uint64_t cookie)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (cookie_of(fd) != cookie)
        return;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    shutdown(fd, SHUT_RDWR);
}

/* cut_worst cuts one off and answers what it had; -1: there is nobody to cut. */
static int64_t cut_worst(worse_fn *worse, const char *why, crowd_cut_fn *told, void *user)
{
    struct seat *worst = NULL;
    for (int fd = 0; fd < crowd.n_seats; fd++) {
        struct seat *s = &crowd.seats[fd];
        if (s->port && (worst == NULL || worse(s, worst)))
            worst = s;
    }
    if (worst == NULL)
        return -1;
    cut((int)(worst - crowd.seats), worst->cookie);
    told(user, worst->port, why);
    worst->port = 0;
    crowd.has_cut = true;
    return worst->waiting;
}

static void cut_greedy(int64_t waiting, int64_t memory, crowd_cut_fn *told, void *user)
{
    if (waiting <= SWOLLEN_WAITING_MAX) {
        crowd.calm = memory;
        return;
    }
    if (waiting <= WAITING_MAX && memory <= crowd.calm + SWOLLEN)
        return;
    while (waiting > SWOLLEN_WAITING_MAX) {
        int64_t had = cut_worst(is_greedier, "it sent more than can wait", told, user);
        if (had <= 0)
            return;
        waiting -= had;
    }
}

static int room(void)
{
    return crowd.host ? crowd.files - crowd.files / 4 : crowd.files;
}

static void cut_young(crowd_cut_fn *told, void *user)
{
    for (int over = crowd.open - room(); over > 0; over--)
        if (cut_worst(is_less_wanted, "too many connections", told, user) < 0)
            return;
}

/* ---- when to look ---- */

/* The lowest free descriptor is what open answers: it says how full the table is. Bytes; 0 when there was none left. */
static int64_t memory_now(bool *ret_full)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    *ret_full = fd < 0 || fd >= room();
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[MAX(n, 0)] = '\0';
    char *resident = strchr(text, ' ');
    return resident ? strtoll(resident, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

int64_t crowd_look(int64_t now, crowd_cut_fn *told, void *user)
{
    if (now < crowd.next && crowd.next <= now + LOOK_MS) /* else the clock was set back */
        return crowd.next;
    struct rlimit files; /* asked each time: a person may change it from outside */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        crowd.files = (int)MIN(files.rlim_cur, (rlim_t)FILES_MAX);
    bool full;
    crowd.look++;
    if (crowd.has_cut)
        malloc_trim(0); /* ZeroMQ has freed it meanwhile; the C library would keep it */
    crowd.has_cut = false;
    int64_t memory = memory_now(&full);
    crowd.now = now;
    crowd.next = now + LOOK_MS;
    if (full || memory > crowd.surveyed + GROWTH) {
        cut_greedy(survey(), memory, told, user);
        cut_young(told, user);
        crowd.surveyed = memory;
        crowd.next = now + LOOK_SOON_MS;
    } else if (memory) {
        crowd.surveyed = MIN(crowd.surveyed, memory);
    }
    return crowd.next;
}
