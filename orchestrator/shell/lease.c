/* SPDX-License-Identifier: MPL-2.0 */
/* Owns when the lease is read, taken, renewed and handed over.
 *
 *   WATCHING --taken--> LEADING --hand_over--> HANDING_OVER --done--> DONE
 *      ^------lost---------'                                     |
 *      '--------------------------watch_again---------------------'              */
#include "lease.h"

void lease_init(struct lease *l, struct store *store, const char *id)
{
    *l = (struct lease){.store = store};
    snprintf(l->id, sizeof(l->id), "%s", id);
}

static bool same(const struct lease_seen *a, const struct lease_seen *b)
{
    return a->exists == b->exists && a->epoch == b->epoch && a->renew == b->renew &&
           strcmp(a->holder, b->holder) == 0;
}

/* free_now: nobody holds it, or an earlier process on our data directory did, which is dead since
 * we have its lock. What came back from the past is not free: who leads may know what is missing. */
static bool free_now(const struct lease *l)
{
    if (l->went_back)
        return false;
    return !l->seen.exists || (l->seen.holder[0] == '\0' && l->now >= l->yield_until) ||
           strcmp(l->seen.holder, l->id) == 0;
}

static void remember(struct lease *l, uint64_t epoch, const char *holder)
{
    l->highest = epoch;
    snprintf(l->highest_holder, sizeof(l->highest_holder), "%s", holder);
}

static void on_taken(void *user, int r, const struct lease_seen *seen)
{
    struct lease *l = user;
    (void)seen;
    l->asking = l->taking = false;
    l->same_since = l->now;
    if (r < 0 || l->state != LEASE_WATCHING)
        return; /* taken by another one or unknown: the next look tells */
    l->state = LEASE_LEADING;
    remember(l, l->epoch, l->id);
    l->taken_at = l->now;
    l->good_since = l->sent_at;
    l->renew = 0;
    l->next = l->now + LEASE_RENEW_MS;
    store_lead(l->store, l->id, l->epoch);
}

static void take(struct lease *l)
{
    l->epoch = MAX(l->highest, MAX(l->seen.epoch, l->seen.pos_epoch)) + 1;
    l->sent_at = l->now;
    l->asking = l->taking = store_lease_take(l->store, &l->seen, l->id, l->epoch, on_taken, l) == 0;
}

/* from_the_past: an older epoch than was seen, or the newest one in other hands: who holds it does not know what was. */
static bool from_the_past(const struct lease *l, const struct lease_seen *seen)
{
    return MAX(seen->epoch, seen->pos_epoch) < l->highest ||
           (seen->epoch == l->highest && seen->holder[0] && l->highest_holder[0] &&
            strcmp(seen->holder, l->highest_holder) != 0);
}

/* Redis came back with less. Whoever notices says so: the leader may be dead, or know nothing of it. */
static void look_back(struct lease *l, const struct lease_seen *seen)
{
    bool back = from_the_past(l, seen);
    if (back && !l->went_back)
        store_went_back(l->store, seen->epoch, l->highest);
    l->went_back = back;
    if (!back && (seen->epoch > l->highest || (seen->epoch == l->highest && seen->holder[0])))
        remember(l, seen->epoch, seen->holder);
    if (seen->pos_epoch > l->highest)
        remember(l, seen->pos_epoch, "");
}

/* wait_for_others: whoever leads less is faster, so that realms spread by themselves. What is our own is taken at once. */
static int64_t wait_for_others(const struct lease *l)
{
    return l->wait_ms && strcmp(l->seen.holder, l->id) != 0 ? l->wait_ms(l->wait_user) : 0;
}

/* look_when: not a look later than the wait is over. */
static void look_when(struct lease *l, int64_t due)
{
    if (due > l->now)
        l->next = MIN(l->next, due);
}

/* A gap in our own looking proves nothing about the leader: the 1.5 s count from the next look on.
 * Who leads with what is from the past is left no more than these 1.5 s to bring back what is missing. */
static void on_read(void *user, int r, const struct lease_seen *seen)
{
    struct lease *l = user;
    l->asking = false;
    if (r < 0 || l->state != LEASE_WATCHING)
        return;
    bool gap = l->now - l->read_at > LEASE_GOOD_MS, was_back = l->went_back;
    look_back(l, seen);
    if (gap || (l->went_back ? !was_back : !same(seen, &l->seen)))
        l->same_since = l->now;
    l->seen = *seen;
    l->read_at = l->now;
    bool yields = seen->holder[0] == '\0' && l->now < l->yield_until;
    int64_t wait = wait_for_others(l);
    if (free_now(l) && l->now - l->same_since >= wait)
        take(l);
    else if (!yields && l->now - l->same_since >= LEASE_STALE_MS + wait)
        take(l);
    else if (wait)
        look_when(l, l->same_since + wait + (free_now(l) ? 0 : LEASE_STALE_MS));
}

static void watch(struct lease *l)
{
    l->next = l->now + LEASE_WATCH_MS;
    l->asking = store_lease_read(l->store, on_read, l) == 0;
}

static void on_renewed(void *user, int r, const struct lease_seen *seen)
{
    struct lease *l = user;
    (void)seen;
    l->asking = false;
    if (l->state != LEASE_LEADING)
        return;
    if (r == 0)
        l->good_since = l->sent_at;
    else if (r == -ESTALE)
        store_fenced(l->store, "another controller has taken the lease");
}

static void renew(struct lease *l)
{
    l->next = l->now + LEASE_RENEW_MS;
    l->sent_at = l->now;
    l->asking = store_lease_renew(l->store, l->epoch, ++l->renew, on_renewed, l) == 0;
}

static void on_handed_over(void *user, int r, const struct lease_seen *seen)
{
    struct lease *l = user;
    (void)r;
    (void)seen;
    l->asking = false;
    l->state = LEASE_DONE;
}

static void give(struct lease *l)
{
    l->next = l->now + LEASE_RENEW_MS;
    l->asking = true;
    if (store_lease_hand_over(l->store, l->epoch, on_handed_over, l) < 0)
        l->state = LEASE_DONE; /* Redis is away: the standby waits out its 1.5 s */
}

int64_t lease_tick(struct lease *l, int64_t now)
{
    static void (*const verbs[])(struct lease *) = {
        [LEASE_WATCHING] = watch, [LEASE_LEADING] = renew, [LEASE_HANDING_OVER] = give};
    l->now = now;
    if (l->state == LEASE_DONE || l->asking)
        return INT64_MAX; /* the answer comes through the store, or its timeout */
    if (!store_open(l->store))
        return now + LEASE_WATCH_MS;
    if (now >= l->next)
        verbs[l->state](l);
    return l->next;
}

bool lease_leads(const struct lease *l)
{
    return l->state == LEASE_LEADING || l->state == LEASE_HANDING_OVER;
}

bool lease_claims(const struct lease *l)
{
    return lease_leads(l) || l->taking;
}

bool lease_good(const struct lease *l, int64_t now)
{
    return lease_leads(l) && now - l->good_since < LEASE_GOOD_MS;
}

void lease_lost(struct lease *l)
{
    if (l->state != LEASE_LEADING)
        return;
    l->state = LEASE_WATCHING;
    l->next = 0;
    l->read_at = 0;
}

void lease_hand_over(struct lease *l)
{
    l->next = 0;
    l->state = l->state == LEASE_LEADING ? LEASE_HANDING_OVER : LEASE_DONE;
}

void lease_watch_again(struct lease *l)
{
    l->state = LEASE_WATCHING;
    l->next = l->now + LEASE_WATCH_MS;
    l->yield_until = l->now + LEASE_YIELD_MS;
    l->read_at = 0;
}
