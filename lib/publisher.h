/* SPDX-License-Identifier: MPL-2.0 */
/* A client's own measurements on their way to every controller (H1). */
#ifndef HELIOS_LIB_PUBLISHER_H
#define HELIOS_LIB_PUBLISHER_H

#include "client/talk.h"

struct publisher {
    void *sockets[CLIENT_CONTROLLERS];      /* owned; NULL = none yet */
    char *endpoints[CLIENT_CONTROLLERS];    /* owned; what each is connected to */
    bool heard[CLIENT_CONTROLLERS];         /* that controller listens */
    char instance[33];                      /* drawn with the first sample */
    uint64_t sent;                          /* the number of the last one */
};

/* publisher_send sends one sample. At first it waits, patience_ms at most, until a controller listens: what is sent
 * before is lost. -ENOTCONN none does, -ENOKEY. */
int publisher_send(struct publisher *p, struct talk *t, const char *source, const char *kpi, double value, int64_t at,
                   int64_t patience_ms);
void publisher_done(struct publisher *p);

#endif
