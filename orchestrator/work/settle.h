/* SPDX-License-Identifier: MPL-2.0 */
/* How attempts end, and what follows: another attempt, or an end. */
#ifndef HELIOS_WORK_SETTLE_H
#define HELIOS_WORK_SETTLE_H

#include "work.h"

#define LOST_MOST 10 /* attempts lost with their agents, of one task */

/* How one attempt ended; views. */
struct over {
    enum outcome outcome;
    bool judged;    /* by the controller: nobody knows how far it came */
    bool not_signed; /* REFUSED for its signature: final (Z7) */
    bool blameless; /* lost, but its agent left on purpose (A9): it does not make the task poison */
    int64_t exit_code;
    struct bytes output, data, error;
    uint64_t elapsed_ms;
};
/* attempt_over settles the current attempt (T5, T6). t may be gone after it. */
void attempt_over(struct helios *h, struct task *t, const struct over *over);
void attempt_late(struct helios *h, struct task *t); /* past its deadline: judged TIMEOUT */
void attempt_lost(struct helios *h, struct task *t, const char *how, bool blameless);
/* attempt_abandon: the task is about to end while its attempt runs; the agent is told to stop it.
 */
void attempt_abandon(struct helios *h, struct task *t);
/* backoff_ms is the pause after the n-th failure (T6): base × 2^(n-1), capped; with jitter drawn
 * from [0, that). */
int64_t backoff_ms(struct helios *h, uint64_t base, uint64_t n);
int64_t backoff_most(const struct helios *h, uint64_t base, uint64_t n); /* without jitter */

#endif
