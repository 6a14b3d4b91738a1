/* SPDX-License-Identifier: MPL-2.0 */
/* Every rule that holds an act back, each with a test that fails without it (X1, X6–X10, X12, H3,
 * L5). */
#include "shop_harness.h"

#include "orchestrator/decide/permit.h"
#include "orchestrator/decide/verdict.h"

static struct shop *ready(void)
{
    struct shop *s = shop_open();
    shop_lead(s);
    shop_run(s, 7000);
    return s;
}

static bool permitted(struct shop *s, int plan, const char *incident, struct why *why)
{
    struct act act = {.plan = &s->plans[plan],
                      .cycle = incident ? NULL : "c-1",
                      .incident = incident,
                      .context = ""};
    return permit_act(s->c->h, &act, why);
}

static void assert_held(struct shop *s, int plan, const char *rule)
{
    struct why why = {.rule = "nothing"};
    if (permitted(s, plan, NULL, &why))
        fail_msg("nothing holds %s; expected %s", s->plans[plan].name.at, rule);
    assert_string_equal(why.rule, rule);
    assert_true(strlen(why.text) > 10);
}

static void nothing_holds_a_good_one(void **state)
{
    (void)state;
    struct shop *s = ready();
    struct why why;
    assert_true(permitted(s, COMPRESS, NULL, &why));
    shop_close(s);
}

static void no_act_before_three_full_windows(void **state) /* L5 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.first_ms = 0;
    shop_lead(s);
    shop_run(s, 5000);
    assert_held(s, COMPRESS, "L5");
    assert_null(cycles_of(s->c->h)->current);
    shop_run(s, 2000);
    struct why why;
    assert_true(permitted(s, COMPRESS, NULL, &why) || cycles_of(s->c->h)->current);
    shop_close(s);
}

static void no_act_on_unknown_health(void **state) /* H3 */
{
    (void)state;
    struct shop *s = ready();
    s->quiet[PAGE] = s->quiet[CACHE] = true;
    shop_run(s, 7000);
    assert_held(s, TUNE, "H3");
    shop_close(s);
}

static void a_blind_kpi_is_not_acted_on(void **state) /* H3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.health.coverage = 50;
    s->quiet[PAGE] = true;
    shop_lead(s);
    shop_run(s, 7000);
    assert_held(s, COMPRESS, "H3");
    shop_close(s);
}

static void frozen_means_no_act(void **state) /* X10 */
{
    (void)state;
    struct shop *s = ready();
    helios_freeze(s->c->h, true, BYTES("ada"), BYTES("test"));
    assert_held(s, COMPRESS, "X10");
    shop_run(s, 90000);
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void a_freeze_stops_what_is_not_applied_and_lets_a_rollback_end(void **state) /* X10 */
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[TUNE][API] = 1.1;
    s->plans[TUNE].baseline_ms = 5000;
    shop_lead(s);
    shop_until(s, "tune", "VERIFYING", 60000);
    helios_freeze(s->c->h, true, BYTES("ada"), BYTES("test"));
    shop_run(s, 60000);
    assert_opt(s, "tune", "ROLLED_BACK", "worse");
    assert_int_equal(s->applies, s->undos + s->in[COMPRESS]);
    shop_close(s);
}

static void frozen_in_its_baseline_it_is_dropped(void **state) /* X10 */
{
    (void)state;
    struct shop *s = shop_open();
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 60000);
    helios_freeze(s->c->h, true, BYTES("ada"), BYTES("test"));
    shop_run(s, 15000);
    assert_opt(s, "compress", "ABANDONED", "held");
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void observe_does_nothing_and_advise_only_says(void **state) /* X10 */
{
    (void)state;
    for (enum mode mode = mode_observe; mode <= mode_advise; mode++) {
        struct shop *s = shop_open();
        s->c->config.mode = mode;
        shop_lead(s);
        shop_run(s, 45000); /* one cycle */
        assert_int_equal(s->applies, 0);
        assert_int_equal(s->events[EVENT_optimization_would] > 0, mode == mode_advise);
        if (mode == mode_advise)
            assert_opt(s, "compress", "ABANDONED", "dry_run");
        shop_close(s);
    }
}

static void what_the_config_or_a_drain_rules_out_is_held(void **state) /* X10, T10 */
{
    (void)state;
    struct shop *s = ready();
    s->plans[TUNE].enabled = false;
    assert_held(s, TUNE, "disabled");
    assert_held(s, FIX_API, "emergency"); /* a response is not for cycles */
    s->c->h->control.draining = true;
    assert_held(s, COMPRESS, "draining");
    s->c->h->control.draining = false;
    s->c->config.mode = mode_observe;
    assert_held(s, COMPRESS, "mode");
    shop_close(s);
}

static void two_that_touch_the_same_are_never_verified_together(void **state) /* X6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[INLINE].enabled = true;
    shop_lead(s);
    while (optimizations_under_way(s->c->h, false) == 0)
        shop_step(s);
    bool compress = shop_newest(s, "compress") != NULL;
    assert_held(s, compress ? INLINE : COMPRESS, "X6 touches");
    assert_true(compress != (shop_newest(s, "inline") != NULL));
    shop_close(s);
}

static void the_same_kpi_counts_as_touched(void **state) /* X6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[INLINE].enabled = true;
    *(struct bytes *)s->plans[INLINE].touches.at = BYTES("elsewhere");
    shop_lead(s);
    while (optimizations_under_way(s->c->h, false) == 0)
        shop_step(s);
    assert_held(s, shop_newest(s, "compress") ? INLINE : COMPRESS, "X6 touches");
    shop_close(s);
}

static void at_most_max_concurrent(void **state) /* X6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.max_concurrent = 1;
    shop_lead(s);
    while (optimizations_under_way(s->c->h, false) == 0)
        shop_step(s);
    assert_int_equal(optimizations_under_way(s->c->h, false), 1);
    assert_held(s, shop_newest(s, "compress") ? TUNE : COMPRESS, "X6 max_concurrent");
    shop_step(s);
    assert_true(s->events[EVENT_optimization_held] > 0);
    shop_close(s);
}

static void one_per_target(void **state) /* X6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[COMPRESS].targets = s->plans[TUNE].targets = shop_words("web1");
    shop_lead(s);
    while (optimizations_under_way(s->c->h, false) == 0)
        shop_step(s);
    assert_held(s, shop_newest(s, "compress") ? TUNE : COMPRESS, "X6 target");
    free(s->plans[COMPRESS].targets.at);
    shop_close(s);
}

static void the_same_one_cools_down(void **state) /* X6 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.cooldown_ms = 600000;
    s->factor[COMPRESS][PAGE] = 1;
    shop_lead(s);
    shop_until(s, "compress", "ROLLED_BACK", 60000);
    assert_held(s, COMPRESS, "X6 cooldown");
    shop_close(s);
}

static void a_failure_opens_the_breaker_at_once(void **state) /* X7 */
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[COMPRESS][PAGE] = 1.2;
    shop_lead(s);
    shop_until(s, "compress", "ROLLED_BACK", 60000);
    assert_int_equal(s->events[EVENT_breaker_opened], 1);
    assert_held(s, COMPRESS, "X7");
    shop_close(s);
}

static void what_is_in_force_needs_an_analyst_to_be_proposed_again(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[COMPRESS][PAGE] = 0.8; /* better, and still a bottleneck */
    s->noise = 0.02;
    shop_lead(s);
    shop_until(s, "compress", "ACCEPTED", 60000);
    shop_run(s, 11000);
    assert_held(s, COMPRESS, "in_force");
    shop_close(s);
}

static void nobody_to_apply_it_is_a_reason(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->gone[H_FRONT] = true;
    shop_lead(s);
    shop_run(s, 7000);
    assert_held(s, COMPRESS, "no_implementer");
    shop_close(s);
}

static void what_needs_a_signature_is_held_not_tried(void **state) /* Z7 */
{
    (void)state;
    struct shop *s = shop_open();
    s->signed_only = true;
    shop_lead(s);
    shop_run(s, 7000);
    assert_held(s, COMPRESS, "Z7");
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void analysts_are_heeded_and_not_waited_for(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->diagnose_yes = false;
    shop_lead(s);
    shop_run(s, 30000);
    assert_int_equal(s->applies, 0);
    assert_non_null(strstr(s->last[EVENT_optimization_held], "advises against"));
    shop_close(s);
    s = shop_open();
    s->gone[A_FRONT] = s->gone[A_BACK] = true;
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 12000);
    assert_string_equal(shop_newest(s, "compress")->r.reason.at, "no analyst");
    shop_close(s);
}

static void one_that_needs_a_yes_waits_for_it(void **state) /* X1 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[COMPRESS].gate = gate_approve;
    shop_lead(s);
    shop_run(s, 60000);
    assert_string_equal(shop_state(s, "compress"), "PROPOSED");
    assert_false(s->in[COMPRESS]);
    assert_true(s->events[EVENT_cycle_ended] >= 1); /* its cycle did not wait */
    assert_false(shop_ask(s, true, "approve", "id", "tune")->ok);
    while (optimizations_under_way(s->c->h, false))
        shop_step(s);
    assert_true(shop_ask(s, true, "approve", "id", "compress")->ok);
    shop_until(s, "compress", "ACCEPTED", 60000);
    assert_string_equal(shop_newest(s, "compress")->r.approved_by.at, "ada");
    shop_close(s);
}

static void without_a_rollback_a_failure_is_stuck(void **state) /* X1 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[COMPRESS].rollback.action = (struct bytes){0};
    s->factor[COMPRESS][PAGE] = 1.2;
    shop_lead(s);
    shop_until(s, "compress", "STUCK", 60000);
    assert_int_equal(s->undos, 0);
    shop_close(s);
}

static struct optimization *wait_for_step(struct shop *s, uint64_t step)
{
    for (int64_t end = s->c->now + 90000; s->c->now < end; shop_step(s)) {
        struct optimization *o = shop_newest(s, "compress");
        if (o && o->r.step == step)
            return o;
    }
    fail_msg("no step %llu", (unsigned long long)step);
    return NULL;
}

static void many_targets_go_in_steps(void **state) /* X12 */
{
    (void)state;
    struct shop *s = shop_open();
    struct bytes webs[8];
    static const char *const names[8] = {"w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"};
    for (int i = 0; i < 8; i++)
        webs[i] = bytes_of(names[i]);
    s->plans[COMPRESS].targets = (struct seq){webs, 8};
    s->plans[TUNE].enabled = false;
    s->factor[COMPRESS][PAGE] = 0.9;
    s->noise = 0.02;
    shop_lead(s);
    struct optimization *second = wait_for_step(s, 2);
    assert_int_equal(s->applies, 1);
    assert_int_equal(second->r.targets.n, 2);
    assert_int_equal(second->r.steps, 3);
    shop_run(s, 12000);
    assert_string_equal(s->last_target, "w3");
    assert_int_equal(s->applies, 3);
    shop_close(s);
}

static void a_failed_step_undoes_its_targets_last_first(void **state) /* X12 */
{
    (void)state;
    struct shop *s = shop_open();
    struct bytes webs[] = {BYTES("w1"), BYTES("w2"), BYTES("w3")};
    s->plans[COMPRESS].targets = (struct seq){webs, 3};
    s->plans[TUNE].enabled = false;
    s->factor[COMPRESS][PAGE] = 0.9;
    s->noise = 0.02;
    shop_lead(s);
    wait_for_step(s, 2);
    s->base[PAGE] *= 0.9 / 1.3; /* the first one's level stays; the second step turns out bad */
    s->factor[COMPRESS][PAGE] = 1.3;
    shop_run(s, 40000);
    struct optimization *o = shop_newest(s, "compress");
    assert_int_equal(o->r.step, 2);
    assert_string_equal(enum_text(&enum_opt_state, o->r.state), "ROLLED_BACK");
    assert_int_equal(s->undos, o->r.targets.n);
    shop_close(s);
}

static void the_cycles_verdicts_share_alpha(void **state) /* X4 */
{
    (void)state;
    struct shop *s = shop_open();
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 60000);
    struct optimization *o = shop_newest(s, "compress");
    double spent = 0, alpha = s->c->config.verify.alpha;
    for (unsigned look = 1; look <= 4; look++)
        spent += verdict_alpha(s->c->h, o, look, 4);
    assert_true(spent <= alpha / 2 * 1.000001); /* two are under way */
    shop_until(s, "tune", "ACCEPTED", 60000);
    if (!optimization_ended(o))
        assert_true(verdict_alpha(s->c->h, o, 4, 4) < alpha);
    shop_close(s);
}

static void why_shows_every_number(void **state) /* X13 */
{
    (void)state;
    struct shop *s = shop_open();
    shop_lead(s);
    shop_until(s, "compress", "ACCEPTED", 60000);
    struct msg_reply *reply = shop_ask(s, false, "why", "id", shop_newest(s, "compress")->r.id.at);
    assert_true(reply->ok);
    struct value about = map_get(reply->data, "about"), item;
    struct walk walk = walk_of(about.whole);
    unsigned proposed = 0, looks = 0, accepted = 0;
    while (walk_item(&walk, &item)) {
        struct bytes topic = map_str(item.whole, "topic", ""),
                     data = map_get(item.whole, "data").whole;
        proposed +=
            bytes_is(topic, "optimization.proposed") && map_get(data, "ranking").type == VALUE_MAP;
        looks += bytes_is(topic, "optimization.look") && map_num(data, "alpha", -1) > 0;
        accepted += bytes_is(topic, "optimization.accepted") && map_num(data, "p", 2) < 1;
    }
    assert_true(proposed == 1 && looks >= 1 && accepted == 1);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_holds_a_good_one),
        cmocka_unit_test(no_act_before_three_full_windows),
        cmocka_unit_test(no_act_on_unknown_health),
        cmocka_unit_test(a_blind_kpi_is_not_acted_on),
        cmocka_unit_test(frozen_means_no_act),
        cmocka_unit_test(a_freeze_stops_what_is_not_applied_and_lets_a_rollback_end),
        cmocka_unit_test(frozen_in_its_baseline_it_is_dropped),
        cmocka_unit_test(observe_does_nothing_and_advise_only_says),
        cmocka_unit_test(what_the_config_or_a_drain_rules_out_is_held),
        cmocka_unit_test(two_that_touch_the_same_are_never_verified_together),
        cmocka_unit_test(the_same_kpi_counts_as_touched),
        cmocka_unit_test(at_most_max_concurrent),
        cmocka_unit_test(one_per_target),
        cmocka_unit_test(the_same_one_cools_down),
        cmocka_unit_test(a_failure_opens_the_breaker_at_once),
        cmocka_unit_test(what_is_in_force_needs_an_analyst_to_be_proposed_again),
        cmocka_unit_test(nobody_to_apply_it_is_a_reason),
        cmocka_unit_test(what_needs_a_signature_is_held_not_tried),
        cmocka_unit_test(analysts_are_heeded_and_not_waited_for),
        cmocka_unit_test(one_that_needs_a_yes_waits_for_it),
        cmocka_unit_test(without_a_rollback_a_failure_is_stuck),
        cmocka_unit_test(many_targets_go_in_steps),
        cmocka_unit_test(a_failed_step_undoes_its_targets_last_first),
        cmocka_unit_test(the_cycles_verdicts_share_alpha),
        cmocka_unit_test(why_shows_every_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
