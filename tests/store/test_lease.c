/* SPDX-License-Identifier: MPL-2.0 */
/* When the lease is taken, renewed and given away (L1–L3), on a clock of numbers and a Redis of one
 * struct. */
#include <setjmp.h>
#include <stdarg.h>

#include "orchestrator/shell/lease.h"

#include <cmocka.h>

/* What lease.c asks of the store. An asked question waits in `answer` until the test lets it be
 * answered. */
static struct {
    bool open;
    struct lease_seen redis;
    store_answer *answer;
    void *user;
    enum { ASKED_NOTHING, ASKED_READ, ASKED_TAKE, ASKED_RENEW, ASKED_GIVE } asked;
    uint64_t lead, renew;
    unsigned fenced, went_back;
} fake;

static int ask(int what, store_answer *answer, void *user)
{
    if (!fake.open)
        return -ENOTCONN;
    assert_int_equal(fake.asked, ASKED_NOTHING); /* one question at a time */
    fake.asked = what;
    fake.answer = answer;
    fake.user = user;
    return 0;
}

bool store_open(const struct store *s)
{
    (void)s;
    return fake.open;
}

int store_lease_read(struct store *s, store_answer *answer, void *user)
{
    (void)s;
    return ask(ASKED_READ, answer, user);
}

int store_lease_take(struct store *s, const struct lease_seen *seen, const char *holder,
                     uint64_t epoch, store_answer *answer, void *user)
{
    (void)s;
    (void)seen;
    snprintf(fake.redis.holder, sizeof(fake.redis.holder), "%s", holder);
    fake.lead = epoch;
    return ask(ASKED_TAKE, answer, user);
}

int store_lease_renew(struct store *s, uint64_t epoch, uint64_t renew, store_answer *answer,
                      void *user)
{
    (void)s;
    assert_int_equal(epoch, fake.lead);
    assert_true(renew > fake.renew);
    fake.renew = renew;
    return ask(ASKED_RENEW, answer, user);
}

int store_lease_hand_over(struct store *s, uint64_t epoch, store_answer *answer, void *user)
{
    (void)s;
    (void)epoch;
    return ask(ASKED_GIVE, answer, user);
}

void store_lead(struct store *s, const char *holder, uint64_t epoch)
{
    (void)s;
    assert_string_equal(holder, "me");
    assert_int_equal(epoch, fake.lead);
}

void store_fenced(struct store *s, const char *why)
{
    (void)s;
    (void)why;
    fake.fenced++;
}

void store_went_back(struct store *s, uint64_t epoch, uint64_t seen)
{
    (void)s;
    assert_true(epoch <= seen);
    fake.went_back++;
}

static int let_answer(int r)
{
    int what = fake.asked;
    fake.asked = ASKED_NOTHING;
    fake.answer(fake.user, r, what == ASKED_READ && r == 0 ? &fake.redis : NULL);
    return what;
}

static void begin(struct lease *l, const char *holder, uint64_t epoch)
{
    memset(&fake, 0, sizeof(fake));
    fake.open = true;
    fake.redis = (struct lease_seen){.epoch = epoch, .renew = 5, .exists = epoch > 0};
    snprintf(fake.redis.holder, sizeof(fake.redis.holder), "%s", holder);
    lease_init(l, NULL, "me");
}

/* watch ticks each 100 ms with an answer at once, until it takes the lease or the time is over;
 * answers when. */
static int64_t watch(struct lease *l, int64_t from, int64_t to, bool alive)
{
    for (int64_t now = from; now <= to; now += 100) {
        fake.redis.renew += alive;
        lease_tick(l, now);
        if (fake.asked == ASKED_READ)
            let_answer(0);
        if (fake.asked == ASKED_TAKE)
            return now;
    }
    return 0;
}

static void l1_a_live_leader_is_left_alone(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "other", 3);
    assert_int_equal(watch(&l, 10000, 20000, true), 0);
}

static void l1_taken_after_1500_ms_without_change(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "other", 3);
    watch(&l, 10000, 15000, true);
    assert_int_equal(watch(&l, 15100, 20000, false), 16500); /* its last change was seen at 15000 */
    assert_int_equal(fake.lead, 4);
    let_answer(0);
    assert_true(lease_leads(&l));
}

static void l1_what_was_not_watched_proves_nothing(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "other", 3);
    watch(&l, 10000, 11000, false);
    fake.open = false; /* Redis is away for a minute, for the leader as well */
    assert_int_equal(watch(&l, 11100, 71000, false), 0);
    fake.open = true;
    assert_int_equal(watch(&l, 71100, 80000, false), 72600);
}

static void l1_free_leases_are_taken_at_once(void **state)
{
    static const struct {
        const char *holder;
        uint64_t epoch, pos_epoch, expected;
    } rows[] = {
        {"", 0, 0, 1},   /* a new realm */
        {"", 0, 9, 10},  /* the lease was lost, the commits were not */
        {"", 4, 4, 5},   /* handed over */
        {"me", 4, 3, 5}, /* an earlier process on our data directory */
    };
    struct lease l;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        begin(&l, rows[i].holder, rows[i].epoch);
        fake.redis.pos_epoch = rows[i].pos_epoch;
        assert_int_equal(watch(&l, 1000, 5000, false), 1000);
        assert_int_equal(fake.lead, rows[i].expected);
    }
}

static void l1_who_comes_second_waits_again(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "", 4);
    watch(&l, 1000, 1000, false);
    snprintf(fake.redis.holder, sizeof(fake.redis.holder), "faster");
    let_answer(-ESTALE);
    assert_false(lease_leads(&l));
    assert_int_equal(watch(&l, 1100, 9000, false), 2600);
}

static int64_t left_to_others(void *user)
{
    return *(int64_t *)user;
}

/* Behind a keeper: whoever leads less is faster. The wait is asked for anew at each look. */
static void realms_spread_by_waiting(void **state)
{
    static const struct {
        const char *holder;
        uint64_t epoch;
        int64_t wait, expected; /* when it is taken, first seen at 1000 */
    } rows[] = {
        {"", 0, 0, 1000},    {"", 0, 30, 1030},   {"", 4, 730, 1730},     /* free */
        {"other", 4, 0, 2500}, {"other", 4, 30, 2530}, {"other", 4, 1950, 4450}, /* stale */
        {"me", 4, 1950, 1000},                                              /* ours: of an earlier process */
    };
    struct lease l;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t wait = rows[i].wait, taken = 0;
        begin(&l, rows[i].holder, rows[i].epoch);
        l.wait_ms = left_to_others;
        l.wait_user = &wait;
        for (int64_t now = 1000; now <= 9000 && !taken; now = MAX(now + 1, lease_tick(&l, now))) {
            lease_tick(&l, now);
            if (fake.asked == ASKED_READ)
                let_answer(0);
            taken = fake.asked == ASKED_TAKE ? now : 0;
        }
        assert_int_equal(taken, rows[i].expected);
        assert_true(lease_claims(&l) && !lease_leads(&l));
        let_answer(-ESTALE);
        assert_false(lease_claims(&l));
    }
}

static void what_is_renewed_is_left_alone_however_long_the_wait(void **state)
{
    struct lease l;
    int64_t wait = 30;
    (void)state;
    begin(&l, "other", 3);
    l.wait_ms = left_to_others;
    l.wait_user = &wait;
    assert_int_equal(watch(&l, 10000, 15000, true), 0);
    assert_int_equal(watch(&l, 15100, 20000, false), 16600); /* 1.53 s after 15000, at the look of each 100 ms of `watch` */
}

/* Found by tests/chaos/test_destroyed.py: a standby took epoch 1 again at once, and nobody noticed what was gone. */
static void c7_an_epoch_never_comes_again(void **state)
{
    static const struct lease_seen less[] = {{.holder = ""}, {.holder = "older", .epoch = 2, .pos_epoch = 2, .exists = true}};
    struct lease l;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(less); i++) {
        begin(&l, "other", 7);
        watch(&l, 1000, 2000, true);
        fake.redis = less[i];
        assert_int_equal(watch(&l, 2100, 9000, false), 3600); /* who leads may bring it back until then */
        assert_int_equal(fake.went_back, 1);
        assert_int_equal(fake.lead, 8);
    }
}

static void c7_our_own_epoch_never_comes_again(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "", 6);
    watch(&l, 1000, 1000, false);
    let_answer(0);
    fake.redis = (struct lease_seen){.holder = "other", .epoch = 3, .exists = true};
    lease_lost(&l);
    assert_int_equal(watch(&l, 2000, 9000, false), 3500);
    assert_int_equal(fake.went_back, 1);
    assert_int_equal(fake.lead, 8);
}

/* An older snapshot, and a controller that was dead meanwhile leads in an epoch that was ours: it is fenced. */
static void c7_who_leads_in_an_epoch_of_the_past_is_relieved(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "other", 6);
    watch(&l, 1000, 2000, true);
    fake.redis = (struct lease_seen){.holder = "third", .epoch = 6, .exists = true};
    assert_int_equal(watch(&l, 2100, 9000, true), 3600);
    assert_int_equal(fake.went_back, 1);
    assert_int_equal(fake.lead, 7);
}

static void c7_who_leads_in_our_own_epoch_is_relieved(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "", 6);
    watch(&l, 1000, 1000, false);
    let_answer(0);
    fake.redis = (struct lease_seen){.holder = "third", .epoch = 7, .exists = true};
    lease_lost(&l);
    assert_int_equal(watch(&l, 2000, 9000, true), 3500);
    assert_int_equal(fake.lead, 8);
}

static void c7_what_was_brought_back_is_as_it_was(void **state)
{
    struct lease l;
    (void)state;
    begin(&l, "other", 7);
    watch(&l, 1000, 2000, true);
    fake.redis = (struct lease_seen){.holder = ""};
    watch(&l, 2100, 2500, false);
    fake.redis = (struct lease_seen){.holder = "other", .epoch = 7, .exists = true};
    assert_int_equal(watch(&l, 2600, 9000, true), 0);
    assert_int_equal(fake.went_back, 1);
}

static void lead(struct lease *l, int64_t now)
{
    begin(l, "", 0);
    watch(l, now, now, false);
    let_answer(0);
    assert_true(lease_good(l, now));
}

static void l2_good_for_a_second_from_the_send_time(void **state)
{
    struct lease l;
    (void)state;
    lead(&l, 1000);
    assert_int_equal(lease_tick(&l, 1000), 1300); /* L1: each 300 ms */
    lease_tick(&l, 1300);
    assert_int_equal(fake.asked, ASKED_RENEW);
    assert_int_equal(lease_tick(&l, 1900), INT64_MAX); /* the answer is awaited */
    assert_true(lease_good(&l, 1999));
    assert_false(lease_good(&l, 2000)); /* no answer since that of 1000 */
    let_answer(0);                      /* it was sent at 1300, so it is good until 2300 */
    assert_true(lease_good(&l, 2299));
    assert_false(lease_good(&l, 2300));
}

static void l2_an_unknown_outcome_renews_nothing(void **state)
{
    struct lease l;
    (void)state;
    lead(&l, 1000);
    lease_tick(&l, 1300);
    let_answer(-EIO);
    assert_false(lease_good(&l, 2000));
    assert_true(lease_leads(&l)); /* it leads still, and may not act */
    lease_tick(&l, 2000);
    let_answer(-ESTALE);
    assert_int_equal(fake.fenced, 1);
    lease_lost(&l);
    assert_false(lease_leads(&l));
}

static void l3_a_clean_stop_gives_it_away(void **state)
{
    struct lease l;
    (void)state;
    lead(&l, 1000);
    lease_tick(&l, 1300);
    lease_hand_over(&l);
    let_answer(0); /* that of the renewal */
    lease_tick(&l, 1310);
    assert_int_equal(let_answer(0), ASKED_GIVE);
    assert_int_equal(l.state, LEASE_DONE);
    assert_int_equal(lease_tick(&l, 1400), INT64_MAX);
    begin(&l, "other", 3); /* who does not lead has nothing to give */
    lease_hand_over(&l);
    assert_int_equal(l.state, LEASE_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(l1_a_live_leader_is_left_alone),
        cmocka_unit_test(l1_taken_after_1500_ms_without_change),
        cmocka_unit_test(l1_what_was_not_watched_proves_nothing),
        cmocka_unit_test(l1_free_leases_are_taken_at_once),
        cmocka_unit_test(l1_who_comes_second_waits_again),
        cmocka_unit_test(realms_spread_by_waiting),
        cmocka_unit_test(what_is_renewed_is_left_alone_however_long_the_wait),
        cmocka_unit_test(c7_an_epoch_never_comes_again),
        cmocka_unit_test(c7_our_own_epoch_never_comes_again),
        cmocka_unit_test(c7_who_leads_in_an_epoch_of_the_past_is_relieved),
        cmocka_unit_test(c7_who_leads_in_our_own_epoch_is_relieved),
        cmocka_unit_test(c7_what_was_brought_back_is_as_it_was),
        cmocka_unit_test(l2_good_for_a_second_from_the_send_time),
        cmocka_unit_test(l2_an_unknown_outcome_renews_nothing),
        cmocka_unit_test(l3_a_clean_stop_gives_it_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
