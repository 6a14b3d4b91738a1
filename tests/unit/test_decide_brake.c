/* SPDX-License-Identifier: MPL-2.0 */
/* X9 on the real core: what vanishes at once freezes automation; what leaves one by one, on purpose, or while we slept does not. */
#include "realm_harness.h"

#define KPIS 8
#define AGENTS 10

static struct set_kpi rows[KPIS];
static char names[KPIS][8];

static void hello(struct core *c, int i)
{
    char id[16];
    snprintf(id, sizeof(id), "a%d", i);
    struct msg_hello m = {.agent = bytes_of(id), .instance = BYTES("i"), .swarm = BYTES("backend"), .slots = 1};
    core_send(c, i, MSG_hello, &m);
    c->beating[i] = true;
}

static struct core *realm(void)
{
    struct core *c = core_new();
    for (int i = 0; i < KPIS; i++) {
        snprintf(names[i], sizeof(names[i]), "k%d", i);
        rows[i] = (struct set_kpi){.name = bytes_of(names[i]), .unit = BYTES(""), .title = BYTES(""), .swarm = BYTES(""),
                                   .category = BYTES(""), .target = 1, .critical = 10, .weight = 1, .stale_ms = 5000,
                                   .lowest = -1e12, .highest = 1e12};
    }
    c->config.kpis = (struct seq){rows, KPIS};
    core_lead(c);
    for (int i = 0; i < AGENTS; i++)
        hello(c, i);
    core_turn(c);
    return c;
}

static uint64_t sent = 1;

/* feed sends the first n KPIs' samples each second for a while. */
static void feed(struct core *c, size_t n, int seconds)
{
    for (int s = 0; s < seconds; s++, core_pass(c, 1000)) {
        struct msg_sample items[KPIS];
        for (size_t i = 0; i < n; i++)
            items[i] = (struct msg_sample){rows[i].name, 1, c->now};
        struct msg_samples m = {BYTES("s"), BYTES("i"), sent, {items, n}};
        sent += n;
        if (n)
            core_send(c, 40, MSG_samples, &m);
    }
}

static void most_kpis_vanish(void **state)
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    feed(c, 3, 10); /* 5 of 8 */
    assert_true(c->h->frozen);
    assert_non_null(core_event(c, EVENT_realm_frozen));
    core_free(c);
}

static void half_of_the_kpis_vanish(void **state)
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    feed(c, 4, 10);
    assert_false(c->h->frozen);
    core_free(c);
}

static void what_is_only_watched_does_not_count(void **state)
{
    (void)state;
    struct core *c = realm();
    for (int i = 4; i < KPIS; i++)
        rows[i].weight = 0;
    feed(c, KPIS, 15);
    feed(c, 3, 10); /* one of four that count, and four that do not */
    assert_false(c->h->frozen);
    core_free(c);
}

static void many_agents_are_lost(void **state)
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    for (int i = 0; i < 3; i++) /* 30 % */
        c->beating[i] = false;
    feed(c, KPIS, 6);
    assert_true(c->h->frozen);
    core_free(c);
}

static void two_agents_are_no_mass(void **state)
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    c->beating[0] = c->beating[1] = false;
    feed(c, KPIS, 6);
    assert_int_equal(c->h->counters.agents_lost, 2);
    assert_false(c->h->frozen);
    core_free(c);
}

static void agents_are_lost_one_by_one(void **state)
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    for (int i = 0; i < 4; i++) {
        c->beating[i] = false;
        feed(c, KPIS, 5);
    }
    assert_int_equal(c->h->counters.agents_lost, 4);
    assert_false(c->h->frozen);
    core_free(c);
}

static void agents_leave_on_purpose(void **state) /* A9 */
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    struct msg_bye bye = {.reason = BYTES("upgrade")};
    for (int i = 0; i < 8; i++) {
        core_send(c, i, MSG_bye, &bye);
        c->beating[i] = false;
    }
    feed(c, KPIS, 6);
    assert_false(c->h->frozen);
    core_free(c);
}

static void our_own_pause_does_not_count(void **state) /* L6 */
{
    (void)state;
    struct core *c = realm();
    feed(c, KPIS, 15);
    c->now += 60000; /* no tick, nothing read */
    feed(c, KPIS, 6);
    assert_false(c->h->frozen);
    core_free(c);
}

static void it_can_be_switched_off(void **state)
{
    (void)state;
    struct core *c = realm();
    c->config.brake.enabled = false;
    feed(c, KPIS, 15);
    feed(c, 0, 10);
    assert_false(c->h->frozen);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_kpis_vanish),           cmocka_unit_test(half_of_the_kpis_vanish),
        cmocka_unit_test(what_is_only_watched_does_not_count), cmocka_unit_test(many_agents_are_lost),       cmocka_unit_test(two_agents_are_no_mass),
        cmocka_unit_test(agents_are_lost_one_by_one), cmocka_unit_test(agents_leave_on_purpose),
        cmocka_unit_test(our_own_pause_does_not_count), cmocka_unit_test(it_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
