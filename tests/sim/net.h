/* SPDX-License-Identifier: MPL-2.0 */
/* The virtual network: what TCP can do and nothing worse. Between two ends of a session bytes arrive in order or not at all; what is
 * on its way when a session breaks is gone; a blocked direction delays until it is opened or until somebody gives up. Knows no
 * ZeroMQ and no Redis: those stand on ports (socket.c, store_link.c, redis_node.c). */
#ifndef HELIOS_SIM_NET_H
#define HELIOS_SIM_NET_H

#include "world.h"

struct frame {
    struct list link; /* in end.coming, then with the port that took it */
    int64_t sent, at; /* when it arrives */
    bool last;        /* the other end has hung up */
    uint32_t from;    /* number of the end that took it, for a ROUTER */
    size_t n;
    char body[];
};
struct frame *frame_new(struct bytes body);
void frames_free(struct list *frames);

struct end;
struct port;
struct port_kind {
    void (*up)(struct port *p, struct end *mine); /* somebody has dialled; NULL: it only dials */
    void (*take)(struct port *p, struct end *mine, struct frame *f); /* the frame is the port's now */
    void (*down)(struct port *p, struct end *mine); /* the session is over for this end: it is forgotten */
};
/* Who has ends. A port that is gone has no end any more. */
struct port {
    struct node *node;
    const struct port_kind *kind;
};

struct end {
    struct list link;         /* the port's */
    struct session *session;
    struct port *port;    /* NULL: this end is down */
    const struct node *from_node; /* where the other end is */
    uint32_t number;      /* never used again in this world */
    struct list coming;   /* struct frame.link: on their way to this end */
    size_t n_coming;
    struct moment arrival; /* of the first of them */
    int64_t newest;       /* when the last of them arrives */
    struct moment patience; /* the way to here is blocked, or the other one is silent: it gives up then */
};
struct session {
    struct list link; /* in net.sessions */
    struct end ends[2]; /* who dialled, who answered */
};

/* net_session makes a session between two ports, up at once for both: only while net_open. */
struct session *net_session(struct port *from, struct port *to);
bool net_open(const struct node *from, const struct node *to); /* neither direction is blocked */
void net_send(struct end *mine, struct frame *f); /* the frame is the net's; towards nobody it vanishes */
void net_hang_up(struct end *mine);               /* the other one hears of it when the way is open */
int64_t net_delay(const struct node *from, const struct node *to); /* drawn anew */

/* What faults turn. Counts, so that they may overlap. */
void net_block(const struct node *from, const struct node *to, bool on);
void net_slow(const struct node *from, const struct node *to, int64_t more); /* µs more than usual; 0 = as usual */
void net_break(const struct node *a, const struct node *b, double share);    /* of the sessions between them */
void net_twice(double share); /* of what sockets send is sent again at once, as impatient senders do */
bool net_sends_twice(void);
void net_narrow(size_t most); /* frames under way in one direction of a session; 0 = as the sockets say */
bool net_full(const struct end *mine, size_t most); /* so many are on their way to the other end, or narrower */
void net_silent(struct node *n, int64_t time); /* it is paused: the others give up after their heartbeats' patience */

void net_begin(void);
void net_end(void);

#endif
