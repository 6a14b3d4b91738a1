/* SPDX-License-Identifier: MPL-2.0 */
/* The few answers of Redis that a probe reads. Pure. */
#ifndef HELIOS_AGENTS_PROBES_REDIS_H
#define HELIOS_AGENTS_PROBES_REDIS_H

#include "common/base.h"

/* redis_answer takes one answer off the front of *data: a line (+OK, -ERR, :1) or a bulk ($3). 1
 * and the text in *ret; 0 when it is not whole yet; -EPROTO when it is neither or an error, then
 * *ret is its text. */
int redis_answer(struct bytes *data, struct bytes *ret);
/* info_number finds `field:NUMBER` in an answer to INFO. */
bool info_number(struct bytes info, const char *field, double *ret);

/* redis_address: unix:PATH, redis://HOST, redis://HOST:PORT; a /DB behind it means nothing to INFO.
 * -EINVAL. Views into url. */
struct redis_address {
    struct bytes path; /* of a Unix socket; n = 0: a host */
    struct bytes host, port;
};
int redis_address(struct bytes url, struct redis_address *ret);

#endif
