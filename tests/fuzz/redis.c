/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes what Redis answers: the real store and the real hiredis, whose connection ends in this process. Pieces are bytes from
 * Redis, or what the shell does meanwhile. */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "orchestrator/shell/store.h"
#include "proto/guard.h"

struct shell {
    struct store *store;
    int64_t now;
    struct lease_seen seen;
    uint64_t epoch;
    bool ready;
    unsigned given, forgotten, asked, answered, durable;
};

static int redis_end = -1; /* of the newest connection; -1 when there is none */

/* In place of libc's, for hiredis: the socket is one of a pair. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t n)
{
    int pair[2];
    (void)address, (void)n;
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    FUZZ_CHECK(dup2(pair[0], fd) == fd);
    close(pair[0]);
    if (redis_end >= 0)
        close(redis_end);
    redis_end = pair[1];
    return 0;
}

static void hang_up(void)
{
    if (redis_end >= 0)
        close(redis_end);
    redis_end = -1;
}

/* ---- what the store calls back ---- */

static void on_load(void *user)
{
    ((struct shell *)user)->ready = false;
}

static int on_loaded(void *user, enum rec kind, struct bytes value)
{
    (void)user;
    FUZZ_CHECK(kind < REC_COUNT);
    return guard_check(value) < 0 ? -EPROTO : 0;
}

static void on_ready(void *user)
{
    ((struct shell *)user)->ready = true;
}

static void on_durable(void *user, struct batch *b)
{
    struct shell *s = user;
    FUZZ_CHECK(b->says[0].to.n == 0 && b->says[0].body.n == 0); /* it is still there */
    s->durable++;
}

static void on_forget(void *user, struct batch *b)
{
    ((struct shell *)user)->forgotten++;
    batch_free(b);
}

static void on_text(void *user, const char *text)
{
    (void)user;
    FUZZ_CHECK(text[0] != '\0');
}

static void on_resumed(void *user)
{
    (void)user;
}

static void on_fenced(void *user, const char *why)
{
    ((struct shell *)user)->ready = false;
    on_text(user, why);
}

static void on_lost_data(void *user, bool again, const char *what)
{
    (void)again;
    on_text(user, what);
}

static const struct store_calls calls = {
    .on_load = on_load,
    .on_loaded = on_loaded,
    .on_ready = on_ready,
    .on_durable = on_durable,
    .on_forget = on_forget,
    .on_held = on_text,
    .on_resumed = on_resumed,
    .on_fenced = on_fenced,
    .on_lost_data = on_lost_data,
    .on_note = on_text,
};

static void on_answer(void *user, int r, const struct lease_seen *seen)
{
    struct shell *s = user;
    s->answered++;
    if (r == 0 && seen)
        s->seen = *seen;
}

/* ---- what the shell does ---- */

static void pump(struct shell *s, struct bytes none)
{
    (void)none;
    store_pump(s->store, store_events(s->store), s->now);
}

static void hear(struct shell *s, struct bytes answer)
{
    if (redis_end >= 0 && send(redis_end, answer.at, answer.n, MSG_NOSIGNAL) < 0)
        hang_up();
    pump(s, answer);
    pump(s, answer);
}

static void read_lease(struct shell *s, struct bytes none)
{
    (void)none;
    s->asked += store_lease_read(s->store, on_answer, s) == 0;
}

static void take_lease(struct shell *s, struct bytes none)
{
    (void)none;
    if (!store_open(s->store))
        return;
    s->epoch = MAX(s->seen.epoch, s->seen.pos_epoch) + 1;
    s->asked += store_lease_take(s->store, &s->seen, "me", s->epoch, on_answer, s) == 0;
    store_lead(s->store, "me", s->epoch);
}

static void keep_lease(struct shell *s, struct bytes n)
{
    s->asked += store_lease_renew(s->store, s->epoch, n.n, on_answer, s) == 0;
}

static void hand_over(struct shell *s, struct bytes none)
{
    (void)none;
    s->asked += store_lease_hand_over(s->store, s->epoch, on_answer, s) == 0;
    store_step_down(s->store);
}

/* One record a byte, and some batches that only say something. */
static void commit(struct shell *s, struct bytes changes)
{
    if (!s->ready || !store_can_commit(s->store))
        return;
    struct batch *b = NEW(struct batch);
    b->says = NEW(struct said);
    b->n_says = 1;
    b->ops = xalloc((changes.n + 1) * sizeof(*b->ops));
    for (size_t i = 0; i < changes.n; i++) {
        unsigned char what = (unsigned char)changes.at[i];
        b->ops[b->n_ops++] = (struct op){.kind = what % REC_COUNT,
                                         .drop = what % 3 == 0 && what % REC_COUNT != REC_entry,
                                         .id = {changes.at + i, 1},
                                         .value = BYTES("\x80")};
    }
    for (size_t i = 0; i < b->n_ops; i++) { /* the batch outlives the piece */
        char *id = arena_take(&b->arena, 1);
        *id = *b->ops[i].id.at;
        b->ops[i].id.at = id;
    }
    s->given++;
    store_commit(s->store, &b);
}

static void pass(struct shell *s, struct bytes time)
{
    s->now += 1 + (int64_t)(time.n ? (unsigned char)time.at[0] * 20 : 0);
    pump(s, time);
}

static void break_off(struct shell *s, struct bytes none)
{
    hang_up();
    pump(s, none);
}

static void (*const acts[])(struct shell *s, struct bytes bytes) = {
    hear, read_lease, take_lease, commit, keep_lease, pass, hand_over, break_off,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct set_state state = {.durability = durability_always,
                                           .timeout_ms = 2000,
                                           .batch = 4,
                                           .inflight = 4,
                                           .history = 1000};
    struct store_config config = {
        .realm = "fuzz", .url = "unix:/nowhere", .state = &state, .entries = 20};
    struct shell s = {.now = 1790000000000};
    struct bytes left = {(const char *)data, n};
    const char *why;
    FUZZ_CHECK(store_new(&config, &calls, &s, &s.store, &why) == 0);
    for (int i = 0; i < 3; i++) /* connects, and begins to ask */
        pump(&s, left);
    for (struct piece p; fuzz_piece(&left, &p);) {
        _cleanup_(fuzz_release) struct bytes bytes = fuzz_tight(p.bytes);
        acts[p.what % ARRAY_SIZE(acts)](&s, bytes);
    }
    store_free(s.store);
    hang_up();
    FUZZ_CHECK(s.forgotten == s.given && s.durable <= s.given);
    FUZZ_CHECK(s.answered == s.asked);
    return 0;
}
