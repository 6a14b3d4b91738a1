/* SPDX-License-Identifier: MPL-2.0 */
/* Who waits for `done`, and the gathering of those messages: one a client and turn. */
#ifndef HELIOS_WORK_WATCH_H
#define HELIOS_WORK_WATCH_H

#include "work.h"

#define WATCHERS_MOST 64        /* of one task; the oldest goes first */
#define DONE_BYTES (512 * 1024) /* a done message is sent when it has gathered so much */
#define DONE_MOST 1000          /* items: as many as a reader of lists takes */

void watch_add(struct helios *h, struct task *t, const struct routing *to);
void watchers_free(struct task *t);
/* watchers_tell: it ended; ended is a packed msg_ended. */
void watchers_tell(struct helios *h, const struct task *t, struct bytes ended);
/* watch_key says how the first task of a known key ended. */
void watch_key(struct helios *h, const struct routing *to, const struct kept_key *k);
void watch_flush(struct helios *h); /* end of the turn: what was gathered is said */

#endif
