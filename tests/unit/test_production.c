/* SPDX-License-Identifier: MPL-2.0 */
/* The hourly report and the figures of production, over midnight, restarts and takeovers, on virtual time. */
#include "run_harness.h"

#include "orchestrator/core/stance.h"
#include "orchestrator/flow/production.h"

#define HOUR_MS (60 * 60 * 1000LL)

static const char config[] = "kpis:\n"
                             "  videos_produced_today: {better: higher, target: 6, critical: 3, stale: 1m}\n"
                             "  tasks_failed: {target: 0, critical: 10, weight: 0}\n"
                             "production:\n"
                             "  counters:\n"
                             "    videos_produced: {pipeline: video}\n"
                             "    uploads: {action: b}\n"
                             "pipelines:\n"
                             "  video:\n"
                             "    steps:\n"
                             "      make: {action: a, retries: 0}\n";

/* ---- what the core wants written ---- */

static char *take_line(struct flow *f, const char *name)
{
    char *found = NULL;
    for (struct wanted_file *w; (w = helios_take_file(f->c->h)); free(w)) {
        if (w->append && strncmp(w->name, "health_", 7) == 0) {
            assert_null(found);
            if (name)
                assert_string_equal(w->name, name);
            found = w->text;
            w->text = NULL;
        }
        free(w->name);
        free(w->text);
    }
    return found;
}

static void assert_no_line(struct flow *f)
{
    _autofree_ char *line = take_line(f, NULL);
    if (line)
        fail_msg("nobody asked for %s", line);
}

static void assert_line(struct flow *f, const char *name, const char *expected)
{
    _autofree_ char *line = take_line(f, name);
    assert_non_null(line);
    assert_string_equal(line, expected);
}

/* ---- what the realm does ---- */

static void submit(struct flow *f, const char *action, uint64_t attempts)
{
    struct msg_request request = {.action = bytes_of(action), .max_attempts = attempts, .priority = 2};
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {&request, 1}};
    core_send(f->c, FLOW_CLIENT, MSG_submit, &m);
    flow_turn(f);
}

static void result(struct flow *f, enum outcome outcome)
{
    struct msg_task *t = &f->given[f->n_given - 1];
    struct msg_result r = {.task = t->id, .attempt = t->attempt, .outcome = outcome,
                           .exit_code = outcome == outcome_FAILED ? 1 : 0};
    struct msg_results m = {.items = {&r, 1}};
    core_send(f->c, FLOW_AGENT, MSG_results, &m);
    t->id = (struct bytes){0};
}

static void does(struct flow *f, const char *action, enum outcome outcome)
{
    submit(f, action, 1);
    result(f, outcome);
    flow_turn(f);
}

static void makes_a_video(struct flow *f, enum outcome outcome)
{
    char owner[64];
    snprintf(owner, sizeof(owner), "%s/make", flow_run(f, "video", NULL));
    flow_end(f, owner, outcome, NULL);
}

static void assert_figure(struct flow *f, const char *name, uint64_t today, uint64_t total)
{
    struct production *p = production_of(f->c->h);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->figures[i].name, name) == 0) {
            assert_int_equal(production_today(f->c->h, &p->figures[i]), today);
            assert_int_equal(p->figures[i].total, total);
            return;
        }
    fail_msg("no figure %s", name);
}

/* CORE_START is 14:13:20 of 21 September 2026. */
static void until(struct flow *f, int hour, int minute)
{
    int64_t midnight = CORE_START / DAY_MS * DAY_MS;
    core_pass(f->c, midnight + hour * HOUR_MS + minute * 60000 - f->c->now);
    flow_hear(f);
}

/* ---- the report ---- */

static void the_report_has_exactly_the_fields_of_the_seed(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    makes_a_video(f, outcome_COMPLETED);
    makes_a_video(f, outcome_FAILED);
    does(f, "b", outcome_COMPLETED);
    does(f, "c", outcome_FAILED);
    until(f, 14, 59);
    assert_no_line(f);
    core_pass(f->c, 30000);
    submit(f, "c", 1); /* still runs */
    submit(f, "z", 1); /* nobody can */
    until(f, 15, 0);
    assert_line(f, "health_20260921.json",
                "{\"timestamp\":\"2026-09-21T15:00:00Z\",\"uptime_hours\":0.78,\"task_queue_size\":1,\"active_tasks\":1,"
                "\"completed_tasks\":2,\"failed_tasks\":2,\"metrics\":{\"videos_produced_today\":1,\"videos_produced_total\":1,"
                "\"uploads_today\":1,\"uploads_total\":1,\"tasks_completed\":2,\"tasks_failed\":2}}");
    flow_close(f);
}

static void midnight_begins_a_day_and_a_file(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    makes_a_video(f, outcome_COMPLETED);
    until(f, 15, 0);
    free(take_line(f, "health_20260921.json"));
    until(f, 16, 0);
    free(take_line(f, "health_20260921.json"));
    f->c->config.reports.health_ms = 24 * HOUR_MS;
    helios_reload(f->c->h, &f->c->config, "");
    assert_figure(f, "videos_produced", 1, 1);
    until(f, 24, 0);
    _autofree_ char *line = take_line(f, "health_20260922.json");
    assert_non_null(strstr(line, "\"timestamp\":\"2026-09-22T00:00:00Z\""));
    assert_non_null(strstr(line, "\"videos_produced_today\":0,\"videos_produced_total\":1"));
    makes_a_video(f, outcome_COMPLETED);
    makes_a_video(f, outcome_COMPLETED);
    assert_figure(f, "videos_produced", 2, 3);
    flow_restart(f);
    assert_figure(f, "videos_produced", 2, 3);
    flow_close(f);
}

static void one_report_an_hour_through_takeovers(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    does(f, "b", outcome_COMPLETED);
    does(f, "d", outcome_COMPLETED); /* no counter counts it */
    flow_restart(f); /* before the first hour */
    assert_no_line(f);
    until(f, 15, 0);
    free(take_line(f, "health_20260921.json"));
    for (int i = 0; i < 3; i++) {
        flow_restart(f);
        until(f, 15, 10 + 10 * i);
        assert_no_line(f);
    }
    core_die(f->c); /* nobody leads for hours: what fell due is told once, when somebody does */
    core_forget_said(f->c);
    f->c->now += 5 * HOUR_MS;
    core_lead(f->c);
    flow_turn(f);
    assert_line(f, "health_20260921.json",
                "{\"timestamp\":\"2026-09-21T20:30:00Z\",\"uptime_hours\":0.0,\"task_queue_size\":0,\"active_tasks\":0,"
                "\"completed_tasks\":2,\"failed_tasks\":0,\"metrics\":{\"videos_produced_today\":0,\"videos_produced_total\":0,"
                "\"uploads_today\":1,\"uploads_total\":1,\"tasks_completed\":2,\"tasks_failed\":0}}");
    flow_turn(f);
    assert_no_line(f);
    until(f, 21, 0);
    free(take_line(f, "health_20260921.json"));
    flow_close(f);
}

/* Between the commit of a report and its line on the disk a controller may die: it wants the line again, nobody else does. */
static void a_line_that_may_be_missing_is_wanted_again(void **state)
{
    struct stance mine = {.id = "mine", .host = ""}, another = {.id = "another", .host = ""};
    struct flow *f = flow_open(config);
    (void)state;
    f->c->h->stance = &mine;
    until(f, 15, 0);
    _autofree_ char *line = take_line(f, NULL);
    core_restart(f->c);
    f->c->h->stance = &another;
    core_turn(f->c);
    assert_no_line(f);
    core_restart(f->c);
    f->c->h->stance = &mine;
    core_turn(f->c);
    assert_line(f, "health_20260921.json", line);
    core_pass(f->c, 60000);
    assert_no_line(f);
    flow_close(f);
}

static void switched_off_it_writes_nothing(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    f->c->config.reports.health_ms = 0;
    helios_reload(f->c->h, &f->c->config, "");
    until(f, 17, 0);
    assert_no_line(f);
    f->c->config.reports.health_ms = HOUR_MS;
    helios_reload(f->c->h, &f->c->config, "");
    core_turn(f->c);
    free(take_line(f, NULL));
    flow_close(f);
}

/* Hours and days are those of the clock on the wall; one that is set back brings none twice. */
static void the_report_follows_the_wall(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    makes_a_video(f, outcome_COMPLETED);
    helios_wall(f->c->h, 12 * HOUR_MS);
    core_turn(f->c);
    _autofree_ char *line = take_line(f, "health_20260922.json");
    assert_non_null(strstr(line, "2026-09-22T02:13:20Z"));
    assert_non_null(strstr(line, "\"videos_produced_today\":0,\"videos_produced_total\":1"));
    helios_wall(f->c->h, 0);
    until(f, 20, 0);
    assert_no_line(f);
    makes_a_video(f, outcome_COMPLETED);
    assert_figure(f, "videos_produced", 2, 2); /* the day has not begun again either */
    until(f, 24 + 3, 0);
    free(take_line(f, "health_20260922.json"));
    flow_close(f);
}

/* ---- the figures ---- */

/* A count is of the commit of the end: what was not committed happened for nobody, and is counted when it happens again. */
static void a_count_is_of_the_commit_of_the_end(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    submit(f, "b", 1);
    struct msg_task held = f->given[f->n_given - 1];
    result(f, outcome_COMPLETED); /* taken in, not cut */
    assert_figure(f, "uploads", 1, 1);
    f->given[f->n_given - 1] = held;
    flow_restart(f);
    assert_figure(f, "uploads", 0, 0);
    f->given[f->n_given++] = held;
    result(f, outcome_COMPLETED);
    flow_turn(f);
    assert_figure(f, "uploads", 1, 1);
    flow_restart(f);
    assert_figure(f, "uploads", 1, 1);
    assert_int_equal(production_of(f->c->h)->r.completed, 1);
    flow_close(f);
}

static void retries_count_once_and_dry_runs_never(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    submit(f, "b", 2);
    result(f, outcome_FAILED);
    flow_turn(f);
    core_pass(f->c, 61000);
    flow_hear(f);
    assert_figure(f, "uploads", 0, 0);
    result(f, outcome_COMPLETED);
    flow_turn(f);
    assert_figure(f, "uploads", 1, 1);
    flow_run_with(f, "{\"name\": \"video\", \"dry_run\": true}");
    core_pass(f->c, 1000);
    assert_figure(f, "videos_produced", 0, 0);
    assert_int_equal(production_of(f->c->h)->r.failed, 0);
    flow_close(f);
}

/* One that the config takes away and names again later goes on where it was. */
static void a_counter_that_comes_back_goes_on(void **state)
{
    struct flow *f = flow_open(config);
    struct seq counters = f->c->config.production.counters;
    (void)state;
    does(f, "b", outcome_COMPLETED);
    f->c->config.production.counters = (struct seq){0};
    helios_reload(f->c->h, &f->c->config, "");
    does(f, "b", outcome_COMPLETED);
    flow_restart(f);
    f->c->config.production.counters = counters;
    helios_reload(f->c->h, &f->c->config, "");
    does(f, "b", outcome_COMPLETED);
    assert_figure(f, "uploads", 2, 2);
    assert_int_equal(production_of(f->c->h)->r.completed, 3);
    flow_close(f);
}

static void strays_are_bounded(void **state)
{
    struct flow *f = flow_open(config);
    struct set_counter one[1] = {{.action = BYTES("b")}};
    char name[16];
    (void)state;
    for (int i = 0; i < 3 * FIGURES_MOST; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        one[0].name = bytes_of(name);
        f->c->config.production.counters = (struct seq){one, 1};
        helios_reload(f->c->h, &f->c->config, "");
        does(f, "b", outcome_COMPLETED);
    }
    assert_int_equal(production_of(f->c->h)->n, FIGURES_MOST);
    flow_restart(f);
    assert_figure(f, name, 1, 1);
    flow_close(f);
}

static void the_figures_are_kpis_where_the_config_names_them(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    for (int i = 0; i < 4; i++)
        makes_a_video(f, outcome_COMPLETED);
    does(f, "c", outcome_FAILED);
    core_pass(f->c, 15000);
    struct kpi *videos = kpi_find(f->c->h, BYTES("videos_produced_today")), *failed = kpi_find(f->c->h, BYTES("tasks_failed"));
    assert_true(kpi_known(f->c->h, videos) && kpi_known(f->c->h, failed));
    assert_true(kpi_value(f->c->h, videos) == 4 && kpi_value(f->c->h, failed) == 1);
    assert_null(kpi_find(f->c->h, BYTES("uploads_today")));
    flow_close(f);
}

static void who_asks_sees_the_newest_and_what_it_would_be_now(void **state)
{
    struct flow *f = flow_open(config);
    (void)state;
    struct msg_reply *before = flow_ask(f, false, "health_report", NULL);
    assert_int_equal(map_int(before->data, "at", -1), 0);
    until(f, 15, 0);
    does(f, "b", outcome_COMPLETED);
    struct msg_reply *r = flow_ask(f, false, "health_report", NULL);
    assert_true(bytes_is(map_str(map_get(r->data, "report").whole, "timestamp", ""), "2026-09-21T15:00:00Z"));
    assert_int_equal(map_int(map_get(r->data, "report").whole, "completed_tasks", -1), 0);
    assert_int_equal(map_int(map_get(r->data, "now").whole, "completed_tasks", -1), 1);
    assert_true(bytes_is(map_str(r->data, "file", ""), "health_20260921.json"));
    assert_int_equal(map_int(r->data, "next_at", 0), CORE_START / HOUR_MS * HOUR_MS + 2 * HOUR_MS);
    flow_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_has_exactly_the_fields_of_the_seed),
        cmocka_unit_test(midnight_begins_a_day_and_a_file),
        cmocka_unit_test(one_report_an_hour_through_takeovers),
        cmocka_unit_test(a_line_that_may_be_missing_is_wanted_again),
        cmocka_unit_test(switched_off_it_writes_nothing),
        cmocka_unit_test(the_report_follows_the_wall),
        cmocka_unit_test(a_count_is_of_the_commit_of_the_end),
        cmocka_unit_test(retries_count_once_and_dry_runs_never),
        cmocka_unit_test(a_counter_that_comes_back_goes_on),
        cmocka_unit_test(strays_are_bounded),
        cmocka_unit_test(the_figures_are_kpis_where_the_config_names_them),
        cmocka_unit_test(who_asks_sees_the_newest_and_what_it_would_be_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
