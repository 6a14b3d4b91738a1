/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that may wait for the next one to the same peer: an acknowledgement that another message follows soon costs both sides a
 * wake-up of their own, which is most of what a message costs an idle machine. None waits longer than LATER_MS, and their order stays. */
#ifndef HELIOS_SHELL_LATER_H
#define HELIOS_SHELL_LATER_H

#include "common/buf.h"
#include "common/list.h"
#include "orchestrator/core/outbox.h"

#define LATER_MS 5
#define LATER_BYTES (32 * 1024) /* of one peer: then they leave */

struct waiting_peer;
struct later {
    struct waiting_peer *peers; /* owned; by endpoint and routing */
    struct list oldest;         /* struct waiting_peer.link */
};
typedef void later_send(void *user, enum endpoint endpoint, const struct routing *to, struct bytes body);

void later_init(struct later *l);
void later_done(struct later *l);
/* later_keep copies the message; it leaves with later_flush, or with later_tick. */
void later_keep(struct later *l, const struct said *said, int64_t now, later_send *send, void *user);
/* later_flush: another message is about to go to this peer. */
void later_flush(struct later *l, enum endpoint endpoint, const struct routing *to, later_send *send, void *user);
/* later_tick sends what has waited long enough (now = INT64_MAX: all), and answers when to call again. */
int64_t later_tick(struct later *l, int64_t now, later_send *send, void *user);

#endif
