/* SPDX-License-Identifier: MPL-2.0 */
/* The main job, end to end on the real core: a cycle finds, asks, applies, proves, keeps or undoes
 * (X1–X6). */
#include "shop_harness.h"

static void both_swarms_are_mended_at_the_same_time(void **state) /* X2, X4 */
{
    (void)state;
    struct shop *s = shop_open();
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 20000);
    assert_string_equal(shop_state(s, "tune"), "BASELINE");
    assert_int_equal(s->analyses, 2);
    shop_until(s, "compress", "ACCEPTED", 60000);
    shop_until(s, "tune", "ACCEPTED", 10000);
    struct optimization *o = shop_newest(s, "compress");
    assert_string_equal(o->r.rule.at, "improved");
    assert_true(o->r.p < o->r.alpha && o->r.high < 0 && o->r.n_before > 40);
    assert_true(s->in[COMPRESS] && s->in[TUNE] && s->undos == 0);
    shop_run(s, 2000);
    assert_null(cycles_of(s->c->h)->current);
    assert_int_equal(s->events[EVENT_cycle_ended], 1);
    assert_non_null(strstr(s->last[EVENT_optimization_accepted], "SUCCESS"));
    shop_close(s);
}

static void a_harmful_one_is_undone_and_its_return_checked(void **state) /* X3, X5 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[COMPRESS].enabled = false;
    s->plans[INLINE].enabled = true;
    s->factor[INLINE][PAGE] = 1.2;
    shop_lead(s);
    shop_until(s, "inline", "VERIFYING", 60000);
    assert_true(s->in[INLINE]);
    shop_until(s, "inline", "ROLLED_BACK", 60000);
    struct optimization *o = shop_newest(s, "inline");
    assert_string_equal(o->r.rule.at, "worse");
    assert_int_equal(o->r.verdict, verdict_FAILED);
    assert_true(o->r.returned && !s->in[INLINE]);
    assert_int_equal(s->undos, 1);
    assert_true(bytes_is(map_str(s->last_undo, "was", ""), "off"));
    char key[64];
    snprintf(key, sizeof(key), "helios/%s:apply", o->r.id.at);
    assert_string_equal(s->last_undo_of, key);
    shop_close(s);
}

static void what_moves_nothing_fails_and_twice_opens_the_breaker(void **state) /* X7 */
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[COMPRESS][PAGE] = 1;
    shop_lead(s);
    shop_until(s, "compress", "ROLLED_BACK", 90000);
    assert_string_equal(shop_rule(s, "compress"), "no_move");
    assert_int_equal(s->events[EVENT_breaker_opened], 0);
    shop_run(s, 90000);
    assert_int_equal(s->events[EVENT_breaker_opened], 1);
    unsigned applies = s->applies;
    shop_run(s, 90000);
    assert_int_equal(s->applies, applies);
    assert_non_null(strstr(s->last[EVENT_optimization_held], "breaker"));
    assert_true(shop_ask(s, true, "reset", "name", "compress")->ok);
    shop_run(s, 60000);
    assert_true(s->applies > applies);
    shop_close(s);
}

static void a_guard_that_gets_worse_beats_a_success(void **state) /* X2, X3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[COMPRESS][ERRORS] = 3;
    shop_lead(s);
    shop_until(s, "compress", "ROLLED_BACK", 90000);
    assert_string_equal(shop_rule(s, "compress"), "guard_worse");
    assert_string_equal(shop_newest(s, "compress")->r.guard.at, "errors");
    shop_close(s);
}

static void no_data_is_inconclusive_and_rolls_back(void **state) /* X3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.health.coverage = 50; /* one silent KPI must not make health unknown here */
    shop_lead(s);
    shop_until(s, "compress", "VERIFYING", 60000);
    s->quiet[PAGE] = true;
    shop_until(s, "compress", "CHECKING", 60000);
    assert_int_equal(shop_newest(s, "compress")->r.verdict, verdict_INCONCLUSIVE);
    assert_string_equal(shop_rule(s, "compress"), "too_few");
    assert_false(s->in[COMPRESS]);
    shop_until(s, "compress", "STUCK", 60000); /* X5: it was never seen to return */
    assert_int_equal(s->events[EVENT_optimization_stuck], 1);
    shop_close(s);
}

static void a_failed_apply_is_undone_by_its_key(void **state) /* X3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->apply_way = FAILS;
    shop_lead(s);
    shop_until(s, "compress", "ROLLED_BACK", 60000);
    struct optimization *o = shop_newest(s, "compress");
    assert_int_equal(o->r.verdict, verdict_ERROR);
    assert_string_equal(o->r.rule.at, "apply_failed");
    assert_int_equal(s->last_undo.n, 0); /* the agent's journal may know */
    assert_non_null(strstr(s->last_undo_of, ":apply"));
    shop_close(s);
}

static void an_implementer_that_dies_is_an_error(void **state) /* A3, X3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->apply_way = SILENT;
    shop_lead(s);
    shop_until(s, "compress", "APPLYING", 60000);
    s->gone[H_FRONT] = true;
    shop_run(s, 8000);
    s->apply_way = WELL;
    s->gone[H_FRONT] = false;
    shop_join(s);
    shop_until(s, "compress", "ROLLED_BACK", 90000);
    assert_int_equal(shop_newest(s, "compress")->r.verdict, verdict_ERROR);
    assert_false(s->in[COMPRESS]);
    shop_close(s);
}

static void a_check_that_fails_fails_it_and_one_that_cannot_run_is_no_success(void **state) /* X3 */
{
    (void)state;
    for (int missing = 0; missing < 2; missing++) {
        struct shop *s = shop_open();
        s->plans[COMPRESS].check.action = BYTES("look");
        s->inspect_pass = false;
        s->inspect_way = missing ? FAILS : WELL;
        shop_lead(s);
        shop_until(s, "compress", "ROLLED_BACK", 90000);
        assert_string_equal(shop_rule(s, "compress"), missing ? "not_inspected" : "check_failed");
        assert_int_equal(shop_newest(s, "compress")->r.verdict,
                         missing ? verdict_INCONCLUSIVE : verdict_FAILED);
        shop_close(s);
    }
}

static void an_undo_that_fails_is_stuck_and_a_person_can_try_again(void **state) /* X5 */
{
    (void)state;
    struct shop *s = shop_open();
    s->factor[COMPRESS][PAGE] = 1.2;
    s->undo_way = FAILS;
    shop_lead(s);
    shop_until(s, "compress", "STUCK", 120000);
    assert_true(s->in[COMPRESS] && s->undos == 5);
    s->undo_way = WELL;
    assert_true(shop_ask(s, true, "rollback", "id", shop_newest(s, "compress")->r.id.at)->ok);
    shop_until(s, "compress", "ROLLED_BACK", 60000);
    assert_false(s->in[COMPRESS]);
    shop_close(s);
}

static void an_accepted_one_can_be_taken_back(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[TUNE].enabled = false;
    shop_lead(s);
    shop_until(s, "compress", "ACCEPTED", 90000);
    const char *id = shop_newest(s, "compress")->r.id.at;
    assert_false(shop_ask(s, true, "rollback", "id", "o-99")->ok);
    assert_true(shop_ask(s, true, "rollback", "id", id)->ok);
    assert_false(shop_ask(s, true, "rollback", "id", id)->ok);
    shop_until(s, "compress", "ROLLED_BACK", 60000);
    assert_string_equal(shop_rule(s, "compress"), "recalled");
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_swarms_are_mended_at_the_same_time),
        cmocka_unit_test(a_harmful_one_is_undone_and_its_return_checked),
        cmocka_unit_test(what_moves_nothing_fails_and_twice_opens_the_breaker),
        cmocka_unit_test(a_guard_that_gets_worse_beats_a_success),
        cmocka_unit_test(no_data_is_inconclusive_and_rolls_back),
        cmocka_unit_test(a_failed_apply_is_undone_by_its_key),
        cmocka_unit_test(an_implementer_that_dies_is_an_error),
        cmocka_unit_test(a_check_that_fails_fails_it_and_one_that_cannot_run_is_no_success),
        cmocka_unit_test(an_undo_that_fails_is_stuck_and_a_person_can_try_again),
        cmocka_unit_test(an_accepted_one_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
