/* SPDX-License-Identifier: MPL-2.0 */
/* H1 to H6 on the real core: samples in as bytes, health and events out. */
#include "realm_harness.h"

#include <math.h>

#include "orchestrator/sense/health.h"
#include "orchestrator/sense/kpi.h"
#include "orchestrator/sense/source.h"

static struct set_kpi kpi(const char *name, enum better better, double target, double critical, double weight)
{
    return (struct set_kpi){.name = bytes_of(name), .unit = BYTES("ms"), .title = BYTES(""), .swarm = BYTES(""),
                            .category = BYTES(""), .better = better, .target = target, .critical = critical,
                            .weight = weight, .measure = measure_mean, .stale_ms = 30000, .lowest = -1e12,
                            .highest = 1e12, .tolerance = 10, .impact = 1};
}

static struct set_kpi rows[3];
static struct bytes cause_names[1];

static struct core *two_kpis(void)
{
    struct core *c = core_new();
    rows[0] = kpi("lag", better_lower, 100, 500, 3);
    rows[1] = kpi("hits", better_higher, 90, 40, 1);
    c->config.kpis = (struct seq){rows, 2};
    core_lead(c);
    return c;
}

static uint64_t sent = 1;

/* events_of counts the events of this topic about this id (NULL = any) that were said so far. */
static size_t events_of(struct core *c, const char *topic, const char *id)
{
    size_t n = 0;
    list_each (s, &c->said, struct core_said, link) {
        struct bytes body = {s->body, s->n};
        n += s->which == MSG_event && bytes_is(map_str(body, "topic", ""), topic) &&
             (id == NULL || bytes_is(map_str(body, "id", ""), id));
    }
    return n;
}

static size_t events(struct core *c, const char *topic)
{
    return events_of(c, topic, NULL);
}

static void sample(struct core *c, const char *name, double value, int64_t at)
{
    struct msg_sample item = {bytes_of(name), value, at};
    struct msg_samples m = {BYTES("probe"), BYTES("i1"), sent++, {&item, 1}};
    core_send(c, 1, MSG_samples, &m);
    core_turn(c);
}

/* hostile sends a value that our own encoder would not write: the bytes of 1234.5 are replaced. */
static void hostile(struct core *c, double value)
{
    struct msg_sample item = {BYTES("lag"), 1234.5, c->now};
    struct msg_samples m = {BYTES("probe"), BYTES("i1"), sent++, {&item, 1}};
    struct buf bytes = {0};
    struct routing from = core_route(1);
    uint64_t good, bad;
    double was = item.value;
    memcpy(&good, &was, sizeof(good));
    memcpy(&bad, &value, sizeof(bad));
    good = __builtin_bswap64(good);
    bad = __builtin_bswap64(bad);
    message_encode(&bytes, MSG_samples, &m);
    char *place = memmem(bytes.at, bytes.n, &good, sizeof(good));
    assert_non_null(place);
    memcpy(place, &bad, sizeof(bad));
    helios_message(c->h, ENDPOINT_kpi, &from, buf_bytes(&bytes), c->now);
    buf_done(&bytes);
}

/* keep feeds both KPIs each 200 ms for a while. */
static void keep(struct core *c, double lag, double hits, int64_t ms)
{
    for (int64_t end = c->now + ms; c->now < end; core_pass(c, 200)) {
        sample(c, "lag", lag, c->now);
        sample(c, "hits", hits, c->now);
    }
}

static void h1_refuses_and_counts(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    rows[0].highest = 1000;
    sense_reload(c->h);
    const struct {
        const char *name;
        double value;
        int64_t at;
        uint64_t *counter;
    } cases[] = {
        {"none", 1, 0, &c->h->counters.samples_unknown},    {"lag", 1, 2001, &c->h->counters.samples_future},
        {"lag", 1, -10001, &c->h->counters.samples_old},    {"lag", 1001, 0, &c->h->counters.samples_absurd},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t before = *cases[i].counter;
        sample(c, cases[i].name, cases[i].value, c->now + cases[i].at);
        assert_int_equal(*cases[i].counter, before + 1);
    }
    hostile(c, NAN);
    hostile(c, -INFINITY);
    assert_int_equal(c->h->counters.samples_nan, 2);
    assert_int_equal(c->h->counters.samples_stored, 0);
    sample(c, "lag", 5, c->now + 2000);
    assert_int_equal(c->h->counters.samples_stored, 1);
    core_free(c);
}

static void h1_sent_is_stored_plus_lost(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    struct msg_sample items[5];
    for (size_t i = 0; i < 5; i++)
        items[i] = (struct msg_sample){BYTES("lag"), 100, c->now};
    struct msg_samples m = {BYTES("s"), BYTES("a"), 1, {items, 5}};
    core_send(c, 1, MSG_samples, &m);
    m.first = 11; /* 6..10 never came */
    core_send(c, 1, MSG_samples, &m);
    m.first = 13; /* 13..15 came before */
    core_send(c, 1, MSG_samples, &m);
    assert_int_equal(c->h->counters.samples_stored, 12);
    assert_int_equal(c->h->counters.samples_lost, 5);
    assert_int_equal(c->h->counters.samples_again, 3);
    struct source *s = c->h->sense.sources;
    assert_int_equal(s->next - s->joined, s->stored + s->lost + s->refused);
    m.instance = BYTES("b"); /* a new start of the source counts from there */
    m.first = 100;
    core_send(c, 1, MSG_samples, &m);
    assert_int_equal(c->h->counters.samples_lost, 5);
    core_free(c);
}

static void h2_score_is_linear_both_ways(void **state)
{
    (void)state;
    struct set_kpi low = kpi("a", better_lower, 100, 500, 1), high = kpi("b", better_higher, 90, 40, 1);
    const struct {
        const struct set_kpi *k;
        double value, score;
    } cases[] = {{&low, 50, 100}, {&low, 100, 100}, {&low, 300, 50}, {&low, 500, 0}, {&low, 900, 0},
                 {&high, 95, 100}, {&high, 65, 50},  {&high, 40, 0},  {&high, 0, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_float_equal(kpi_score_of(cases[i].k, cases[i].value), cases[i].score, 1e-9);
}

static void h3_missing_data_never_lifts_the_score(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    sample(c, "lag", 300, c->now); /* score 50, weight 3 of 4 */
    struct health now = health_of(c->h, "realm");
    assert_float_equal(now.score, 50, 1e-9);
    assert_float_equal(now.low, 37.5, 1e-9);
    assert_float_equal(now.high, 62.5, 1e-9);
    assert_float_equal(now.coverage, 75, 1e-9);
    assert_false(now.known); /* under 80 % */
    sample(c, "hits", 90, c->now);
    now = health_of(c->h, "realm");
    assert_float_equal(now.score, 62.5, 1e-9);
    assert_true(now.known);
    core_pass(c, 31000); /* nothing more comes: stale */
    assert_false(health_of(c->h, "realm").known);
    assert_float_equal(health_of(c->h, "realm").low, 0, 1e-9);
    assert_int_equal(events(c, "kpi.stale"), 2);
    assert_int_equal(events(c, "health.unknown"), 1);
    core_free(c);
}

static void h4_enters_and_leaves_after_a_dwell(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    keep(c, 100, 90, 12000);
    keep(c, 500, 40, 9000); /* the window still holds good ones for a while, then the dwell of 10 s runs */
    assert_int_equal(events(c, "health.bad"), 0);
    keep(c, 500, 40, 14000);
    assert_int_equal(events(c, "health.bad"), 1);
    keep(c, 280, 65, 30000); /* 55: over 50, under 60: still bad */
    assert_int_equal(events(c, "health.good"), 0);
    keep(c, 100, 90, 50000);
    assert_int_equal(events(c, "health.good"), 0); /* its dwell is 60 s */
    keep(c, 100, 90, 30000);
    assert_int_equal(events(c, "health.good"), 1);
    assert_int_equal(events(c, "health.bad"), 1);
    core_free(c);
}

static void h4_the_dwell_survives_a_restart(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    keep(c, 500, 40, 6000);
    int64_t since = scope_get(c->h, BYTES("realm"))->r.since;
    assert_true(since > 0);
    core_restart(c);
    assert_int_equal(scope_get(c->h, BYTES("realm"))->r.since, since);
    assert_true(scope_get(c->h, BYTES("realm"))->r.windows > 0);
    core_free(c);
}

static void h5_flapping_is_seen(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    c->config.health.window_ms = 1000;
    kpis_reload(c->h);
    for (int i = 0; i < 20; i++)
        keep(c, i % 2 ? 100 : 500, i % 2 ? 90 : 40, 2000);
    assert_true(health_flapping(c->h, "realm"));
    keep(c, 100, 90, 25000);
    assert_false(health_flapping(c->h, "realm"));
    core_free(c);
}

static void h6_a_cause_on_fire_inhibits(void **state)
{
    (void)state;
    struct core *c = core_new();
    rows[0] = kpi("lag", better_lower, 100, 500, 1);
    rows[1] = kpi("hits", better_higher, 90, 40, 1);
    cause_names[0] = BYTES("hits");
    rows[0].causes = (struct seq){cause_names, 1};
    c->config.kpis = (struct seq){rows, 2};
    core_lead(c);
    sample(c, "lag", 900, c->now);
    sample(c, "hits", 80, c->now);
    assert_false(kpi_inhibited(c->h, kpi_find(c->h, BYTES("lag"))));
    keep(c, 900, 10, 11000);
    assert_true(kpi_inhibited(c->h, kpi_find(c->h, BYTES("lag"))));
    core_free(c);
}

static void h6_silences_need_author_reason_and_end(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    struct buf args = {0};
    assert_false(core_ask(c, 9, true, "silence", core_args(&args, "pattern", "health.*", "for_ms", "5000", NULL))->ok);
    core_args(&args, "pattern", "health.*", "for_ms", "5000", "reason", "deploy", NULL);
    assert_true(core_ask(c, 9, true, "silence", &args)->ok);
    assert_true(silenced(c->h, "health.bad", NULL));
    assert_false(silenced(c->h, "incident.opened", NULL));
    core_restart(c);
    assert_true(silenced(c->h, "health.bad", NULL));
    core_pass(c, 5100);
    assert_false(silenced(c->h, "health.bad", NULL));
    assert_int_equal(events(c, "silence.ended"), 1);
    core_restart(c);
    assert_null(c->h->sense.silences);
    buf_done(&args);
    core_free(c);
}

static void a_trend_warns_before_the_limit(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    c->config.trend.every_ms = 10000;
    sense_reload(c->h);
    for (int i = 0; i < 20; i++) /* 12 ms more each 10 s: 500 is met in about five minutes */
        keep(c, 100 + 12 * i, 90, 10000);
    assert_int_equal(events_of(c, "kpi.forecast", "lag"), 1);
    core_free(c);
}

/* The slopes of many KPIs are found over many turns, each once a period: no turn is long (Z6). */
static void trends_of_many_take_many_turns(void **state)
{
    (void)state;
    enum { MANY = 50 };
    static struct set_kpi many[MANY];
    static char names[MANY][8];
    struct core *c = core_new();
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "k%d", i);
        many[i] = kpi(names[i], better_lower, 100, 500, 1);
    }
    c->config.kpis = (struct seq){many, MANY};
    core_lead(c);
    for (int second = 0; second < 295; second++, core_pass(c, 1000))
        for (int i = 0; second % 5 == 0 && i < MANY; i++)
            sample(c, names[i], 100 + second, c->now);
    core_forget_said(c);
    core_pass(c, 10000);
    assert_in_range(events(c, "kpi.trend"), MANY / 5, MANY); /* at most five at once */
    size_t found = 0;
    for (struct msg_event *e; (e = core_event(c, EVENT_kpi_trend));) {
        struct walk walk = walk_of(map_get(e->data, "trends").whole);
        struct value item;
        while (walk_item(&walk, &item)) /* but for those that the controller computes itself */
            found += map_str(item.whole, "name", "").n <= strlen("k49");
    }
    assert_int_equal(found, MANY);
    core_free(c);
}

static void an_anomaly_is_told_once(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    for (int i = 0; i < 14; i++)
        keep(c, 100 + i % 3, 90, 10000);
    keep(c, 180, 90, 20000);
    assert_int_equal(events_of(c, "kpi.anomaly", "lag"), 1);
    core_free(c);
}

static void reload_keeps_windows(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    sample(c, "lag", 300, c->now);
    static struct set_kpi fresh[2];
    fresh[0] = rows[0];
    fresh[0].critical = 300;
    fresh[1] = kpi("errors", better_lower, 1, 10, 1);
    c->config.kpis = (struct seq){fresh, 2};
    sense_reload(c->h);
    assert_null(kpi_find(c->h, BYTES("hits")));
    assert_non_null(kpi_find(c->h, BYTES("errors")));
    sample(c, "lag", 300, c->now);
    assert_float_equal(kpi_score(c->h, kpi_find(c->h, BYTES("lag"))), 0, 1e-9);
    assert_float_equal(health_of(c->h, "realm").coverage, 75, 1e-9);
    core_free(c);
}

static char twenty[20][16]; /* names */

/* The round of this number: samples of so many KPIs, in steps of `step`, but for the one that is left out. */
static void send_round(struct core *c, const char *source, uint64_t number, int kpis, int step, int left_out)
{
    struct msg_sample items[20];
    size_t n = 0;
    for (int i = 0, k = 0; i < kpis; i++, k = (k + step) % kpis)
        if (k != left_out)
            items[n++] = (struct msg_sample){bytes_of(twenty[k]), k + 100.0 * (double)number, c->now};
    struct msg_samples m = {bytes_of(source), BYTES("i"), 1 + 20 * number, {items, n}};
    core_send(c, 1, MSG_samples, &m);
}

static struct core *twenty_kpis(void)
{
    static struct set_kpi many[20];
    struct core *c = core_new();
    for (int i = 0; i < 20; i++) {
        snprintf(twenty[i], sizeof(twenty[i]), "k%d", i);
        many[i] = kpi(twenty[i], better_lower, 0, 1000, 1);
        many[i].measure = measure_last;
    }
    c->config.kpis = (struct seq){many, 20};
    core_lead(c);
    return c;
}

/* Whatever a source names, in whichever order, each reading gets to its own KPI: what is expected next is only a guess. */
static void readings_get_to_their_kpi(void **state)
{
    (void)state;
    struct core *c = twenty_kpis();
    const struct {
        int kpis, step, left_out;
    } rounds[] = {{20, 1, -1}, {20, 1, -1}, {20, 1, 7}, {20, 1, 0}, {20, 1, 19}, {20, 3, -1}, {20, 3, -1},
                  {5, 1, -1},  {5, 2, 3},   {20, 7, 7}, {1, 1, -1}, {1, 1, -1},  {20, 1, -1}, {12, 5, 11}};
    for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
        uint64_t stored = c->h->counters.samples_stored;
        if (i == 9)
            sense_reload(c->h);
        core_pass(c, 10);
        send_round(c, i % 2 ? "s1" : "s2", (uint64_t)i, rounds[i].kpis, rounds[i].step, rounds[i].left_out);
        assert_int_equal(c->h->counters.samples_stored - stored, rounds[i].kpis - (rounds[i].left_out >= 0));
        for (int k = 0; k < rounds[i].kpis; k++)
            if (k != rounds[i].left_out)
                assert_float_equal(kpi_value(c->h, kpi_find(c->h, bytes_of(twenty[k]))), k + 100.0 * (double)i, 1e-9);
    }
    core_free(c);
}

/* However many sources there are, what they remember is bounded by the number of KPIs. */
static void sources_remember_a_bounded_round(void **state)
{
    (void)state;
    struct core *c = twenty_kpis();
    for (int i = 0; i < 50; i++) {
        char source[16];
        snprintf(source, sizeof(source), "s%d", i);
        send_round(c, source, 1, 20, 1, -1);
    }
    assert_int_equal(c->h->counters.samples_stored, 50 * 20);
    assert_in_range(c->h->sense.recalled, 20, RECALLED_PER_KPI * HASH_COUNT(c->h->sense.kpis));
    sense_reload(c->h);
    assert_int_equal(c->h->sense.recalled, 0);
    core_free(c);
}

/* A score by a quantile follows each batch; in between nobody pays for quantiles. */
static void a_quantile_is_scored(void **state)
{
    (void)state;
    struct core *c = two_kpis();
    rows[0].measure = measure_p95;
    sense_reload(c->h);
    for (int i = 1; i <= 100; i++)
        sample(c, "lag", i, c->now);
    assert_float_equal(kpi_value(c->h, kpi_find(c->h, BYTES("lag"))), 95, 1);
    for (int i = 0; i < 30; i++) {
        core_pass(c, 500);
        sample(c, "lag", 300, c->now);
    }
    assert_float_equal(kpi_value(c->h, kpi_find(c->h, BYTES("lag"))), 300, 3);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h1_refuses_and_counts),
        cmocka_unit_test(h1_sent_is_stored_plus_lost),
        cmocka_unit_test(h2_score_is_linear_both_ways),
        cmocka_unit_test(h3_missing_data_never_lifts_the_score),
        cmocka_unit_test(h4_enters_and_leaves_after_a_dwell),
        cmocka_unit_test(h4_the_dwell_survives_a_restart),
        cmocka_unit_test(h5_flapping_is_seen),
        cmocka_unit_test(h6_a_cause_on_fire_inhibits),
        cmocka_unit_test(h6_silences_need_author_reason_and_end),
        cmocka_unit_test(a_trend_warns_before_the_limit),
        cmocka_unit_test(trends_of_many_take_many_turns),
        cmocka_unit_test(an_anomaly_is_told_once),
        cmocka_unit_test(reload_keeps_windows),
        cmocka_unit_test(readings_get_to_their_kpi),
        cmocka_unit_test(sources_remember_a_bounded_round),
        cmocka_unit_test(a_quantile_is_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
