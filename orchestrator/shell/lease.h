/* SPDX-License-Identifier: MPL-2.0 */
/* Who leads the realm (L1–L3): watches the lease in Redis, takes it over, renews it, hands it over.
 * Decides by the time that it is given; does not know Redis. */
#ifndef HELIOS_SHELL_LEASE_H
#define HELIOS_SHELL_LEASE_H

#include "store.h"

#define LEASE_RENEW_MS 300  /* L1 */
#define LEASE_STALE_MS 1500 /* L1: no change for so long and it may be taken */
#define LEASE_GOOD_MS 1000  /* L2: from the send time of the last acknowledged renewal */
#define LEASE_YIELD_MS 3000 /* after a hand-over, when nobody else takes it */
#define LEASE_WATCH_MS                                                                             \
    100 /* a standby looks this often: it leads within 300 ms of a clean stop (L3) */

enum lease_state { LEASE_WATCHING, LEASE_LEADING, LEASE_HANDING_OVER, LEASE_DONE };

struct lease {
    struct store *store; /* borrowed */
    char id[40];         /* ours: that of the data directory */
    enum lease_state state;
    bool asking;       /* an answer is awaited */
    bool taking;       /* and it is that of a take-over */
    int64_t now, next; /* of the last tick; when to ask next */
    int64_t read_at;   /* WATCHING: when it was read last, and since when it is the same */
    int64_t same_since;
    int64_t yield_until; /* we gave it away: a free one is another one's until then */
    struct lease_seen seen;
    uint64_t highest;            /* epoch that was ever seen here: it never comes again (C7) */
    char highest_holder[40];     /* whose it was; "" = not known */
    bool went_back;              /* what Redis shows is from the past, and we said so */
    uint64_t epoch, renew;       /* LEADING */
    int64_t taken_at;
    int64_t sent_at, good_since; /* of the last renewal; of the last acknowledged one */
    /* For how long a lease that may be taken is left to others first; NULL = not at all. Set after lease_init. */
    int64_t (*wait_ms)(void *user);
    void *wait_user;
};

void lease_init(struct lease *l, struct store *store, const char *id);
/* lease_tick asks what is due and answers when to tick again. After a take-over it calls
 * store_lead. */
int64_t lease_tick(struct lease *l, int64_t now);
bool lease_leads(const struct lease *l);
bool lease_claims(const struct lease *l); /* leads, or asks to */
bool lease_good(const struct lease *l, int64_t now); /* leading, and L2 allows to dispatch */
void lease_lost(struct lease *l);                    /* the store was fenced: watch again */
void lease_hand_over(struct lease *l);               /* L3: by the next ticks; DONE at the end */
/* lease_watch_again: DONE, but stays. For a while a free lease is left to others. */
void lease_watch_again(struct lease *l);

#endif
