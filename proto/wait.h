/* SPDX-License-Identifier: MPL-2.0 */
/* Waiting for ZeroMQ sockets and descriptors at once, with as few system calls as that takes: zmq_poll asks every socket twice before
 * and once after it has slept, which is most of what an idle round trip costs. */
#ifndef HELIOS_PROTO_WAIT_H
#define HELIOS_PROTO_WAIT_H

#include "common/base.h"

struct wait_item {
    void *socket;  /* borrowed; NULL = fd */
    int fd;        /* of a socket: filled in */
    short events;  /* POLLIN, POLLOUT; a socket is only asked for POLLIN */
    short revents; /* POLLIN, POLLOUT, POLLERR, POLLHUP */
    bool quiet;    /* a socket that had nothing when it was asked last, or told -EAGAIN, and with which nothing was done since: its
                    * descriptor will tell */
};

/* wait_for waits at most timeout_ms (-1 = for ever) and answers how many items are ready; -errno (EINTR when a signal came: nothing is known
 * to be ready). spin_us: looks again and again for so long before it sleeps, since to be woken takes longer than most answers
 * do; not when this process has one processor only, where who looks keeps the other from answering. */
int wait_for(struct wait_item *items, size_t n, int64_t timeout_ms, int64_t spin_us);

#endif
