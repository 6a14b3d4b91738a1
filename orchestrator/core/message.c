/* SPDX-License-Identifier: MPL-2.0 */
/* Messages in: checked, decoded, handed to their row. Whatever a peer sends, it ends here as an answer or a count (Z3, Z6). */
#include "answer.h"
#include "callers.h"
#include "helios.h"
#include "proto/guard.h"

typedef void take(struct helios *h, const struct routing *from, const void *message);

/* One row a message that a controller takes; the wrapper gives each verb its own type. */
#define TAKEN(X) X(hello) X(beat) X(results) X(bye) X(submit) X(watch) X(query) X(command) X(samples)
#define X(m)                                                                                       \
    static void take_##m(struct helios *h, const struct routing *from, const void *message)        \
    {                                                                                              \
        on_##m(h, from, message);                                                                  \
    }
TAKEN(X)
#undef X

static take *const rows[MSG_COUNT] = {
#define X(m) [MSG_##m] = take_##m,
    TAKEN(X)
#undef X
};

/* Refusals are shown at most once a second: a flood of bad bytes must not become a flood of events. */
static void refused(struct helios *h, uint64_t *counter, enum endpoint endpoint, const char *reason)
{
    static const char *const names[] = {"agents", "control", "kpi", "events"};
    ++*counter;
    if (h->now - h->refusal_shown < 1000)
        return;
    h->refusal_shown = h->now;
    note(h, EVENT_peer_refused, names[endpoint], NULL, NULL,
         "bytes on the endpoint `%s` were refused: %s (%llu so far)", names[endpoint], reason,
         (unsigned long long)*counter);
}

/* Only a leader that stays takes agents and tasks in; who asks is told so at once (L3, L4). Results are kept by their agents. */
static void stand_by(struct helios *h, enum msg which, const struct routing *from, const void *message)
{
    if (which == MSG_hello) {
        struct msg_refuse refuse = {.reason = BYTES("this controller stands by; another one leads"),
                                    .code = BYTES("not_leader"),
                                    .retry_ms = 1000};
        say(h, ENDPOINT_agents, from, MSG_refuse, &refuse, SAY_NOW);
        callers_add(h, from);
    } else if (which == MSG_submit) {
        const struct msg_submit *m = message;
        struct msg_refusal *refusals = xalloc(MAX(m->items.n, (size_t)1) * sizeof(*refusals));
        for (size_t i = 0; i < m->items.n; i++)
            refusals[i] = (struct msg_refusal){i, BYTES("not_leader"),
                                               BYTES("this controller stands by; submit to the leader")};
        struct msg_rejected rejected = {.ref = m->ref, .items = {refusals, m->items.n}};
        say(h, ENDPOINT_control, from, MSG_rejected, &rejected, SAY_NOW);
        free(refusals);
    }
}

static bool needs_leader(enum msg which)
{
    return which != MSG_query && which != MSG_command;
}

void helios_message(struct helios *h, enum endpoint endpoint, const struct routing *from,
                    struct bytes body, int64_t now)
{
    h->now = MAX(h->now, now);
    h->counters.messages++;
    int r = guard_check(body);
    if (r < 0) {
        refused(h, &h->counters.refused_bytes, endpoint, guard_reason(r));
        return;
    }
    int which = message_which(body);
    if (which < 0 || rows[which] == NULL || schema_messages[which].endpoint != endpoint) {
        refused(h, &h->counters.refused_messages, endpoint, "no message that is taken here");
        return;
    }
    union { /* as large and as aligned as any of them */
#define X(m) struct msg_##m m;
        TAKEN(X)
#undef X
    } message;
    struct arena arena = {0};
    struct decode_error err;
    if (message_decode(which, body, &message, &arena, &err) < 0)
        refused(h, &h->counters.refused_messages, endpoint, err.text);
    else if ((h->epoch == 0 || h->stopping) && needs_leader(which))
        stand_by(h, which, from, &message);
    else
        rows[which](h, from, &message);
    arena_done(&arena);
}
