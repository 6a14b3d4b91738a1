/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the question which requests of a message differ in nothing but their parameters. Refuses to know what is done with them. */
#include "orchestrator/core/helios.h"
#include "submit.h"

/* plain: nothing about it is its own affair alone. What names other tasks, keys, locks or a time has its own place to wait. */
static bool plain(const struct helios *h, const struct msg_request *r)
{
    return r->key.n == 0 && r->signature.n == 0 && r->after.n == 0 && r->locks.n == 0 &&
           r->not_before <= h->now && !decide_internal(r->action);
}

static bool texts_alike(const struct msg_request *a, const struct msg_request *b)
{
    return bytes_eq(a->action, b->action) && bytes_eq(a->swarm, b->swarm) &&
           bytes_eq(a->role, b->role) && bytes_eq(a->agent, b->agent) &&
           bytes_eq(a->target, b->target) && bytes_eq(a->group, b->group) &&
           bytes_eq(a->fair, b->fair) && bytes_eq(a->note, b->note);
}

static bool numbers_alike(const struct msg_request *a, const struct msg_request *b)
{
    return a->priority == b->priority && a->max_concurrent == b->max_concurrent &&
           a->cooldown_ms == b->cooldown_ms && a->not_before == b->not_before &&
           a->max_attempts == b->max_attempts && a->backoff_ms == b->backoff_ms &&
           a->queue_ms == b->queue_ms && a->attempt_ms == b->attempt_ms &&
           a->total_ms == b->total_ms && a->at_most_once == b->at_most_once;
}

/* own_parts: what a plain request does not have, its follower must not have either. */
static bool own_parts(const struct msg_request *r)
{
    return r->key.n || r->signature.n || r->after.n || r->locks.n;
}

size_t requests_alike(const struct helios *h, const struct msg_request *requests, size_t n)
{
    size_t alike = 0, bytes = 0;
    if (n == 0 || !plain(h, requests))
        return 0;
    for (const struct msg_request *r = requests; alike < n; r++, alike++) {
        bytes += r->params.n;
        if (own_parts(r) || r->params.n > PARAMS_MAX || bytes > ALIKE_BYTES ||
            !texts_alike(requests, r) || !numbers_alike(requests, r))
            break;
    }
    return alike;
}
