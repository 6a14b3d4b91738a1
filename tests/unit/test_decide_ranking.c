/* SPDX-License-Identifier: MPL-2.0 */
/* What is found and in which order it is mended: bottlenecks, priorities, learned success, budgets;
 * and how it is told. */
#include "shop_harness.h"

#include "orchestrator/decide/learned.h"
#include "orchestrator/decide/priority.h"
#include "orchestrator/decide/report.h"
#include "proto/json.h"

static struct shop *seen(void)
{
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->noise = 0;
    shop_lead(s);
    shop_run(s, 7000);
    return s;
}

static void bottlenecks_have_severity_and_order(void **state)
{
    (void)state;
    struct shop *s = seen(); /* page 800 of 200..1000: score 25; api 210 of 50..250: 20 */
    struct bottlenecks b = bottlenecks_find(s->c->h, 20, (struct seq){0}, false);
    assert_int_equal(b.n, 2);
    assert_string_equal(b.at[0].config->name.at, "api_time");
    assert_true(b.at[0].score > 19.9 && b.at[0].score < 20.1 &&
                b.at[0].severity + b.at[0].score == 100);
    assert_int_equal(b.at[0].urgency, b.at[0].severity >= 80 ? 1 : 2);
    assert_string_equal(b.at[1].class, "high");
    assert_true(b.at[0].deficit > b.at[1].deficit);
    bottlenecks_done(&b);
    struct bytes frontend = BYTES("frontend");
    b = bottlenecks_find(s->c->h, 0, (struct seq){&frontend, 1}, false);
    assert_int_equal(b.n, 2); /* page_time and ui_lag; nothing of the backend */
    bottlenecks_done(&b);
    shop_close(s);
}

static void an_effect_stands_behind_its_cause(void **state) /* H6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->kpis[PAGE].causes = shop_words("api_time");
    s->base[API] = 900;
    s->base[PAGE] = 3000;
    shop_lead(s);
    shop_run(s, 3000);
    struct bottlenecks b = bottlenecks_find(s->c->h, 20, (struct seq){0}, false);
    assert_int_equal(b.n, 1);
    bottlenecks_done(&b);
    b = bottlenecks_find(s->c->h, 20, (struct seq){0}, true);
    assert_int_equal(b.n, 2);
    assert_true(b.at[1].inhibited && !b.at[0].inhibited);
    bottlenecks_done(&b);
    free(s->kpis[PAGE].causes.at);
    shop_close(s);
}

static struct candidates rank(struct shop *s, struct bytes advice)
{
    struct bottlenecks b = bottlenecks_find(s->c->h, 20, (struct seq){0}, false);
    struct candidates c = candidates_find(s->c->h, &b, advice);
    bottlenecks_done(&b);
    return c;
}

static void the_score_is_its_formula(void **state)
{
    (void)state;
    struct shop *s = seen();
    s->plans[COMPRESS].complexity = 4;
    s->plans[COMPRESS].resources = 1;
    struct candidates all = rank(s, (struct bytes){0});
    assert_int_equal(all.n, 2);
    const struct candidate *c =
        bytes_is(all.at[0].plan->name, "compress") ? &all.at[0] : &all.at[1];
    double wanted =
        100 * (5.0 - c->for_.urgency) / 4 * 3 * (c->for_.severity / 100 * 0.5) * 0.5 * 0.5 / 2;
    assert_true(c->score > wanted * 0.999999 && c->score < wanted * 1.000001);
    assert_string_equal(c->reason, "no analyst");
    candidates_done(&all);
    shop_close(s);
}

static void swarms_take_turns(void **state)
{
    (void)state;
    struct shop *s = seen();
    s->plans[INLINE].enabled = true;
    s->plans[TUNE].impact = 0.1; /* the worst of three, and the best of its swarm */
    struct candidates all = rank(s, (struct bytes){0});
    assert_int_equal(all.n, 3);
    assert_int_equal(all.at[0].rank + all.at[1].rank, 0);
    assert_string_equal(all.at[1].plan->name.at, "tune");
    candidates_done(&all);
    shop_close(s);
}

static void success_moves_the_ranking_and_fades(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.verify.half_life_ms = 3600000;
    shop_lead(s);
    shop_until(s, "compress", "ACCEPTED", 60000);
    struct bytes context = shop_newest(s, "compress")->r.context;
    struct odds odds = learned_odds(s->c->h, BYTES("compress"), context);
    assert_true(odds.mean > 0.65 && odds.lower < odds.mean && odds.mean < odds.upper);
    shop_restart(s);
    s->c->h->now += 3600000; /* a half-life later half of it is forgotten */
    struct odds later = learned_odds(s->c->h, BYTES("compress"), BYTES("page_time:high"));
    assert_true(later.a - 1 > 0.49 && later.a - 1 < 0.51);
    assert_true(learned_odds(s->c->h, BYTES("compress"), BYTES("elsewhere:low")).mean == 0.5);
    shop_close(s);
}

static void a_budget_forgets_after_an_hour(void **state) /* X8 */
{
    (void)state;
    struct shop *s = seen();
    struct helios *h = s->c->h;
    for (int i = 0; i < 3; i++)
        budget_spend(h, BYTES("web1"), "o-1");
    assert_int_equal(budget_left(h, BYTES("web1")), 0);
    assert_int_equal(budget_left(h, BYTES("web2")), 3);
    for (int i = 0; i < 7; i++)
        budget_spend(h, i < 3 ? BYTES("web2") : i < 6 ? BYTES("web3") : BYTES("web4"), "o-2");
    assert_int_equal(budget_left(h, BYTES("web4")), 0); /* 10 in the realm */
    h->now += BUDGET_SPAN_MS;
    assert_int_equal(budget_left(h, BYTES("web1")), 3);
    shop_close(s);
}

static void reports_are_readable_and_escaped(void **state) /* A7 */
{
    (void)state;
    struct buf data = {0}, out = {0};
    char err[200];
    assert_int_equal(
        json_text_to_msgpack(
            &data,
            BYTES("{\"health\": 62.5, \"bad\": \"a|b\\u001b[31m\", \"rows\": "
                  "[{\"kpi\": \"x\", \"n\": 3}, {\"kpi\": \"y\"}], \"deep\": {\"k\": true}}"),
            err, sizeof(err)),
        0);
    markdown_of(&out, buf_bytes(&data));
    assert_non_null(strstr(buf_str(&out), "- **health**: 62.5\n"));
    assert_non_null(strstr(buf_str(&out), "| kpi | n |\n| --- | --- |\n| x | 3 |\n| y |  |\n"));
    assert_non_null(strstr(buf_str(&out), "a\\|b"));
    assert_null(strchr(buf_str(&out), 27));
    assert_non_null(strstr(buf_str(&out), "## deep\n\n- **k**: yes\n"));
    buf_done(&data);
    buf_done(&out);
}

static double own_kpi(struct shop *s, const char *name)
{
    struct kpi *k = kpi_find(s->c->h, bytes_of(name));
    assert_non_null(k);
    return kpi_value(s->c->h, k);
}

static void the_controller_measures_itself(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    static const char *const names[] = {
        "overall_health_score",     "optimization_success_rate",
        "system_availability",      "cycle_completion_rate",
        "health_score_improvement", "conflict_rate",
        "performance_improvement",  "optimization_roi",
        "task_distribution",        "concurrent_optimization_efficiency",
        "concurrent_efficiency",    "coordination_latency"};
    struct set_kpi kpis[SHOP_KPIS + ARRAY_SIZE(names)];
    memcpy(kpis, s->kpis, sizeof(s->kpis));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        kpis[SHOP_KPIS + i] = shop_kpi(names[i], "", better_higher, 100, 0, 0);
    s->c->config.kpis = (struct seq){kpis, ARRAY_SIZE(kpis)};
    shop_lead(s);
    shop_until(s, "tune", "ACCEPTED", 60000);
    shop_until(s, "compress", "ACCEPTED", 60000);
    shop_run(s, 3000);
    assert_true(own_kpi(s, "optimization_success_rate") == 100);
    assert_true(own_kpi(s, "conflict_rate") == 0);
    assert_true(own_kpi(s, "performance_improvement") > 60);
    assert_true(own_kpi(s, "health_score_improvement") > 10);
    assert_true(own_kpi(s, "concurrent_optimization_efficiency") > 80);
    assert_true(own_kpi(s, "concurrent_efficiency") == 100);
    assert_true(own_kpi(s, "cycle_completion_rate") == 100);
    assert_true(own_kpi(s, "optimization_roi") > 1);
    assert_true(own_kpi(s, "coordination_latency") <= 10);
    shop_close(s);
}

static void every_question_is_answered(void **state) /* W3 */
{
    (void)state;
    struct shop *s = shop_open();
    static const char *const queries[] = {"cycle",      "cycles",    "optimizations",
                                          "incidents",  "metrics",   "bottlenecks",
                                          "priorities", "catalogue", "summary"};
    shop_lead(s);
    shop_until(s, "compress", "ACCEPTED", 60000);
    for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
        struct msg_reply *reply = shop_ask(s, false, queries[i], "limit", "5");
        assert_true(reply->ok);
        assert_true(reply->data.n > 10);
    }
    struct msg_reply *one =
        shop_ask(s, false, "optimization", "id", shop_newest(s, "compress")->r.id.at);
    assert_true(bytes_is(map_str(one->data, "verdict", ""), "SUCCESS"));
    assert_true(map_num(one->data, "p", 2) < 1);
    assert_false(shop_ask(s, false, "optimization", "id", "o-77")->ok);
    assert_false(shop_ask(s, false, "incident", "id", "i-77")->ok);
    assert_false(shop_ask(s, false, "cycle", "id", "c-77")->ok);
    assert_false(shop_ask(s, true, "cycle_run", "mode", "nonsense")->ok);
    assert_false(shop_ask(s, true, "emergency", "threshold", "2")->ok); /* health is not under 2 */
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bottlenecks_have_severity_and_order),
        cmocka_unit_test(an_effect_stands_behind_its_cause),
        cmocka_unit_test(the_score_is_its_formula),
        cmocka_unit_test(swarms_take_turns),
        cmocka_unit_test(success_moves_the_ranking_and_fades),
        cmocka_unit_test(a_budget_forgets_after_an_hour),
        cmocka_unit_test(reports_are_readable_and_escaped),
        cmocka_unit_test(the_controller_measures_itself),
        cmocka_unit_test(every_question_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
