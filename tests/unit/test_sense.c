/* SPDX-License-Identifier: MPL-2.0 */
/* H1 to H6 on the real core: samples in as bytes, health and events out. */
#include "core_harness.h"

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

static void two_kpis(struct world *w)
{
    world_open(w);
    rows[0] = kpi("lag", better_lower, 100, 500, 3);
    rows[1] = kpi("hits", better_higher, 90, 40, 1);
    w->config->kpis = (struct seq){rows, 2};
    world_lead(w);
}

static uint64_t sent = 1;

static void sample(struct world *w, const char *name, double value, int64_t at)
{
    struct msg_sample item = {bytes_of(name), value, at};
    struct msg_samples m = {BYTES("probe"), BYTES("i1"), sent++, {&item, 1}};
    world_feed(w, MSG_samples, &m, 1);
}

/* keep feeds both KPIs each 200 ms for a while. */
static void keep(struct world *w, double lag, double hits, int64_t ms)
{
    for (int64_t end = w->now + ms; w->now < end; world_run(w, 200)) {
        sample(w, "lag", lag, w->now);
        sample(w, "hits", hits, w->now);
    }
}

static void h1_refuses_and_counts(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    rows[0].highest = 1000;
    const struct {
        const char *name;
        double value;
        int64_t at;
        uint64_t *counter;
    } cases[] = {
        {"lag", NAN, 0, &w.h->counters.samples_nan},       {"lag", INFINITY, 0, &w.h->counters.samples_nan},
        {"none", 1, 0, &w.h->counters.samples_unknown},    {"lag", 1, 2001, &w.h->counters.samples_future},
        {"lag", 1, -10001, &w.h->counters.samples_old},    {"lag", 1001, 0, &w.h->counters.samples_absurd},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t before = *cases[i].counter;
        sample(&w, cases[i].name, cases[i].value, w.now + cases[i].at);
        assert_int_equal(*cases[i].counter, before + 1);
    }
    assert_int_equal(w.h->counters.samples_stored, 0);
    sample(&w, "lag", 5, w.now + 2000);
    assert_int_equal(w.h->counters.samples_stored, 1);
    world_close(&w);
}

static void h1_sent_is_stored_plus_lost(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    struct msg_sample items[5];
    for (size_t i = 0; i < 5; i++)
        items[i] = (struct msg_sample){BYTES("lag"), 100, w.now};
    struct msg_samples m = {BYTES("s"), BYTES("a"), 1, {items, 5}};
    world_feed(&w, MSG_samples, &m, 1);
    m.first = 11; /* 6..10 never came */
    world_feed(&w, MSG_samples, &m, 1);
    m.first = 13; /* 13..15 came before */
    world_feed(&w, MSG_samples, &m, 1);
    assert_int_equal(w.h->counters.samples_stored, 12);
    assert_int_equal(w.h->counters.samples_lost, 5);
    assert_int_equal(w.h->counters.samples_again, 3);
    struct source *s = w.h->sense.sources;
    assert_int_equal(s->next - s->joined, s->stored + s->lost + s->refused);
    m.instance = BYTES("b"); /* a new start of the source counts from there */
    m.first = 100;
    world_feed(&w, MSG_samples, &m, 1);
    assert_int_equal(w.h->counters.samples_lost, 5);
    world_close(&w);
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
    struct world w;
    two_kpis(&w);
    sample(&w, "lag", 300, w.now); /* score 50, weight 3 of 4 */
    struct health now = health_of(w.h, "realm");
    assert_float_equal(now.score, 50, 1e-9);
    assert_float_equal(now.low, 37.5, 1e-9);
    assert_float_equal(now.high, 62.5, 1e-9);
    assert_float_equal(now.coverage, 75, 1e-9);
    assert_false(now.known); /* under 80 % */
    sample(&w, "hits", 90, w.now);
    now = health_of(w.h, "realm");
    assert_float_equal(now.score, 62.5, 1e-9);
    assert_true(now.known);
    world_run(&w, 31000); /* nothing more comes: stale */
    assert_false(health_of(w.h, "realm").known);
    assert_float_equal(health_of(w.h, "realm").low, 0, 1e-9);
    assert_int_equal(world_events(&w, "kpi.stale"), 2);
    assert_int_equal(world_events(&w, "health.unknown"), 1);
    world_close(&w);
}

static void h4_enters_and_leaves_after_a_dwell(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    keep(&w, 100, 90, 12000);
    keep(&w, 500, 40, 9000); /* the window still holds good ones for a while, then the dwell of 10 s runs */
    assert_int_equal(world_events(&w, "health.bad"), 0);
    keep(&w, 500, 40, 14000);
    assert_int_equal(world_events(&w, "health.bad"), 1);
    keep(&w, 280, 65, 30000); /* 55: over 50, under 60: still bad */
    assert_int_equal(world_events(&w, "health.good"), 0);
    keep(&w, 100, 90, 50000);
    assert_int_equal(world_events(&w, "health.good"), 0); /* its dwell is 60 s */
    keep(&w, 100, 90, 30000);
    assert_int_equal(world_events(&w, "health.good"), 1);
    assert_int_equal(world_events(&w, "health.bad"), 1);
    world_close(&w);
}

static void h4_the_dwell_survives_a_restart(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    keep(&w, 500, 40, 6000);
    struct buf record = {0};
    struct scope *s = scope_get(w.h, BYTES("realm"));
    assert_true(s->r.windows > 0);
    int64_t since = s->r.since;
    struct_encode(&record, &schema_records[REC_alarm], &s->r);
    helios_free(w.h);
    w.h = helios_new(w.config, 1);
    assert_int_equal(helios_load(w.h, REC_alarm, buf_bytes(&record)), 0);
    helios_lead(w.h, 2, w.now);
    assert_int_equal(scope_get(w.h, BYTES("realm"))->r.since, since);
    buf_done(&record);
    world_close(&w);
}

static void h5_flapping_is_seen(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    w.config->health.window_ms = 1000;
    kpis_reload(w.h);
    for (int i = 0; i < 20; i++)
        keep(&w, i % 2 ? 100 : 500, i % 2 ? 90 : 40, 2000);
    assert_true(health_flapping(w.h, "realm"));
    keep(&w, 100, 90, 25000);
    assert_false(health_flapping(w.h, "realm"));
    world_close(&w);
}

static void h6_a_cause_on_fire_inhibits(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    rows[0] = kpi("lag", better_lower, 100, 500, 1);
    rows[1] = kpi("hits", better_higher, 90, 40, 1);
    cause_names[0] = BYTES("hits");
    rows[0].causes = (struct seq){cause_names, 1};
    w.config->kpis = (struct seq){rows, 2};
    world_lead(&w);
    sample(&w, "lag", 900, w.now);
    sample(&w, "hits", 80, w.now);
    assert_false(kpi_inhibited(w.h, kpi_find(w.h, BYTES("lag"))));
    keep(&w, 900, 10, 11000);
    assert_true(kpi_inhibited(w.h, kpi_find(w.h, BYTES("lag"))));
    world_close(&w);
}

static void command(struct world *w, const char *verb, const char *author, struct buf *args)
{
    struct msg_command m = {BYTES("1"), bytes_of(verb), args ? buf_bytes(args) : (struct bytes){0}, bytes_of(author)};
    world_feed(w, MSG_command, &m, 9);
}

static void h6_silences_need_author_reason_and_end(void **state)
{
    (void)state;
    struct world w;
    struct arena arena = {0};
    struct msg_reply reply;
    struct buf args = {0};
    struct pack p;
    two_kpis(&w);
    pack_init(&p, &args);
    pack_map(&p);
    pack_put_text(&p, "pattern", "health.*");
    pack_put_int(&p, "for_ms", 5000);
    pack_end(&p);
    command(&w, "silence", "ada", &args);
    assert_true(world_said(&w, MSG_reply, &reply, &arena) && !reply.ok); /* no reason */
    buf_clear(&args);
    pack_init(&p, &args);
    pack_map(&p);
    pack_put_text(&p, "pattern", "health.*");
    pack_put_text(&p, "reason", "deploy");
    pack_put_int(&p, "for_ms", 5000);
    pack_end(&p);
    command(&w, "silence", "ada", &args);
    assert_true(silenced(w.h, "health.bad", NULL));
    assert_false(silenced(w.h, "incident.opened", NULL));
    world_run(&w, 5100);
    assert_false(silenced(w.h, "health.bad", NULL));
    assert_int_equal(world_events(&w, "silence.ended"), 1);
    assert_int_equal(world_ops(&w, REC_silence, true), 1);
    buf_done(&args);
    arena_done(&arena);
    world_close(&w);
}

static void a_trend_warns_before_the_limit(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    w.config->trend.every_ms = 10000;
    sense_reload(w.h);
    for (int i = 0; i < 20; i++) /* 12 ms more each 10 s: 500 is met in about five minutes */
        keep(&w, 100 + 12 * i, 90, 10000);
    assert_int_equal(world_events(&w, "kpi.forecast"), 1);
    world_close(&w);
}

static void an_anomaly_is_told_once(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    for (int i = 0; i < 14; i++)
        keep(&w, 100 + i % 3, 90, 10000);
    keep(&w, 180, 90, 20000);
    assert_int_equal(world_events(&w, "kpi.anomaly"), 1);
    world_close(&w);
}

static void reload_keeps_windows(void **state)
{
    (void)state;
    struct world w;
    two_kpis(&w);
    sample(&w, "lag", 300, w.now);
    static struct set_kpi fresh[2];
    fresh[0] = rows[0];
    fresh[0].critical = 300;
    fresh[1] = kpi("errors", better_lower, 1, 10, 1);
    w.config->kpis = (struct seq){fresh, 2};
    sense_reload(w.h);
    assert_null(kpi_find(w.h, BYTES("hits")));
    assert_non_null(kpi_find(w.h, BYTES("errors")));
    sample(&w, "lag", 300, w.now);
    assert_float_equal(kpi_score(w.h, kpi_find(w.h, BYTES("lag"))), 0, 1e-9);
    assert_float_equal(health_of(w.h, "realm").coverage, 75, 1e-9);
    world_close(&w);
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
        cmocka_unit_test(an_anomaly_is_told_once),
        cmocka_unit_test(reload_keeps_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
