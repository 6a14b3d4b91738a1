/* SPDX-License-Identifier: MPL-2.0 */
/* Messages in: checked, decoded, handed to their row. Whatever a peer sends, it ends here as an answer or a count (Z3, Z6). */
#include "answer.h"
#include "callers.h"
#include "helios.h"
#include "proto/guard.h"
#include "proto/rights.h"

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
        submit_reject(h, from, message, "not_leader", "this controller stands by; submit to the leader");
    }
}

/* Default deny (Z1). Who waits for an answer gets one. */
static void not_allowed(struct helios *h, enum msg which, enum endpoint endpoint, const struct routing *from,
                        const void *message)
{
    const struct bytes code = BYTES("not_allowed"), reason = BYTES("the role of your key has no right to this");
    refused(h, &h->counters.refused_rights, endpoint, "the role of its key has no right to this message");
    if (which == MSG_hello) {
        struct msg_refuse refuse = {.reason = reason, .code = code, .retry_ms = 0};
        say(h, ENDPOINT_agents, from, MSG_refuse, &refuse, SAY_NOW);
    } else if (which == MSG_submit) {
        submit_reject(h, from, message, "not_allowed", reason.at);
    } else if (which == MSG_query || which == MSG_command) {
        struct msg_reply reply = {.ref = which == MSG_query ? ((const struct msg_query *)message)->ref
                                                            : ((const struct msg_command *)message)->ref,
                                  .code = code,
                                  .error = reason};
        say(h, ENDPOINT_control, from, MSG_reply, &reply, SAY_NOW);
    }
}

static bool needs_leader(enum msg which)
{
    return which != MSG_query && which != MSG_command;
}

void helios_refused(struct helios *h, enum endpoint endpoint, const char *reason)
{
    refused(h, &h->counters.refused_rights, endpoint, reason);
}

void helios_message(struct helios *h, enum endpoint endpoint, const struct routing *from,
                    struct bytes body, int64_t now)
{
    helios_message_of(h, endpoint, from, NULL, body, now);
}

void helios_message_of(struct helios *h, enum endpoint endpoint, const struct routing *from, const struct key *who,
                       struct bytes body, int64_t now)
{
    h->now = MAX(h->now, now);
    h->who = who;
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
    else if (who && !rights_may(who->role, (enum msg)which))
        not_allowed(h, (enum msg)which, endpoint, from, &message);
    else if ((h->epoch == 0 || h->stopping) && needs_leader(which))
        stand_by(h, which, from, &message);
    else
        rows[which](h, from, &message);
    h->who = NULL;
    arena_done(&arena);
}
