/* SPDX-License-Identifier: MPL-2.0 */
/* Who is there: agents by id, their beats, their attempts. */
#ifndef HELIOS_WORK_ROSTER_H
#define HELIOS_WORK_ROSTER_H

#include "work.h"

#define STOP_MS                                                                                    \
    60000 /* an agent that does not answer for a stopped attempt gets its credit back              \
           */
#define AGENT_MAX_SLOTS 1024
#define AGENT_MAX_PREFETCH 4096
#define CHECKPOINT_MAX (16 * 1024)

struct agent *agent_find(struct helios *h, struct bytes id);
struct agent *agent_by_route(struct helios *h, const struct routing *from); /* live ones */
struct agent *agent_new(struct helios *h, const struct rec_agent *record);  /* takes the record */
void agent_free_all(struct helios *h);
/* agent_expect: after a restart; it has twice missed × beat and a hello's time, else it is lost. */
void agent_expect(struct helios *h, struct agent *a);
void agent_seen(struct helios *h, struct agent *a); /* a beat came: its deadline moves */
/* agent_gone unbinds a live instance: its attempts stay with it until they are settled. */
void agent_gone(struct helios *h, struct agent *a);

/* agent_stop tells the agent to stop an attempt, now; on_beat repeats it. */
void agent_stop(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt);
/* stop_add: the attempt is settled here but may still run there: it is told to stop until it
 * answers. */
void stop_add(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt);
void stop_answered(struct helios *h, struct agent *a, struct bytes task, uint64_t attempt);
void stops_forget(struct helios *h, struct agent *a);

/* holds_settle compares what the agent says it holds with what it should hold. again: the same
 * instance on the same connection, so that an attempt may still be on its way. */
void holds_settle(struct helios *h, struct agent *a, const struct msg_hello *m, bool again);

void agent_pause(struct helios *h, struct agent *a, bool paused);
void agent_drain(struct helios *h, struct agent *a, int64_t within_ms);
void agent_drain_over(struct helios *h, struct timer *timer); /* what agent.drain runs */
void agent_resume(struct helios *h, struct agent *a);
void agent_pack(struct helios *h, const struct agent *a, struct pack *p);

#endif
