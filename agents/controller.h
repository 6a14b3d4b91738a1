/* SPDX-License-Identifier: MPL-2.0 */
/* Where the controllers are: endpoints by their data directories or hosts, and the socket on which
 * samples are published to each (L4). Knows nothing of members. */
#ifndef HELIOS_AGENTS_CONTROLLER_H
#define HELIOS_AGENTS_CONTROLLER_H

#include "proto/key.h"

struct agent;

/* A controller as the config names it, shared by the links of all members. */
struct controller {
    struct agent *agent;
    char *where;         /* a data directory, or tcp://HOST; owned */
    char *agents, *kpi;  /* endpoints; owned; NULL = not known yet */
    char key[KEY_TEXT];  /* its public key; "" = it asks for none */
    int64_t mtime_ns;    /* of endpoints.json when it was read */
    unsigned generation; /* grows whenever the endpoints are read anew */
    int64_t looked;      /* when endpoints.json was last looked at, ms */
    void *pub;           /* the samples' socket; NULL = none yet */
};

int controllers_new(struct agent *a,
                    char **ret_why); /* of the config. -EINVAL with a sentence, the caller's */
void controllers_free(struct agent *a);
void controllers_publish(struct agent *a, struct bytes body); /* to the kpi endpoints of all */
/* controller_look reads endpoints.json again when it has changed, at most once in 500 ms; the
 * generation grows then: a controller that was started again may listen on other ports. */
void controller_look(struct controller *c);
/* controller_connect connects a socket to one of its endpoints, with our key when it asks for one.
 * -ENOKEY: it does, and we have none. */
int controller_connect(const struct controller *c, void *socket, const char *endpoint);

#endif
