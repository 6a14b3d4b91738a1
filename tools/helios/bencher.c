/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the talk of a measurement with the leader. Refuses to know what is printed. */
#include "bencher.h"

#include <poll.h>

#include "common/clock.h"
#include "proto/codec.h"
#include "proto/guard.h"
#include "proto/socket.h"
#include "proto/wait.h"

static int stop(struct bencher *b, int error, const char *why)
{
    snprintf(b->why, sizeof(b->why), "%s", why);
    return error;
}

/* ---- what comes ---- */

static void take_done(struct bencher *b, struct bytes body)
{
    struct arena arena = {0};
    struct msg_done done;
    if (message_decode(MSG_done, body, &done, &arena, NULL) == 0) {
        b->done += done.items.n;
        SEQ_EACH (e, struct msg_ended, done.items)
            b->failed += e->state != task_state_COMPLETED;
    }
    arena_done(&arena);
}

static void take_accepted(struct bencher *b, struct bytes body)
{
    struct arena arena = {0};
    struct msg_accepted accepted;
    if (message_decode(MSG_accepted, body, &accepted, &arena, NULL) == 0)
        b->accepted += accepted.items.n;
    arena_done(&arena);
}

static int take_rejected(struct bencher *b, struct bytes body)
{
    struct arena arena = {0};
    struct msg_rejected rejected;
    char why[200] = "the controller refused the tasks";
    if (message_decode(MSG_rejected, body, &rejected, &arena, NULL) == 0 && rejected.items.n) {
        const struct msg_refusal *first = rejected.items.at;
        snprintf(why, sizeof(why), "refused (" BYTES_F "): " BYTES_F, BYTES_A(first->code),
                 BYTES_A(first->reason));
    }
    arena_done(&arena);
    return stop(b, -EPROTO, why);
}

/* take_all takes what is there; 0, or -EPROTO when the controller refused. */
static int take_all(struct bencher *b)
{
    while (socket_receive(b->socket, NULL, NULL, &b->in) == 0) {
        struct bytes body = buf_bytes(&b->in);
        int which = guard_check(body) == 0 ? message_which(body) : -EPROTO;
        if (which == MSG_done)
            take_done(b, body);
        else if (which == MSG_accepted)
            take_accepted(b, body);
        else if (which == MSG_rejected)
            return take_rejected(b, body);
    }
    return 0;
}

static void rest(struct bencher *b, int64_t most_ms)
{
    struct wait_item item = {.socket = b->socket, .fd = -1, .events = POLLIN};
    wait_for(&item, 1, MAX(most_ms, 0), 0);
}

/* await takes what comes until *counter has reached n. */
static int await(struct bencher *b, const uint64_t *counter, uint64_t n)
{
    for (;;) {
        int r = take_all(b);
        if (r < 0 || *counter >= n)
            return r;
        int64_t left = b->until - clock_now();
        if (left <= 0)
            return stop(b, -ETIME, "the time was over before all tasks were done");
        rest(b, MIN(left, 1000));
    }
}

/* ---- what goes ---- */

static int submit(struct bencher *b, size_t n, bool watch)
{
    struct msg_request items[BENCH_BATCH_MOST];
    char keys[BENCH_BATCH_MOST][48];
    for (size_t i = 0; i < n; i++) {
        items[i] = b->request;
        if (b->keys) {
            snprintf(keys[i], sizeof(keys[i]), "%.20s-%llu", b->keys, (unsigned long long)b->n_keys++);
            items[i].key = bytes_of(keys[i]);
        }
    }
    struct msg_submit m = {
        .ref = BYTES("bench"), .client = bytes_of(b->client), .watch = watch, .items = {items, n}};
    buf_clear(&b->out);
    message_encode(&b->out, MSG_submit, &m);
    int r = socket_send(b->socket, NULL, NULL, buf_bytes(&b->out));
    return r < 0 ? stop(b, r, "the controller takes no more messages") : 0;
}

int bench_trips(struct bencher *b, uint64_t n, int64_t every_ms, int64_t *ret_us)
{
    for (uint64_t i = 0; i < n; i++) {
        int64_t began = clock_us();
        int r = submit(b, 1, true);
        if (r == 0)
            r = await(b, &b->done, b->done + 1);
        if (r < 0)
            return r;
        ret_us[i] = clock_us() - began;
        int64_t left = every_ms - (clock_us() - began) / 1000;
        if (every_ms && left > 0)
            rest(b, left);
    }
    return 0;
}

/* may_send answers how many more tasks the window and the rate allow now. */
static uint64_t may_send(const struct bench_flow *f, uint64_t sent, uint64_t over, int64_t us)
{
    uint64_t window = f->window - MIN(f->window, sent - over);
    uint64_t due = f->rate ? (uint64_t)((double)f->rate * (double)us / 1e6) : f->tasks;
    uint64_t paced = due > sent ? due - sent : 0;
    return MIN(MIN(window, paced), f->tasks - sent);
}

/* A whole batch is sent when there is room for it, or when no more than that is left. */
static int send_some(struct bencher *b, const struct bench_flow *f, uint64_t *sent, uint64_t over, int64_t us)
{
    for (;;) {
        uint64_t n = MIN((uint64_t)f->batch, f->tasks - *sent);
        if (n == 0 || may_send(f, *sent, over, us) < n)
            return 0;
        int r = submit(b, (size_t)n, !f->submit_only);
        if (r < 0)
            return r;
        *sent += n;
    }
}

int64_t bench_flow(struct bencher *b, const struct bench_flow *f)
{
    const uint64_t *counter = f->submit_only ? &b->accepted : &b->done;
    uint64_t before = *counter, sent = 0;
    int64_t began = clock_us();
    while (*counter - before < f->tasks) {
        int r = send_some(b, f, &sent, *counter - before, clock_us() - began);
        if (r == 0)
            r = take_all(b);
        if (r < 0)
            return r;
        if (clock_now() >= b->until)
            return stop(b, -ETIME, "the time was over before all tasks were done");
        if (*counter - before < f->tasks)
            rest(b, f->rate && sent < f->tasks ? 1 : 100);
    }
    return MAX(clock_us() - began, 1);
}

void bencher_done(struct bencher *b)
{
    buf_done(&b->in);
    buf_done(&b->out);
}

int64_t share_of(const int64_t *sorted, size_t n, double share)
{
    return n ? sorted[MIN((size_t)(share * (double)n), n - 1)] : 0;
}
