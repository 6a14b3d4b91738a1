/* SPDX-License-Identifier: MPL-2.0 */
/* Emergencies: from a collapse of health to its resolution (X8, H5), and the task types that people
 * submit. */
#include "shop_harness.h"

#include "proto/json.h"

static void collapse(struct shop *s)
{
    s->base[PAGE] = 2000;
    s->base[API] = 400;
    s->factor[FIX_API][API] = s->factor[FIX_PAGE][PAGE] = 0.1;
}

static struct shop *in_incident(void)
{
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 8000);
    collapse(s);
    while (incident_open(s->c->h) == NULL)
        shop_step(s);
    return s;
}

static const struct incident *newest(struct shop *s)
{
    struct incidents *all = incidents_of(s->c->h);
    return all->open                 ? all->open
           : list_empty(&all->ended) ? NULL
                                     : container_of(all->ended.prev, struct incident, link);
}

static const char *stage(struct shop *s)
{
    return newest(s) ? enum_text(&enum_incident_state, newest(s)->r.state) : "";
}

static void until(struct shop *s, const char *state, int64_t ms)
{
    for (int64_t end = s->c->now + ms; strcmp(stage(s), state) != 0; shop_step(s))
        if (s->c->now >= end)
            fail_msg("the incident is `%s` (%s), not %s", stage(s),
                     newest(s) ? newest(s)->r.why.at : "", state);
}

static void an_outage_is_mended_and_closed_with_a_report(void **state)
{
    (void)state;
    struct shop *s = in_incident();
    const struct incident *i = newest(s);
    assert_true(i->r.health_at_open < 50);
    shop_run(s, 1000);
    assert_int_equal(i->r.optimizations.n, 2); /* both swarms at once */
    assert_int_equal(s->applies, 2);
    until(s, "RESOLVED", 60000);
    assert_opt(s, "fix_api", "ACCEPTED", "recovered");
    assert_opt(s, "fix_page", "ACCEPTED", "recovered");
    assert_int_equal(s->events[EVENT_incident_opened], 1);
    assert_int_equal(s->events[EVENT_incident_resolved], 1);
    bool written = false;
    for (struct wanted_file *f; (f = helios_take_file(s->c->h)); free(f)) {
        written |=
            strcmp(f->name, "incident-i-1.md") == 0 && strstr(f->text, "incident.resolved") != NULL;
        free(f->name);
        free(f->text);
    }
    assert_true(written);
    shop_close(s);
}

static void nothing_is_acted_on_without_the_setting(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->c->config.emergency.enabled = false;
    shop_lead(s);
    shop_run(s, 8000);
    collapse(s);
    shop_run(s, 30000);
    assert_non_null(newest(s));
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void an_act_that_does_not_lift_its_kpi_is_undone(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 8000);
    s->base[PAGE] = 2000;
    s->base[API] = 400;
    s->factor[FIX_API][API] = s->factor[FIX_PAGE][PAGE] = 1;
    until(s, "OPEN", 60000);
    shop_until(s, "fix_api", "ROLLED_BACK", 60000);
    assert_int_equal(shop_newest(s, "fix_api")->r.verdict, verdict_FAILED);
    assert_false(s->in[FIX_API]);
    shop_close(s);
}

static void the_budget_bounds_the_acts_and_then_a_person_is_needed(void **state) /* X8 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->c->config.verify.breaker = 100; /* the budget alone stops it here */
    s->c->config.cycle.cooldown_ms = 1000;
    s->c->config.emergency.per_target = 2;
    s->plans[FIX_PAGE].enabled = false;
    shop_lead(s);
    shop_run(s, 8000);
    s->base[PAGE] = 2000;
    s->base[API] = 400;
    s->factor[FIX_API][API] = 1;
    until(s, "STALLED", 300000);
    assert_int_equal(s->applies, 2);
    assert_int_equal(budget_used(s->c->h, BYTES("fix_api")), 2);
    assert_int_equal(s->events[EVENT_budget_spent], 1);
    assert_int_equal(s->events[EVENT_incident_stalled], 1);
    assert_non_null(strstr(newest(s)->r.why.at, "budget"));
    shop_restart(s); /* spent is spent, in the record */
    shop_run(s, 20000);
    assert_int_equal(budget_left(s->c->h, BYTES("fix_api")), 0);
    assert_int_equal(s->applies, 2);
    shop_run(s, BUDGET_SPAN_MS); /* an hour later there is a new one */
    assert_true(s->applies > 2);
    shop_close(s);
}

static void a_cycle_starts_nothing_while_an_incident_is_open(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[FIX_API].enabled = s->plans[FIX_PAGE].enabled = false;
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 30000);
    collapse(s);
    while (incident_open(s->c->h) == NULL)
        shop_step(s);
    shop_run(s, 200);
    assert_opt(s, "compress", "ABANDONED", "incident");
    shop_run(s, 90000);
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void what_is_seen_in_an_incident_is_no_evidence(void **state) /* X3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[FIX_API].enabled = s->plans[FIX_PAGE].enabled = s->plans[TUNE].enabled = false;
    shop_lead(s);
    shop_until(s, "compress", "SETTLING", 60000);
    s->base[API] = s->base[LAG] = 9000; /* elsewhere it burns; its own KPI is better */
    s->base[CACHE] = 1;
    shop_run(s, 60000);
    assert_opt(s, "compress", "ROLLED_BACK", "disturbed");
    assert_int_equal(shop_newest(s, "compress")->r.verdict, verdict_INCONCLUSIVE);
    shop_close(s);
}

static void it_refires_and_does_not_duplicate(void **state) /* H5 */
{
    (void)state;
    struct shop *s = in_incident();
    decide_on_health(s->c->h, "realm", true);
    decide_on_health(s->c->h, "frontend", true);
    assert_int_equal(newest(s)->r.fires, 2);
    assert_int_equal(s->events[EVENT_incident_opened], 1);
    shop_close(s);
}

static void health_going_down_again_reopens_it(void **state)
{
    (void)state;
    struct shop *s = in_incident();
    until(s, "RECOVERING", 60000);
    s->base[PAGE] = s->base[API] = s->base[LAG] = 90000;
    until(s, "OPEN", 20000);
    shop_close(s);
}

static void a_person_can_say_that_it_is_seen(void **state) /* H6 */
{
    (void)state;
    struct shop *s = in_incident();
    assert_true(shop_ask(s, true, "ack", "id", "i-1", "reason", "on it")->ok);
    assert_string_equal(newest(s)->r.acked_by.at, "ada");
    assert_false(shop_ask(s, true, "ack", "id", "i-9")->ok);
    shop_close(s);
}

/* ---- tasks that people submit ---- */

static struct bytes submit(struct shop *s, const char *action, const char *params)
{
    static char id[32];
    struct buf packed = {0};
    struct arena arena = {0};
    char err[200];

    assert_int_equal(json_text_to_msgpack(&packed, bytes_of(params), err, sizeof(err)), 0);
    struct msg_request r = {
        .action = bytes_of(action), .priority = 1, .params = buf_bytes(&packed)};
    struct msg_submit m = {
        .ref = BYTES("1"), .client = BYTES("cli"), .watch = true, .items = {&r, 1}};
    core_send(s->c, SHOP_CLIENT, MSG_submit, &m);
    core_turn(s->c);
    struct msg_accepted *yes = core_heard(s->c, SHOP_CLIENT, MSG_accepted);
    assert_non_null(yes);
    snprintf(id, sizeof(id), BYTES_F, BYTES_A(((struct msg_ticket *)yes->items.at)->id));
    buf_done(&packed);
    arena_done(&arena);
    return bytes_of(id);
}

/* step_keeping passes time and keeps `done` messages of the client. */
static struct msg_ended *wait_done(struct shop *s, int64_t ms)
{
    for (int64_t end = s->c->now + ms; s->c->now < end;) {
        struct msg_done *done = core_heard(s->c, SHOP_CLIENT, MSG_done);
        if (done)
            return done->items.at;
        shop_hear(s);
        if (s->c->now >= s->next_sample) {
            shop_sample(s);
            s->next_sample = s->c->now + SAMPLE_MS;
        }
        shop_beat(s);
        core_pass(s->c, 100);
    }
    fail_msg("the task did not end");
    return NULL;
}

static void a_cycle_can_be_asked_for(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 7000);
    submit(s, "optimization", "{}");
    struct msg_ended *ended = wait_done(s, 90000);
    assert_int_equal(ended->state, task_state_COMPLETED);
    assert_int_equal(map_int(ended->data, "accepted", -1), 2);
    assert_true(map_num(ended->data, "health_change", 0) > 10);
    assert_int_equal(map_get(ended->data, "optimizations").type, VALUE_LIST);
    shop_close(s);
}

static void an_analysis_changes_nothing(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 7000);
    submit(s, "analysis", "{\"focus_areas\": [\"backend\"]}");
    struct msg_ended *ended = wait_done(s, 20000);
    assert_int_equal(ended->state, task_state_COMPLETED);
    struct bytes found = map_get(ended->data, "bottlenecks").whole;
    assert_int_equal(map_get(found, "backend").type, VALUE_LIST);
    assert_int_equal(map_get(found, "frontend").type, VALUE_END);
    assert_int_equal(s->applies, 0);
    assert_int_equal(s->analyses, 1);
    submit(s, "analysis", "{\"depth\": \"quick\"}");
    wait_done(s, 20000);
    assert_int_equal(s->analyses, 1);
    shop_close(s);
}

static void a_strategic_plan_has_scenarios_and_a_roadmap(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 7000);
    submit(s, "strategic_planning",
           "{\"horizon\": \"3_days\", \"scenarios\": [\"as_is\", \"optimistic\"]}");
    struct msg_ended *ended = wait_done(s, 20000);
    assert_true(map_num(ended->data, "horizon_days", 0) == 3);
    struct value list = map_get(ended->data, "scenarios"), as_is, optimistic;
    struct walk walk = walk_of(list.whole);
    assert_true(walk_item(&walk, &as_is) && walk_item(&walk, &optimistic));
    assert_true(map_num(as_is.whole, "health_at_horizon", 0) <
                map_num(optimistic.whole, "health_at_horizon", 0));
    assert_true(map_get(ended->data, "roadmap").count > 0);
    shop_close(s);
}

static void an_emergency_task_is_calm_when_health_is_good_and_acts_when_it_is_not(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->factor[FIX_API][API] = s->factor[FIX_PAGE][PAGE] = 0.1;
    shop_lead(s);
    shop_run(s, 7000);
    submit(s, "emergency", "{\"threshold\": 0.4}");
    struct msg_ended *ended = wait_done(s, 5000);
    assert_false(map_bool(ended->data, "needed", true));
    assert_int_equal(s->applies, 0);
    submit(s, "emergency", "{\"threshold\": 0.7, \"max_issues\": 1}");
    shop_run(s, 1500);
    assert_int_equal(s->applies, 1); /* the worst issue alone */
    ended = wait_done(s, 120000);
    assert_int_equal(ended->state, task_state_COMPLETED);
    assert_true(bytes_is(map_str(ended->data, "state", ""), "RESOLVED"));
    shop_close(s);
}

static void people_are_told_once_and_not_what_they_silenced(void **state) /* H6 */
{
    (void)state;
    struct bytes topics[] = {BYTES("incident.*")};
    struct set_notify notify = {.name = BYTES("ops"),
                                .action = BYTES("notify"),
                                .level = level_warning,
                                .topics = {topics, 1}};
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->c->config.notify = (struct seq){&notify, 1};
    shop_lead(s);
    shop_run(s, 8000);
    collapse(s);
    shop_run(s, 10000);
    assert_int_equal(s->events[EVENT_incident_opened], 1);
    assert_true(s->events[EVENT_notify_sent] >= 2); /* opened, acted */
    assert_true(shop_ask(s, true, "silence", "pattern", "incident.*", "for_ms", "600000", "reason",
                         "known", "kind", "silence")
                    ->ok);
    unsigned told = s->events[EVENT_notify_sent];
    shop_run(s, 60000);
    assert_true(s->events[EVENT_incident_moved] > 0 || s->events[EVENT_incident_resolved] > 0);
    assert_int_equal(s->events[EVENT_notify_sent], told);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_mended_and_closed_with_a_report),
        cmocka_unit_test(nothing_is_acted_on_without_the_setting),
        cmocka_unit_test(an_act_that_does_not_lift_its_kpi_is_undone),
        cmocka_unit_test(the_budget_bounds_the_acts_and_then_a_person_is_needed),
        cmocka_unit_test(a_cycle_starts_nothing_while_an_incident_is_open),
        cmocka_unit_test(what_is_seen_in_an_incident_is_no_evidence),
        cmocka_unit_test(it_refires_and_does_not_duplicate),
        cmocka_unit_test(health_going_down_again_reopens_it),
        cmocka_unit_test(a_person_can_say_that_it_is_seen),
        cmocka_unit_test(a_cycle_can_be_asked_for),
        cmocka_unit_test(an_analysis_changes_nothing),
        cmocka_unit_test(a_strategic_plan_has_scenarios_and_a_roadmap),
        cmocka_unit_test(an_emergency_task_is_calm_when_health_is_good_and_acts_when_it_is_not),
        cmocka_unit_test(people_are_told_once_and_not_what_they_silenced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
