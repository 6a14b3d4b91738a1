/* SPDX-License-Identifier: MPL-2.0 */
/* One turn of heliosd, but for the waiting: what is due, what came in, what is committed, whether it is over.
 * The simulator calls these steps on its own time. */
#include "common/clock.h"
#include "common/log.h"
#include "common/mutant.h"
#include "common/ready.h"
#include "reports.h"
#include "shell.h"

#define DRAIN_MAX 256 /* messages of one socket in one turn: nobody keeps the others waiting */
#define DRAIN_MS 4    /* and so long: what is urgent waits for the end of a turn */

/* full: what this turn has changed is one commit, which must not become too long (C3). While none can be taken nobody waits for it:
 * beats are heard, and submits are refused within a second. */
static bool full(const struct shell *s)
{
    return s->core->out.changes >= (size_t)s->config->state.batch && store_can_commit(s->store);
}

static void take_messages(struct shell *s, enum endpoint endpoint, int64_t now)
{
    struct routing from;
    struct bytes body;
    const struct key *who;
    for (int i = 0; i < DRAIN_MAX && !full(s) && clock_now() - now < DRAIN_MS; i++) {
        int r = bus_receive(&s->bus, endpoint, &from, &body);
        if (r == -EAGAIN)
            return;
        /* Wrong frames end as an empty body: the core refuses and counts it. Who may subscribe is
         * libzmq's affair. */
        if (endpoint == ENDPOINT_events)
            audience_take(&s->audience, r == 0 ? body : BYTES(""));
        else if (door_who(s, s->bus.user, &who))
            helios_message_of(s->core, endpoint, &from, who, r == 0 ? body : BYTES(""), now);
        else
            helios_refused(s->core, endpoint, "this key is not allowed here any more");
    }
}

/* Who has just subscribed hears all that follows; readings, which may be an emergency, come before the bulk of the work.
 * The waiting may have been a long pause: a lease that ran out meanwhile holds the core before it takes anything in (L2). */
static void drain(struct shell *s, unsigned ready)
{
    static const enum endpoint order[ENDPOINTS] = {ENDPOINT_events, ENDPOINT_kpi, ENDPOINT_agents, ENDPOINT_control};
    shell_stance(s);
    shell_hold(s, clock_now());
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        if (ready & ENDPOINT_BIT(order[i]))
            take_messages(s, order[i], clock_now());
}

/* L6: after a pause of our own, what waits in the sockets is read before anybody is judged late,
 * and a lease that has run out meanwhile holds the core until it is verified. */
static void catch_up(struct shell *s, int64_t now)
{
    if (s->last_tick && now - s->last_tick > 2 * s->config->agents.beat_ms) {
        log_warn("loop.late", "this turn is %lld ms late", (long long)(now - s->last_tick));
        store_pump(s->store, store_events(s->store), now);
        shell_hold(s, now);
        drain(s, ENDPOINTS_ALL);
    }
    s->last_tick = now;
}

/* sooner is no macro: each of these is to be asked once a turn. */
static void sooner(int64_t *due, int64_t at)
{
    *due = MIN(*due, at);
}

/* What must happen at the latest when; answers in ms since 1970. At least once a beat, so that a
 * longer gap is a pause (L6). */
static int64_t tick(struct shell *s)
{
    int64_t now = clock_now();
    if (s->replace)
        shell_stand_by(s);
    if (s->reload && s->loading == NULL)
        shell_reload(s);
    catch_up(s, now);
    int64_t due = now + s->config->agents.beat_ms;
    sooner(&due, ready_tick(now));
    sooner(&due, redis_tick(s->redis, now));
    sooner(&due, lease_tick(&s->lease, now));
    sooner(&due, s->freeze.next);
    sooner(&due, door_tick(s, now));
    sooner(&due, shell_hold(s, now));
    bus_tick(&s->bus, s->stopping || s->core->hand_over); /* before the lead goes */
    sooner(&due, leave_tick(s));
    shell_wall(s);
    sooner(&due, helios_tick(s->core, now));
    return due;
}

/* While no commit can be taken the batch grows in the core by itself; only what cannot be lost
 * leaves. A core that stands by has nothing that could be kept: what it says leaves at once. */
static struct batch *cut(struct shell *s)
{
    bool all = !shell_leads(s) || store_can_commit(s->store);
    return all ? helios_cut(s->core) : helios_cut_urgent(s->core);
}

static void say_all(struct shell *s, const struct said *says, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bus_say(&s->bus, &says[i]);
}

static void commit(struct shell *s)
{
    if (s->replace) { /* fenced: what was decided is void, but who was refused may know it */
        struct batch *refusals = helios_cut_urgent(s->core);
        if (refusals)
            say_all(s, refusals->urgent, refusals->n_urgent);
        batch_free(refusals);
        return;
    }
    shell_follow_freeze(s, clock_now()); /* the file is there before its command is answered (X10) */
    struct batch *b = cut(s);
    if (b) {
        say_all(s, b->urgent, b->n_urgent);
        if (!shell_leads(s) || MUTANT(commit))
            say_all(s, b->says, b->n_says);
        if (shell_leads(s) && (b->n_ops || b->n_says))
            store_commit(s->store, &b);
    }
    batch_free(b);
    int r = reports_write(s->core, s->data_dir, (size_t)s->config->reports.keep);
    if (r < 0)
        log_error("reports.file", "a report cannot be written below %s: %s", s->data_dir,
                  strerror(-r));
    s->told = s->stopping && s->lease.state == LEASE_DONE;
}

int64_t shell_begin(struct shell *s)
{
    int64_t due = tick(s);
    return MIN(due, store_due(s->store));
}

int64_t shell_turn(struct shell *s, unsigned ready)
{
    drain(s, ready);
    if (s->replace)
        commit(s); /* of the core that goes, before tick puts another one in its place */
    int64_t due = tick(s);
    seat_say(&s->seat, lease_claims(&s->lease) ? SEAT_LEADS : SEAT_READY);
    commit(s);
    return MIN(MIN(due, store_due(s->store)), bus_tick(&s->bus, false));
}
