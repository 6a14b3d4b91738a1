/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the sleep of a loop. Refuses to know what it waits for.
 *
 * A socket's descriptor only tells that *something* has changed since its state was asked last (it is edge-triggered); whatever is
 * done with the socket may eat that sign. So every socket with which something was done is asked for its state before the sleep, and
 * those whose descriptor has told something after it. */
#include "wait.h"

#include <poll.h>
#include <sched.h>
#include <zmq.h>

#include "common/clock.h"

static bool is_alone(void)
{
    static int processors;
    cpu_set_t set;
    if (processors == 0)
        processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return processors == 1;
}

static bool has_message(void *socket)
{
    int events = 0;
    size_t n = sizeof(events);
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN);
}

/* look_at asks all sockets that are not quiet, or those whose descriptor has something. Answers how many have a message. */
static int look_at(struct wait_item *items, const struct pollfd *fds, size_t n, bool all)
{
    int ready = 0;
    for (size_t i = 0; i < n; i++) {
        if (items[i].socket && (all ? !items[i].quiet : fds[i].revents != 0))
            items[i].revents = has_message(items[i].socket) ? POLLIN : 0;
        ready += items[i].socket && items[i].revents;
    }
    return ready;
}

static int take_descriptors(struct wait_item *items, const struct pollfd *fds, size_t n)
{
    int ready = 0;
    for (size_t i = 0; i < n; i++)
        if (items[i].socket == NULL) {
            items[i].revents = fds[i].revents;
            ready += fds[i].revents != 0;
        }
    return ready;
}

static int spin(struct pollfd *fds, size_t n, int64_t spin_us)
{
    int64_t until = clock_us() + spin_us;
    int r;
    do
        r = poll(fds, n, 0);
    while (r == 0 && clock_us() < until);
    return r;
}

static int sleep_on(struct pollfd *fds, size_t n, int64_t timeout_ms, int64_t spin_us)
{
    int r = timeout_ms && spin_us && !is_alone() ? spin(fds, n, spin_us) : 0;
    if (r == 0)
        r = poll(fds, n, (int)timeout_ms);
    return r < 0 ? -errno : r;
}

/* One loop a process: its room is kept from one call to the next. */
static struct pollfd *room_for(size_t n)
{
    static struct pollfd *fds;
    static size_t room;
    if (n > room) {
        room = MAX(n, 2 * room);
        fds = xrealloc(fds, room * sizeof(*fds));
    }
    return fds;
}

static void set_up(struct wait_item *items, struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = sizeof(items[i].fd);
        if (items[i].socket)
            zmq_getsockopt(items[i].socket, ZMQ_FD, &items[i].fd, &size);
        fds[i] = (struct pollfd){.fd = items[i].fd, .events = items[i].socket ? POLLIN : items[i].events};
        items[i].revents = 0;
    }
}

int wait_for(struct wait_item *items, size_t n, int64_t timeout_ms, int64_t spin_us)
{
    struct pollfd *fds = room_for(n);
    set_up(items, fds, n);
    int waiting = look_at(items, fds, n, true);
    int r = sleep_on(fds, n, waiting ? 0 : timeout_ms, spin_us);
    if (r < 0)
        return waiting ? waiting : r;
    if (r > 0)
        look_at(items, fds, n, false);
    r = take_descriptors(items, fds, n);
    for (size_t i = 0; i < n; i++)
        r += items[i].socket && items[i].revents;
    return r;
}
