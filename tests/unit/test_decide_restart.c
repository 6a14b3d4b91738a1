/* SPDX-License-Identifier: MPL-2.0 */
/* The controller dies in every state and goes on where it was: nothing is left half applied,
 * nothing is done twice. Also the tables of the machines, cell by cell. */
#include "shop_harness.h"

/* ---- the tables ---- */

static void every_cell_of_an_optimization(void **state)
{
    (void)state;
    /* In the order of enum opt_event: AUTHORIZED URGENT DROPPED FULL APPLIED NEVER_STARTED BROKEN
     * SETTLED PROVED DISPROVED RECALLED UNDONE UNDO_FAILED RETURNED STAYED_AWAY. A dot: cannot
     * happen. */
    static const char *const allowed[opt_state_COUNT] = {
        [opt_state_PROPOSED] = "+++............",    [opt_state_BASELINE] = "..++...........",
        [opt_state_APPLYING] = "....+++........",    [opt_state_SETTLING] = ".......+..+....",
        [opt_state_VERIFYING] = "........+++....",   [opt_state_ROLLING_BACK] = "...........++..",
        [opt_state_CHECKING] = ".............++",    [opt_state_ACCEPTED] = "..........+....",
        [opt_state_ROLLED_BACK] = "...............", [opt_state_STUCK] = "..........+....",
        [opt_state_ABANDONED] = "...............",
    };
    struct shop *s = shop_open();
    s->plans[COMPRESS].check.action = (struct bytes){0};
    shop_lead(s);
    shop_run(s, 7000);
    for (int from = 0; from < opt_state_COUNT; from++)
        for (int event = 0; event < OPT_EVENTS; event++) {
            struct act act = {
                .plan = &s->plans[GROW], .cycle = "c-1", .reason = "", .context = "x"};
            s->plans[GROW].gate = gate_approve; /* it stays where it is put */
            struct optimization *o = optimization_start(s->c->h, &act);
            o->r.needs_approval = false;
            o->r.state = (enum opt_state)from;
            o->r.legs = 1;
            int r = optimization_step(s->c->h, o, (enum opt_event)event);
            assert_int_equal(r, allowed[from][event] == '+' ? 0 : -EPROTO);
            if (r < 0)
                assert_int_equal(o->r.state, from);
            else
                assert_int_not_equal(o->r.state, from);
            timer_stop(s->c->h, &o->timer);
        }
    shop_close(s);
}

static void every_cell_of_a_cycle(void **state)
{
    (void)state;
    /* FOUND NOTHING ADVISED STARTED SETTLED */
    static const char *const refused[cycle_state_COUNT] = {
        [cycle_state_COLLECT] = "..xxx",  [cycle_state_ANALYZE] = "x..xx",
        [cycle_state_DISPATCH] = "x.x.x", [cycle_state_VERIFY] = "xxxx.",
        [cycle_state_REPORT] = "xxxxx",
    };
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 7000);
    for (int from = 0; from < cycle_state_COUNT; from++)
        for (int event = 0; event < CYCLE_EVENTS; event++) {
            if (refused[from][event] != 'x')
                continue;
            struct cycle *c =
                cycle_run(s->c->h, "optimization", (struct bytes){0}, (struct bytes){0});
            assert_int_equal(c->r.state, cycle_state_ANALYZE);
            c->r.state = (enum cycle_state)from;
            assert_int_equal(cycle_step(s->c->h, c, (enum cycle_event)event), -EPROTO);
            assert_int_equal(c->r.state, from);
            c->r.state = cycle_state_ANALYZE;
            cycle_step(s->c->h, c, CYCLE_NOTHING);
            assert_null(cycles_of(s->c->h)->current);
        }
    shop_close(s);
}

static void every_cell_of_an_incident(void **state)
{
    (void)state;
    /* RISE FALL EXHAUST ACT CLOSE */
    static const char *const allowed[incident_state_COUNT] = {
        [incident_state_OPEN] = "+.+..",
        [incident_state_RECOVERING] = ".+..+",
        [incident_state_STALLED] = "+..+.",
        [incident_state_RESOLVED] = ".....",
    };
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    shop_lead(s);
    shop_run(s, 7000);
    for (int from = 0; from < incident_state_COUNT; from++)
        for (int event = 0; event < INCIDENT_EVENTS; event++) {
            struct incident *i = incident_declare(s->c->h, 90, 3, (struct bytes){0});
            i->r.state = (enum incident_state)from;
            int r = incident_step(s->c->h, i, (enum incident_event)event);
            assert_int_equal(r, allowed[from][event] == '+' ? 0 : -EPROTO);
            if (r < 0)
                assert_int_equal(i->r.state, from);
            if (incident_open(s->c->h)) {
                i->r.state = incident_state_RECOVERING;
                incident_step(s->c->h, i, INCIDENT_CLOSE);
            }
        }
    shop_close(s);
}

/* ---- dying in every state ---- */

static void die_in(const char *where, double factor, const char *at_last)
{
    struct shop *s = shop_open();
    s->plans[TUNE].enabled = false;
    s->plans[COMPRESS].check.action = BYTES("look");
    s->factor[COMPRESS][PAGE] = factor;
    s->c->config.cycle.every_ms = 600000; /* one cycle only */
    shop_lead(s);
    shop_until(s, "compress", where, 90000);
    shop_restart(s);
    assert_string_equal(shop_state(s, "compress"), where);
    shop_until(s, "compress", at_last, 90000);
    assert_int_equal(s->in[COMPRESS], strcmp(at_last, "ACCEPTED") == 0);
    assert_int_equal(s->applies, strcmp(at_last, "ABANDONED") == 0 ? 0 : 1);
    shop_run(s, 3000);
    assert_null(cycles_of(s->c->h)->current); /* its cycle went on too */
    assert_true(list_empty(&optimizations_of(s->c->h)->live));
    shop_close(s);
}

static void in_its_baseline(void **state)
{
    (void)state;
    die_in("BASELINE", 0.3, "ACCEPTED");
}

static void while_the_effect_settles(void **state)
{
    (void)state;
    die_in("SETTLING", 0.3, "ACCEPTED");
}

static void while_it_is_verified(void **state)
{
    (void)state;
    die_in("VERIFYING", 0.3, "ACCEPTED");
    die_in("VERIFYING", 1.2, "ROLLED_BACK");
}

static void while_its_return_is_checked(void **state)
{
    (void)state;
    die_in("CHECKING", 1.2, "ROLLED_BACK");
}

static void after_its_end(void **state)
{
    (void)state;
    die_in("ACCEPTED", 0.3, "ACCEPTED");
    die_in("ROLLED_BACK", 1.2, "ROLLED_BACK");
}

/* The apply's answer comes after the restart: the agent kept it (A4). */
static void while_it_is_applied(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[TUNE].enabled = false;
    s->apply_way = SILENT;
    shop_lead(s);
    shop_until(s, "compress", "APPLYING", 60000);
    shop_run(s, 300);
    assert_int_equal(s->applies, 1);
    shop_restart(s); /* its agents say hello without holding the attempt: it is lost with them */
    s->apply_way = WELL;
    shop_until(s, "compress", "ROLLED_BACK", 90000);
    assert_int_equal(s->applies, 1); /* never a second time */
    assert_int_equal(shop_newest(s, "compress")->r.verdict, verdict_ERROR);
    shop_close(s);
}

static void while_it_is_undone(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[TUNE].enabled = false;
    s->factor[COMPRESS][PAGE] = 1.2;
    s->undo_way = SILENT;
    shop_lead(s);
    shop_until(s, "compress", "ROLLING_BACK", 90000);
    shop_run(s, 300);
    shop_restart(s);
    assert_string_equal(shop_state(s, "compress"), "ROLLING_BACK");
    s->undo_way = WELL;
    shop_until(s, "compress", "ROLLED_BACK", 90000);
    assert_int_equal(s->in[COMPRESS], 0);
    shop_close(s);
}

static void while_the_analysts_think(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    shop_lead(s);
    while (cycles_of(s->c->h)->current == NULL)
        core_pass(s->c, 100), s->c->now >= s->next_sample ? shop_sample(s),
            s->next_sample = s->c->now + SAMPLE_MS : 0, shop_beat(s);
    assert_int_equal(cycles_of(s->c->h)->current->r.state, cycle_state_ANALYZE);
    shop_restart(s);
    shop_run(s, 20000);
    assert_int_equal(cycles_of(s->c->h)->n_ended, 1);
    assert_null(cycles_of(s->c->h)->current); /* L5: a new leader acts on nothing yet */
    assert_int_equal(s->applies, 0);
    shop_close(s);
}

static void while_it_waits_for_a_person(void **state)
{
    (void)state;
    struct shop *s = shop_open();
    s->plans[COMPRESS].gate = gate_approve;
    s->plans[TUNE].enabled = false;
    shop_lead(s);
    shop_until(s, "compress", "PROPOSED", 30000);
    shop_restart(s);
    shop_run(s, 9000);
    assert_true(shop_ask(s, true, "approve", "id", "compress")->ok);
    shop_until(s, "compress", "ACCEPTED", 60000);
    shop_close(s);
}

/* ---- incidents ---- */

static void die_in_incident(const char *where)
{
    struct shop *s = shop_open();
    s->c->config.cycle.enabled = false;
    s->factor[FIX_API][API] = s->factor[FIX_PAGE][PAGE] = 0.1;
    shop_lead(s);
    shop_run(s, 8000);
    s->base[PAGE] = 2000;
    s->base[API] = 400;
    int64_t end = s->c->now + 120000;
    while (incident_open(s->c->h) == NULL ||
           strcmp(enum_text(&enum_incident_state, incident_open(s->c->h)->r.state), where) != 0) {
        assert_true(s->c->now < end);
        shop_step(s);
    }
    unsigned applies = s->applies;
    shop_restart(s);
    assert_non_null(incident_open(s->c->h));
    assert_string_equal(enum_text(&enum_incident_state, incident_open(s->c->h)->r.state), where);
    shop_run(s, 90000); /* its act may have been under way: it has its whole time to lift the KPI */
    assert_null(incident_open(s->c->h));
    assert_int_equal(incidents_of(s->c->h)->n_ended, 1); /* the same one, not another */
    assert_true(s->applies >= applies && s->applies <= 3);
    shop_close(s);
}

static void in_an_open_incident(void **state)
{
    (void)state;
    die_in_incident("OPEN");
}

static void in_a_recovering_incident(void **state)
{
    (void)state;
    die_in_incident("RECOVERING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_an_optimization),
        cmocka_unit_test(every_cell_of_a_cycle),
        cmocka_unit_test(every_cell_of_an_incident),
        cmocka_unit_test(in_its_baseline),
        cmocka_unit_test(while_the_effect_settles),
        cmocka_unit_test(while_it_is_verified),
        cmocka_unit_test(while_its_return_is_checked),
        cmocka_unit_test(after_its_end),
        cmocka_unit_test(while_it_is_applied),
        cmocka_unit_test(while_it_is_undone),
        cmocka_unit_test(while_the_analysts_think),
        cmocka_unit_test(while_it_waits_for_a_person),
        cmocka_unit_test(in_an_open_incident),
        cmocka_unit_test(in_a_recovering_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
