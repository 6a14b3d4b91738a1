/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the check of requests: each mistake is one sentence. Refuses to know what tasks there are.
 */
#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "proto/signature.h"
#include "submit.h"

#define NAME_IS "is 1 to 64 letters, digits and _.:-"

static bool say_so(char *err, size_t room, const char *format, ...) FORMAT_LIKE(3, 4);
static bool say_so(char *err, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err, room, format, args);
    va_end(args);
    return true;
}

static bool wrong_names(const struct msg_request *r, char *err, size_t room)
{
    const struct {
        const char *what;
        struct bytes name;
        bool needed;
    } names[] = {{"action", r->action, true},  {"swarm", r->swarm, false},
                 {"role", r->role, false},     {"agent", r->agent, false},
                 {"target", r->target, false}, {"group", r->group, false},
                 {"fair key", r->fair, false}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if ((names[i].name.n || names[i].needed) && !text_is_name(names[i].name))
            return say_so(err, room, "the %s %s", names[i].what,
                          names[i].name.n ? NAME_IS : "is missing");
    if (r->role.n && enum_find(&enum_role, r->role) < 0)
        return say_so(err, room,
                      "there is no role " BYTES_F ": worker, analyst, implementer, verifier",
                      BYTES_A(r->role));
    return false;
}

static bool wrong_sizes(const struct msg_request *r, char *err, size_t room)
{
    if (r->priority > 4)
        return say_so(err, room, "the priority is 0 (emergency) to 4, not %llu",
                      (unsigned long long)r->priority);
    if (r->max_attempts > ATTEMPTS_MOST)
        return say_so(err, room, "max_attempts is at most %d", ATTEMPTS_MOST);
    if (r->params.n > PARAMS_MAX)
        return say_so(err, room, "the parameters have %zu bytes, at most %d are taken", r->params.n,
                      PARAMS_MAX);
    if (r->key.n > KEY_MAX || !text_is_utf8(r->key))
        return say_so(err, room, "a key is at most %d bytes of UTF-8", KEY_MAX);
    if (r->note.n > NOTE_MAX)
        return say_so(err, room, "a note is at most %d bytes", NOTE_MAX);
    if (r->signature.n > SIGNATURE_MOST)
        return say_so(err, room, "a signature is at most %d bytes", SIGNATURE_MOST);
    if (r->after.n > NAMES_MOST || r->locks.n > NAMES_MOST)
        return say_so(err, room, "`after` and `locks` have at most %d items each", NAMES_MOST);
    return false;
}

static bool wrong_times(const struct msg_request *r, char *err, size_t room)
{
    const struct {
        const char *what;
        uint64_t ms;
    } spans[] = {{"cooldown_ms", r->cooldown_ms},
                 {"backoff_ms", r->backoff_ms},
                 {"queue_ms", r->queue_ms},
                 {"attempt_ms", r->attempt_ms},
                 {"total_ms", r->total_ms}};
    for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
        if (spans[i].ms > (uint64_t)SPAN_MAX)
            return say_so(err, room, "%s is longer than ten years", spans[i].what);
    if (r->total_ms && r->attempt_ms > r->total_ms)
        return say_so(err, room,
                      "attempt_ms does not fit into total_ms: not even one attempt could end");
    return false;
}

static bool wrong_locks(const struct msg_request *r, char *err, size_t room)
{
    struct seq before = {r->locks.at, 0};
    SEQ_EACH(lock, struct bytes, r->locks)
    {
        if (!text_is_name(*lock))
            return say_so(err, room, "a lock " NAME_IS);
        if (names_have(before, *lock))
            return say_so(err, room, "the lock " BYTES_F " is named twice", BYTES_A(*lock));
        before.n++;
    }
    return false;
}

bool request_mistake(struct helios *h, const struct msg_request *r, char *err, size_t room)
{
    if (r->not_before < 0 || r->not_before > h->now + SPAN_MAX)
        return say_so(err, room, "not_before is a time in ms since 1970, at most ten years ahead");
    return wrong_names(r, err, room) || wrong_sizes(r, err, room) || wrong_times(r, err, room) ||
           wrong_locks(r, err, room);
}
