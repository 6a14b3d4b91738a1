/* SPDX-License-Identifier: MPL-2.0 */
/* Owns an epoll set with a timer in it. Refuses to know what it waits for. */
#include "proto/outlet.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

struct outlet_entry {
    int fd;
    bool kept;
};

int outlet_open(struct outlet *o)
{
    if (o->epoll >= 0)
        return 0;
    o->epoll = epoll_create1(EPOLL_CLOEXEC);
    o->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (o->epoll >= 0 && o->timer >= 0 && epoll_ctl(o->epoll, EPOLL_CTL_ADD, o->timer, &event) == 0)
        return 0;
    int error = -errno;
    outlet_done(o);
    return error;
}

void outlet_done(struct outlet *o)
{
    if (o->epoll >= 0)
        close(o->epoll);
    if (o->timer >= 0)
        close(o->timer);
    free(o->entries);
    *o = OUTLET_CLOSED;
}

/* keep: a number may have been closed and taken again by another file, of which the kernel knows nothing. */
static void keep(struct outlet *o, int fd, short events)
{
    struct epoll_event event = {.events = (uint32_t)events};
    if (epoll_ctl(o->epoll, EPOLL_CTL_MOD, fd, &event))
        epoll_ctl(o->epoll, EPOLL_CTL_ADD, fd, &event);
    for (size_t i = 0; i < o->n; i++)
        if (o->entries[i].fd == fd) {
            o->entries[i].kept = true;
            return;
        }
    if (o->n == o->room) {
        o->room = o->room ? 2 * o->room : 16;
        o->entries = xrealloc(o->entries, o->room * sizeof(*o->entries));
    }
    o->entries[o->n++] = (struct outlet_entry){.fd = fd, .kept = true};
}

static void drop_others(struct outlet *o)
{
    for (size_t i = 0; i < o->n;) {
        if (o->entries[i].kept) {
            o->entries[i++].kept = false;
            continue;
        }
        epoll_ctl(o->epoll, EPOLL_CTL_DEL, o->entries[i].fd, NULL);
        o->entries[i] = o->entries[--o->n];
    }
}

static void arm(struct outlet *o, int64_t due_ms)
{
    struct itimerspec at = {0};
    if (due_ms != INT64_MAX)
        at.it_value = (struct timespec){.tv_sec = due_ms / 1000,
                                        .tv_nsec = due_ms > 0 ? due_ms % 1000 * 1000000 : 1};
    timerfd_settime(o->timer, 0, &at, NULL);
}

/* A socket's descriptor tells of what comes after the socket was asked. */
static int descriptor(const struct wait_item *item, bool *ret_ready)
{
    int fd = item->fd, events = 0;
    size_t n = sizeof(fd), m = sizeof(events);
    if (item->socket == NULL)
        return fd;
    zmq_getsockopt(item->socket, ZMQ_FD, &fd, &n);
    if (zmq_getsockopt(item->socket, ZMQ_EVENTS, &events, &m) == 0 && (events & ZMQ_POLLIN))
        *ret_ready = true;
    return fd;
}

void outlet_follow(struct outlet *o, const struct wait_item *items, size_t n, int64_t due_ms)
{
    bool ready = false;
    if (o->epoll < 0)
        return;
    for (size_t i = 0; i < n; i++)
        keep(o, descriptor(&items[i], &ready), items[i].socket ? EPOLLIN : items[i].events);
    drop_others(o);
    arm(o, ready ? 0 : due_ms);
}
