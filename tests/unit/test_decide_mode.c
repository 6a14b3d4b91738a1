/* SPDX-License-Identifier: MPL-2.0 */
/* `mode`: every kind of act in every mode, a switch in the middle of one, and the same decisions in advise as in act (X10). */
#include "shop_harness.h"

static void set_mode(struct shop *s, enum mode mode)
{
    s->c->config.mode = mode;
    helios_reload(s->c->h, &s->c->config, "mode");
}

static void collapse(struct shop *s)
{
    s->c->config.cycle.enabled = false;
    s->base[PAGE] = 2000;
    s->base[API] = 400;
    s->factor[FIX_API][API] = s->factor[FIX_PAGE][PAGE] = 0.1;
}

/* ---- every kind of act ---- */

static void by_the_clock(struct shop *s)
{
    shop_lead(s);
}

static void by_a_person(struct shop *s)
{
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 8000);
    assert_true(shop_ask(s, true, "cycle_run", "mode", "optimization")->ok);
}

static void by_an_incident(struct shop *s)
{
    shop_lead(s);
    shop_run(s, 7000);
    collapse(s);
}

static void by_a_task(struct shop *s) /* `emergency`, submitted */
{
    by_an_incident(s);
    s->c->config.health.enter_ms = 600000; /* the alarm itself stays silent */
    shop_run(s, 4000);
    assert_true(shop_ask(s, true, "emergency", "threshold", "60")->ok);
}

static void by_an_approval(struct shop *s)
{
    s->plans[COMPRESS].gate = gate_approve;
    s->plans[TUNE].enabled = false;
    shop_lead(s);
    shop_run(s, 25000);
    shop_ask(s, true, "approve", "id", "compress");
}

static const struct act_kind {
    void (*begin)(struct shop *s);
    enum event would, done;
} kinds[] = {
    {by_the_clock, EVENT_optimization_would, EVENT_optimization_accepted},
    {by_a_person, EVENT_optimization_would, EVENT_optimization_accepted},
    {by_an_incident, EVENT_incident_would, EVENT_incident_acted},
    {by_a_task, EVENT_incident_would, EVENT_incident_acted},
    {by_an_approval, EVENT_optimization_would, EVENT_optimization_accepted},
};

static void each_kind_in_each_mode(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        for (enum mode mode = 0; mode < mode_COUNT; mode++) {
            struct shop *s = shop_open();
            s->c->config.mode = mode;
            kinds[i].begin(s);
            shop_run(s, 50000);
            assert_int_equal(s->applies > 0, mode == mode_act);
            assert_int_equal(s->undos, 0);
            assert_int_equal(s->events[kinds[i].would] > 0, mode == mode_advise);
            assert_int_equal(s->events[kinds[i].done] > 0, mode == mode_act);
            assert_int_equal(s->inspects > 0 && mode != mode_act, 0);
            if (mode != mode_act) { /* judged, not spent */
                assert_int_equal(budget_used(s->c->h, BYTES("*")), 0);
                assert_null(breaker_find(s->c->h, BYTES("compress")));
                assert_int_equal(s->events[EVENT_budget_spent], 0);
            }
            shop_close(s);
        }
}

static void observe_begins_no_cycle_and_answers_who_asks(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_observe;
    shop_lead(s);
    shop_run(s, 100000);
    assert_int_equal(s->c->h->counters.cycles, 0);
    assert_int_equal(s->analyses, 0);
    assert_true(shop_ask(s, true, "cycle_run", "mode", "analysis")->ok);
    shop_run(s, 10000);
    assert_int_equal(s->c->h->counters.cycles, 1);
    assert_true(s->analyses > 0); /* the person's question went to the analysts */
    shop_close(s);
}

/* ---- what is told ---- */

static void what_was_told_explains_itself(void **state) /* X13 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    shop_lead(s);
    shop_run(s, 30000);
    struct optimization *o = shop_newest(s, "compress");
    assert_non_null(o);
    struct msg_reply *reply = shop_ask(s, false, "why", "id", o->r.id.at);
    assert_true(reply->ok);
    assert_non_null(memmem(reply->data.at, reply->data.n, "optimization.would", 18));
    assert_non_null(memmem(reply->data.at, reply->data.n, "optimization.proposed", 21));
    shop_close(s);
}

static void it_is_told_once_in_its_cooldown(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    s->c->config.cycle.cooldown_ms = 200000;
    s->plans[TUNE].enabled = false;
    shop_lead(s);
    shop_run(s, 200000);
    assert_true(s->c->h->counters.cycles > 3);
    assert_int_equal(s->events[EVENT_optimization_would], 1);
    shop_run(s, 100000);
    assert_int_equal(s->events[EVENT_optimization_would], 2);
    shop_close(s);
}

static void an_incident_tells_each_response_once(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    by_an_incident(s);
    shop_run(s, 120000);
    assert_int_equal(s->events[EVENT_incident_would], 2); /* one a swarm */
    assert_int_equal(s->events[EVENT_incident_acted], 0);
    shop_close(s);
}

static void a_restart_tells_nothing_again(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    s->plans[TUNE].enabled = false;
    shop_lead(s);
    while (s->events[EVENT_optimization_would] == 0)
        shop_step(s);
    shop_restart(s);
    shop_until(s, "compress", "ABANDONED", 20000);
    assert_string_equal(shop_rule(s, "compress"), "dry_run");
    assert_int_equal(s->events[EVENT_optimization_would], 1);
    shop_close(s);
}

static void people_are_notified_of_it(void **state)
{
    (void)state;
    struct bytes topics[] = {BYTES("optimization.would")};
    struct set_notify notify = {
        .name = BYTES("ops"), .action = BYTES("notify"), .level = level_info, .topics = {topics, 1}};
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    s->c->config.notify = (struct seq){&notify, 1};
    shop_lead(s);
    shop_run(s, 35000);
    assert_true(s->events[EVENT_optimization_would] > 0);
    assert_int_equal(s->events[EVENT_notify_sent], s->events[EVENT_optimization_would]);
    shop_close(s);
}

/* ---- a switch in the middle ---- */

static void before_its_change_it_is_not_made(void **state)
{
    (void)state;
    for (enum mode mode = mode_observe; mode <= mode_advise; mode++) {
        struct shop *s = shop_open();
        shop_lead(s);
        shop_until(s, "compress", "BASELINE", 60000);
        set_mode(s, mode);
        shop_until(s, "compress", "ABANDONED", 60000);
        assert_string_equal(shop_rule(s, "compress"), mode == mode_observe ? "held" : "dry_run");
        assert_int_equal(s->applies, 0);
        shop_close(s);
    }
}

static void what_waits_for_an_agent_is_taken_back(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) { /* observe, advise, frozen */
        struct shop *s = shop_open();
        shop_lead(s);
        shop_until(s, "compress", "BASELINE", 60000);
        assert_true(shop_ask(s, true, "pause", "scope", "agent", "id", "hephaestus-f")->ok);
        shop_until(s, "compress", "APPLYING", 60000);
        if (way == 2)
            helios_freeze(s->c->h, true, BYTES("ada"), BYTES(""));
        else
            set_mode(s, way == 0 ? mode_observe : mode_advise);
        assert_opt(s, "compress", "ABANDONED", "never_started");
        assert_true(shop_ask(s, true, "resume", "scope", "agent", "id", "hephaestus-f")->ok);
        shop_run(s, 20000);
        assert_int_equal(s->in[COMPRESS], 0);
        shop_close(s);
    }
}

static void what_waits_while_data_goes_is_taken_back(void **state) /* H3 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.brake.enabled = false;
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 60000);
    assert_true(shop_ask(s, true, "pause", "scope", "agent", "id", "hephaestus-f")->ok);
    shop_until(s, "compress", "APPLYING", 60000);
    memset(s->quiet, true, sizeof(s->quiet));
    shop_until(s, "compress", "ABANDONED", 15000);
    assert_string_equal(shop_rule(s, "compress"), "never_started");
    shop_close(s);
}

static void a_new_leader_changes_nothing_on_a_kpi_it_has_hardly_seen(void **state) /* L5 */
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = true;
    shop_lead(s);
    shop_until(s, "compress", "BASELINE", 60000);
    s->c->config.health.coverage = 50; /* enough without this one */
    s->c->config.cycle.enabled = false;
    s->quiet[PAGE] = true;
    shop_restart(s);
    shop_run(s, 7000);
    s->quiet[PAGE] = false;
    shop_until(s, "compress", "ABANDONED", 15000);
    assert_string_equal(shop_rule(s, "compress"), "held");
    assert_int_equal(s->in[COMPRESS], 0);
    shop_close(s);
}

static void between_two_targets_what_was_changed_is_undone(void **state)
{
    (void)state;
    struct bytes webs[] = {BYTES("w1"), BYTES("w2"), BYTES("w3"), BYTES("w4"), BYTES("w5")};
    struct shop *s = shop_open();
    s->plans[COMPRESS].targets = (struct seq){webs, ARRAY_SIZE(webs)};
    s->plans[TUNE].enabled = false;
    s->factor[COMPRESS][PAGE] = 0.9;
    s->noise = 0.02;
    shop_lead(s);
    while (!(shop_newest(s, "compress") && shop_newest(s, "compress")->r.step == 2))
        shop_step(s);
    s->apply_way = SILENT; /* the first target of the step is being changed */
    shop_until(s, "compress", "APPLYING", 60000);
    shop_step(s);
    struct optimization *o = shop_newest(s, "compress");
    unsigned applies = s->applies;
    set_mode(s, mode_observe);
    struct msg_result r = {.task = o->r.apply_task, .attempt = 1, .outcome = outcome_COMPLETED};
    struct msg_results m = {.items = {&r, 1}};
    core_send(s->c, H_FRONT, MSG_results, &m);
    shop_run(s, 30000);
    assert_opt(s, "compress", "ROLLED_BACK", "held_midway");
    assert_int_equal(s->applies, applies);
    assert_int_equal(s->undos, 1);
    shop_close(s);
}

static void what_is_in_force_is_judged_to_its_end(void **state)
{
    (void)state;
    for (int helps = 0; helps < 2; helps++) {
        struct shop *s = shop_open();
        s->factor[COMPRESS][PAGE] = helps ? 0.3 : 1.2;
        shop_lead(s);
        shop_until(s, "compress", "VERIFYING", 60000);
        set_mode(s, mode_observe);
        shop_until(s, "compress", helps ? "ACCEPTED" : "ROLLED_BACK", 60000);
        shop_close(s);
    }
}

static void back_in_act_nothing_waits_for_what_was_told(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->c->config.mode = mode_advise;
    shop_lead(s);
    while (s->events[EVENT_optimization_would] == 0)
        shop_step(s);
    set_mode(s, mode_act);
    shop_run(s, 60000);
    shop_until(s, "compress", "ACCEPTED", 60000);
    shop_close(s);
}

/* ---- the same decisions ---- */

static bool is_decision(struct bytes topic)
{
    static const char *const rooms[] = {"cycle.", "optimization.", "incident.", "breaker.", "health."};
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        if (topic.n > strlen(rooms[i]) && memcmp(topic.at, rooms[i], strlen(rooms[i])) == 0)
            return true;
    return false;
}

/* A line a decision; what is done and what is told of it are the same line. */
static char *decisions(struct shop *s)
{
    struct buf out = {0};
    list_each (e, &s->c->h->ledger.entries, struct entry, link) {
        bool change = bytes_is(e->r.topic, "optimization.would") ||
                      (bytes_is(e->r.topic, "optimization.state") && strstr(e->r.text.at, "→ APPLYING"));
        bool response = bytes_is(e->r.topic, "incident.would") || bytes_is(e->r.topic, "incident.acted");
        if (!is_decision(e->r.topic))
            continue;
        buf_printf(&out, "%lld ", (long long)(e->r.at - CORE_START));
        if (change || response)
            buf_printf(&out, "%s " BYTES_F "\n", change ? "changes" : "responds", BYTES_A(e->r.id));
        else
            buf_printf(&out, BYTES_F " " BYTES_F "\n", BYTES_A(e->r.topic), BYTES_A(e->r.text));
    }
    char *ret = xdup(buf_str(&out));
    buf_done(&out);
    return ret;
}

static char *decided(enum mode mode, uint64_t seed, bool incident, int64_t ms)
{
    struct shop *s = shop_open();
    s->rand.state = seed;
    s->noise = 0.05 + 0.02 * (double)(seed % 10);
    s->plans[INLINE].enabled = seed % 2;
    s->c->config.mode = mode;
    s->c->config.verify.window_ms = s->c->config.emergency.verify_ms = 60000;
    s->apply_way = SILENT; /* no act takes effect before the list ends */
    shop_lead(s);
    shop_run(s, 7000);
    if (incident)
        collapse(s);
    shop_run(s, ms);
    char *ret = decisions(s);
    shop_close(s);
    return ret;
}

static void advise_decides_as_act_does(void **state) /* X10 */
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int incident = 0; incident < 2; incident++) {
            _autofree_ char *act = decided(mode_act, seed, incident, 50000);
            _autofree_ char *advise = decided(mode_advise, seed, incident, 50000);
            assert_non_null(strstr(act, incident ? "responds" : "changes"));
            assert_string_equal(act, advise);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_in_each_mode),
        cmocka_unit_test(observe_begins_no_cycle_and_answers_who_asks),
        cmocka_unit_test(what_was_told_explains_itself),
        cmocka_unit_test(it_is_told_once_in_its_cooldown),
        cmocka_unit_test(an_incident_tells_each_response_once),
        cmocka_unit_test(a_restart_tells_nothing_again),
        cmocka_unit_test(people_are_notified_of_it),
        cmocka_unit_test(before_its_change_it_is_not_made),
        cmocka_unit_test(what_waits_for_an_agent_is_taken_back),
        cmocka_unit_test(what_waits_while_data_goes_is_taken_back),
        cmocka_unit_test(a_new_leader_changes_nothing_on_a_kpi_it_has_hardly_seen),
        cmocka_unit_test(between_two_targets_what_was_changed_is_undone),
        cmocka_unit_test(what_is_in_force_is_judged_to_its_end),
        cmocka_unit_test(back_in_act_nothing_waits_for_what_was_told),
        cmocka_unit_test(advise_decides_as_act_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
