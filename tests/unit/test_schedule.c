/* SPDX-License-Identifier: MPL-2.0 */
/* Rules S1 and S4 to S8: the real core with schedules on virtual time. */
#include "realm_harness.h"

#include "orchestrator/flow/schedule.h"

#define CLIENT 50
#define AGENT 1
#define MINUTE 60000ll
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MIDNIGHT (CORE_START - CORE_START % DAY) /* before the start, UTC */

static struct set_schedule rows[8];
static size_t n_rows;

static struct set_schedule *row(const char *name, const char *cron)
{
    struct set_schedule *s = &rows[n_rows++];
    *s = (struct set_schedule){.name = bytes_of(name), .cron = bytes_of(cron), .zone = BYTES("UTC"), .action = BYTES("work"),
                               .pipeline = BYTES(""), .swarm = BYTES(""), .role = BYTES(""), .overlap = overlap_forbid,
                               .misfire = misfire_once, .window_ms = DAY, .late_ms = 1000, .enabled = true, .priority = 2};
    return s;
}

/* realm_at leads a realm with the rows at a time of the day that CORE_START has. */
static struct core *realm_at(int64_t of_day)
{
    struct core *c = core_new();
    c->config.schedules = (struct seq){rows, n_rows};
    c->config.tasks.max_attempts = 1;
    c->config.tasks.attempt_ms = 2 * DAY;
    c->now = MIDNIGHT + of_day;
    core_lead(c);
    core_turn(c);
    core_forget_said(c);
    return c;
}

static void over(struct core *c)
{
    core_free(c);
    n_rows = 0;
}

static struct schedule *of(struct core *c, const char *name)
{
    struct schedule *s = schedule_find(c->h, bytes_of(name));
    assert_non_null(s);
    return s;
}

static void started_is(struct core *c, const char *name, uint64_t started, uint64_t skipped)
{
    struct schedule *s = of(c, name);
    if (s->r.started != started || s->r.skipped != skipped)
        fail_msg("%s: %llu started, %llu skipped", name, (unsigned long long)s->r.started, (unsigned long long)s->r.skipped);
}

/* ---- an agent that is told when to end ---- */

static void join(struct core *c)
{
    struct msg_action work = {.name = BYTES("work")};
    struct msg_hello hello = {.agent = BYTES("a1"), .instance = BYTES("i1"), .swarm = BYTES("s"), .slots = 100, .actions = {&work, 1}};
    core_send(c, AGENT, MSG_hello, &hello);
    c->beating[AGENT] = true;
    core_turn(c);
}

/* end ends the oldest occurrence of a schedule. */
static void end(struct core *c, const char *name, enum outcome outcome)
{
    struct occurrence *o = list_first(&of(c, name)->running, struct occurrence, link);
    assert_non_null(o);
    struct task *t = task_find(c->h, bytes_of(o->id));
    assert_non_null(t);
    struct msg_result r = {.task = t->r.id, .attempt = t->r.attempt, .outcome = outcome, .elapsed_ms = 500,
                           .error = bytes_of(outcome == outcome_COMPLETED ? "" : "no luck"), .exit_code = outcome == outcome_FAILED};
    struct msg_results m = {.items = {&r, 1}};
    core_send(c, AGENT, MSG_results, &m);
    core_turn(c);
}

static void skipped_because(struct core *c, const char *part)
{
    struct msg_event *e = core_event(c, EVENT_schedule_skipped);
    assert_non_null(e);
    _autofree_ char *text = bytes_dup(e->text);
    if (strstr(text, part) == NULL)
        fail_msg("'%s' does not say '%s'", text, part);
}

static const char *ask(struct core *c, bool command, const char *what, struct buf *args)
{
    struct msg_reply *reply = core_ask(c, CLIENT, command, what, args);
    char *text = arena_take(&c->arena, reply->error.n + 1);
    if (reply->error.n)
        memcpy(text, reply->error.at, reply->error.n);
    return text;
}

/* ---- S1 ---- */

static void s1_an_occurrence_starts_a_task_once(void **state)
{
    (void)state;
    row("nightly", "0 2 * * *");
    struct core *c = realm_at(HOUR);
    core_pass(c, HOUR - 1);
    started_is(c, "nightly", 0, 0);
    core_pass(c, 1);
    started_is(c, "nightly", 1, 0);
    struct schedule *s = of(c, "nightly");
    assert_int_equal(s->r.cursor, MIDNIGHT + 2 * HOUR);
    struct task *t = task_find(c->h, s->r.last);
    char key[96];
    schedule_key(key, s, MIDNIGHT + 2 * HOUR);
    assert_true(bytes_is(t->r.key, key));
    assert_true(bytes_is(t->r.owner_kind, "schedule"));
    core_pass(c, 20 * HOUR);
    started_is(c, "nightly", 1, 0);
    over(c);
}

/* Killed at any moment around its time, before and after the commit: once, never twice, never not at all. */
static void s1_a_restart_loses_none_and_repeats_none(void **state)
{
    (void)state;
    for (int64_t at = HOUR - 3; at < HOUR + 4; at++)
        for (int cut = 0; cut < 2; cut++) {
            row("nightly", "0 2 * * *");
            struct core *c = realm_at(HOUR);
            core_pass(c, at);
            c->now += 1;
            (void)helios_tick(c->h, c->now);
            if (cut)
                core_cut(c);
            c->now += 500;
            core_restart(c);
            core_pass(c, HOUR);
            started_is(c, "nightly", 1, 0);
            assert_int_equal(of(c, "nightly")->n_running, 1);
            over(c);
        }
}

static void s1_what_runs_is_known_after_a_restart(void **state)
{
    (void)state;
    row("nightly", "*/10 * * * *");
    struct core *c = realm_at(HOUR);
    join(c);
    core_pass(c, 10 * MINUTE);
    core_restart(c);
    join(c);
    assert_int_equal(of(c, "nightly")->n_running, 1);
    core_pass(c, 10 * MINUTE); /* forbid: it still runs */
    started_is(c, "nightly", 1, 1);
    over(c);
}

/* The clock goes back an hour: what was settled is not settled again, and the schedule waits. */
static void s1_a_clock_put_back_repeats_none(void **state)
{
    (void)state;
    row("often", "*/10 * * * *")->overlap = overlap_allow;
    struct core *c = realm_at(HOUR);
    core_pass(c, HOUR);
    started_is(c, "often", 6, 0);
    helios_wall(c->h, -HOUR);
    core_pass(c, HOUR);
    started_is(c, "often", 6, 0);
    core_pass(c, 10 * MINUTE);
    started_is(c, "often", 7, 0);
    over(c);
}

/* The clock jumps three hours ahead: what lies between is late. */
static void s1_a_clock_put_forward_makes_late(void **state)
{
    (void)state;
    struct set_schedule *all = row("all", "0 * * * *");
    all->misfire = misfire_all;
    all->overlap = overlap_allow;
    row("once", "0 * * * *");
    struct core *c = realm_at(HOUR + 1);
    helios_wall(c->h, 3 * HOUR);
    core_pass(c, 1000);
    started_is(c, "all", 3, 0);
    started_is(c, "once", 1, 2);
    over(c);
}

static void s1_another_line_of_cron_begins_now(void **state)
{
    (void)state;
    row("s", "0 0 1 * *");
    struct core *c = realm_at(HOUR);
    core_pass(c, 1000);
    rows[0].cron = BYTES("* * * * *");
    c->now += HOUR;
    core_restart(c);
    core_pass(c, 1000);
    started_is(c, "s", 0, 0);
    core_pass(c, MINUTE);
    started_is(c, "s", 1, 0);
    over(c);
}

/* ---- S4 ---- */

static struct core *after_an_outage(int64_t away)
{
    struct core *c = realm_at(HOUR + 1);
    core_turn(c);
    c->now += away;
    core_restart(c);
    core_pass(c, 100);
    return c;
}

static void s4_misfire_skip_runs_none(void **state)
{
    (void)state;
    row("s", "0 * * * *")->misfire = misfire_skip;
    struct core *c = after_an_outage(5 * HOUR + 10000);
    started_is(c, "s", 0, 5);
    skipped_because(c, "5 occurrences until 2026-09-21T06:00:00 UTC do not run: it was late, and `misfire` is skip");
    over(c);
}

static void s4_misfire_once_runs_the_newest(void **state)
{
    (void)state;
    row("s", "0 * * * *");
    struct core *c = after_an_outage(5 * HOUR + 10000);
    started_is(c, "s", 1, 4);
    assert_int_equal(of(c, "s")->r.cursor, MIDNIGHT + 6 * HOUR);
    assert_int_equal(list_first(&of(c, "s")->running, struct occurrence, link)->time, MIDNIGHT + 6 * HOUR);
    over(c);
}

/* Each, oldest first, and one after the other where they may not overlap. */
static void s4_misfire_all_runs_each(void **state)
{
    (void)state;
    row("s", "0 * * * *")->misfire = misfire_all;
    struct core *c = after_an_outage(3 * HOUR + 10000);
    join(c);
    for (int i = 0; i < 3; i++) {
        core_pass(c, 1000);
        assert_int_equal(of(c, "s")->n_running, 1);
        assert_int_equal(list_first(&of(c, "s")->running, struct occurrence, link)->time, MIDNIGHT + (2 + i) * HOUR);
        if (i == 1)
            core_restart(c), join(c);
        end(c, "s", outcome_COMPLETED);
    }
    core_pass(c, 1000);
    started_is(c, "s", 3, 0);
    over(c);
}

static void s4_what_is_older_than_the_window_never_runs(void **state)
{
    (void)state;
    struct set_schedule *all = row("all", "0 * * * *"), *once = row("once", "0 0 * * *");
    all->misfire = misfire_all;
    all->overlap = overlap_allow;
    all->window_ms = once->window_ms = 2 * HOUR + 30 * MINUTE;
    struct core *c = after_an_outage(2 * DAY + 5 * HOUR + 10000);
    started_is(c, "all", 3, 50);
    started_is(c, "once", 0, 2);
    over(c);
}

static void s4_all_is_a_thousand_at_most(void **state)
{
    (void)state;
    struct set_schedule *all = row("all", "*/10 * * * * *");
    all->misfire = misfire_all;
    all->overlap = overlap_allow;
    struct core *c = after_an_outage(5 * HOUR + 10000); /* 1800 */
    core_pass(c, 5000);
    assert_int_equal(of(c, "all")->r.started, 1000);
    assert_in_range(of(c, "all")->r.skipped, 799, 801);
    over(c);
}

static void s4_a_little_late_is_not_late(void **state)
{
    (void)state;
    struct set_schedule *s = row("s", "0 * * * *");
    s->misfire = misfire_skip;
    s->late_ms = 10 * MINUTE;
    struct core *c = after_an_outage(HOUR + 9 * MINUTE);
    started_is(c, "s", 1, 0);
    over(c);
}

/* ---- S5 ---- */

static void s5_forbid_skips(void **state)
{
    (void)state;
    row("s", "*/10 * * * *");
    struct core *c = realm_at(HOUR);
    join(c);
    core_pass(c, 20 * MINUTE);
    started_is(c, "s", 1, 1);
    skipped_because(c, "s of 2026-09-21T01:20:00 UTC does not run: an earlier occurrence has not ended");
    end(c, "s", outcome_COMPLETED);
    core_pass(c, 10 * MINUTE);
    started_is(c, "s", 2, 1);
    over(c);
}

static void s5_allow_runs_both(void **state)
{
    (void)state;
    row("s", "*/10 * * * *")->overlap = overlap_allow;
    struct core *c = realm_at(HOUR);
    join(c);
    core_pass(c, 20 * MINUTE);
    assert_int_equal(of(c, "s")->n_running, 2);
    over(c);
}

/* The earlier one is asked to stop; the newer one begins when it has, also when the controller dies between. */
static void s5_replace_waits_for_the_end(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        row("s", "*/10 * * * *")->overlap = overlap_replace;
        struct core *c = realm_at(HOUR);
        join(c);
        core_pass(c, 20 * MINUTE);
        assert_int_equal(of(c, "s")->n_running, 1);
        assert_int_equal(of(c, "s")->r.waiting, MIDNIGHT + HOUR + 20 * MINUTE);
        if (restart)
            core_restart(c), join(c), core_turn(c);
        end(c, "s", outcome_FAILED);
        assert_int_equal(of(c, "s")->r.waiting, 0);
        started_is(c, "s", 2, 0);
        assert_int_equal(list_first(&of(c, "s")->running, struct occurrence, link)->time, MIDNIGHT + HOUR + 20 * MINUTE);
        over(c);
    }
}

/* What has not begun ends at once, within the call that cancels it. */
static void s5_replace_of_one_that_never_began(void **state)
{
    (void)state;
    row("s", "*/10 * * * *")->overlap = overlap_replace;
    struct core *c = realm_at(HOUR);
    core_pass(c, 30 * MINUTE);
    started_is(c, "s", 3, 0);
    assert_int_equal(of(c, "s")->n_running, 1);
    over(c);
}

/* ---- S6 ---- */

static void s6_jitter_is_a_hash_of_name_and_time(void **state)
{
    (void)state;
    struct set_schedule *s = row("s", "0 * * * *");
    s->jitter_ms = 10 * MINUTE;
    struct core *c = realm_at(HOUR + 1);
    int64_t time = MIDNIGHT + 2 * HOUR, moved = schedule_jitter(of(c, "s"), time);
    assert_in_range(moved, 1, 10 * MINUTE);
    core_restart(c);
    assert_int_equal(schedule_jitter(of(c, "s"), time), moved);
    assert_true(schedule_jitter(of(c, "s"), time + HOUR) != moved);
    core_pass(c, HOUR + moved - 2);
    started_is(c, "s", 0, 0);
    core_pass(c, 1);
    started_is(c, "s", 1, 0);
    assert_int_equal(of(c, "s")->r.cursor, time);
    over(c);
}

/* ---- S7 ---- */

static void s7_paused_settles_nothing_and_resumed_is_late(void **state)
{
    (void)state;
    struct buf args = {0};
    row("s", "0 * * * *");
    struct core *c = realm_at(HOUR + 1);
    assert_string_equal(ask(c, true, "schedule_pause", core_args(&args, "name", "s", NULL)), "");
    core_pass(c, 3 * HOUR);
    core_restart(c);
    core_pass(c, HOUR);
    started_is(c, "s", 0, 0);
    assert_string_equal(ask(c, true, "schedule_resume", core_args(&args, "name", "s", NULL)), "");
    core_pass(c, 1000);
    started_is(c, "s", 1, 3);
    buf_done(&args);
    over(c);
}

static void s7_run_starts_one_beside_the_clock(void **state)
{
    (void)state;
    struct buf args = {0};
    row("s", "0 * * * *");
    struct core *c = realm_at(HOUR + 1);
    join(c);
    assert_string_equal(ask(c, true, "schedule_run", core_args(&args, "name", "s", NULL)), "");
    started_is(c, "s", 1, 0);
    assert_int_equal(of(c, "s")->r.cursor, MIDNIGHT + HOUR + 1);
    assert_non_null(strstr(ask(c, true, "schedule_run", core_args(&args, "name", "s", NULL)), "`overlap` is forbid"));
    assert_string_equal(ask(c, true, "schedule_run", core_args(&args, "name", "s", "force", "true", NULL)), "");
    assert_int_equal(of(c, "s")->n_running, 2);
    end(c, "s", outcome_COMPLETED);
    end(c, "s", outcome_COMPLETED);
    core_pass(c, HOUR);
    started_is(c, "s", 3, 0);
    assert_non_null(strstr(ask(c, true, "schedule_run", core_args(&args, "name", "x", NULL)), "no schedule 'x'"));
    buf_done(&args);
    over(c);
}

/* ---- S8 ---- */

static void s8_waits_until_what_it_comes_after_has_completed(void **state)
{
    (void)state;
    static const struct bytes after[] = {BYTES("curate")};
    for (int restart = 0; restart < 2; restart++) {
        row("curate", "0 2 * * *");
        row("make", "0 */2 * * *")->after = (struct seq){(void *)(uintptr_t)after, 1};
        struct core *c = realm_at(HOUR);
        join(c);
        core_pass(c, HOUR + MINUTE);
        started_is(c, "curate", 1, 0);
        started_is(c, "make", 0, 0);
        assert_int_equal(of(c, "make")->r.waiting, MIDNIGHT + 2 * HOUR);
        if (restart)
            core_restart(c), join(c), core_turn(c);
        end(c, "curate", outcome_COMPLETED);
        started_is(c, "make", 1, 0);
        end(c, "make", outcome_COMPLETED);
        core_pass(c, 2 * HOUR); /* the newest of curate, of 02:00, has completed */
        started_is(c, "make", 2, 0);
        over(c);
    }
}

static void s8_is_skipped_when_it_failed(void **state)
{
    (void)state;
    static const struct bytes after[] = {BYTES("curate")};
    row("curate", "0 2 * * *");
    row("make", "0 2 * * *")->after = (struct seq){(void *)(uintptr_t)after, 1};
    struct core *c = realm_at(HOUR);
    join(c);
    core_pass(c, HOUR + MINUTE);
    end(c, "curate", outcome_FAILED);
    started_is(c, "make", 0, 1);
    skipped_because(c, "curate, which it waits for, did not complete");
    over(c);
}

static void s8_immediate_follows_at_once(void **state)
{
    (void)state;
    static const struct bytes after_a[] = {BYTES("a")}, after_both[] = {BYTES("a"), BYTES("b")}, after_c[] = {BYTES("c")};
    row("a", "0 * * * *");
    row("b", "immediate")->after = (struct seq){(void *)(uintptr_t)after_a, 1};
    row("c", "immediate")->after = (struct seq){(void *)(uintptr_t)after_both, 2};
    row("d", "0 2 * * *")->after = (struct seq){(void *)(uintptr_t)after_c, 1};
    struct core *c = realm_at(HOUR + 1);
    join(c);
    core_pass(c, HOUR);
    end(c, "a", outcome_COMPLETED);
    started_is(c, "b", 1, 0);
    started_is(c, "c", 0, 0);
    core_restart(c);
    join(c);
    core_turn(c);
    started_is(c, "b", 1, 0);
    end(c, "b", outcome_COMPLETED);
    started_is(c, "c", 1, 0);
    started_is(c, "d", 0, 0);
    end(c, "c", outcome_COMPLETED);
    started_is(c, "d", 1, 0);
    core_pass(c, HOUR);
    end(c, "a", outcome_FAILED);
    started_is(c, "b", 1, 1);
    started_is(c, "c", 1, 1);
    over(c);
}

static void s8_one_that_waits_gives_way_to_the_next(void **state)
{
    (void)state;
    static const struct bytes after[] = {BYTES("curate")};
    row("curate", "0 6 * * *");
    row("make", "0 */2 * * *")->after = (struct seq){(void *)(uintptr_t)after, 1};
    struct core *c = realm_at(HOUR);
    join(c);
    core_pass(c, 5 * HOUR + MINUTE);
    started_is(c, "make", 0, 2); /* of 02:00 and 04:00: curate had never completed */
    end(c, "curate", outcome_COMPLETED);
    started_is(c, "make", 1, 2);
    over(c);
}

/* ---- given by commands ---- */

static struct buf *given(struct buf *out, const char *name, const char *cron, const char *after)
{
    struct pack p;
    buf_clear(out);
    pack_init(&p, out);
    pack_map(&p);
    pack_key(&p, "schedules");
    pack_list(&p);
    pack_map(&p);
    pack_put_text(&p, "name", name);
    pack_put_text(&p, "cron", cron);
    pack_put_text(&p, "action", "work");
    pack_key(&p, "after");
    pack_list(&p);
    if (after)
        pack_text(&p, after);
    pack_end(&p);
    pack_key(&p, "params");
    pack_map(&p);
    pack_put_text(&p, "at", "it is ${time}!");
    pack_end(&p);
    pack_end(&p);
    pack_end(&p);
    pack_end(&p);
    return out;
}

static void s1_one_that_was_given_lives_in_its_record(void **state)
{
    (void)state;
    struct buf args = {0};
    struct core *c = realm_at(HOUR);
    assert_string_equal(ask(c, true, "schedule_set", given(&args, "s", "0 2 * * *", NULL)), "");
    core_restart(c);
    core_pass(c, HOUR);
    started_is(c, "s", 1, 0);
    struct task *t = task_find(c->h, of(c, "s")->r.last);
    assert_true(bytes_is(map_str(t->r.params, "at", ""), "it is 2026-09-21T02:00:00.000Z!"));
    assert_string_equal(ask(c, false, "schedule", core_args(&args, "name", "s", NULL)), "");
    assert_string_equal(ask(c, false, "schedules", NULL), "");
    assert_string_equal(ask(c, false, "schedule_next", NULL), "");
    assert_string_equal(ask(c, true, "schedule_remove", core_args(&args, "name", "s", NULL)), "");
    core_restart(c);
    assert_null(schedule_find(c->h, BYTES("s")));
    buf_done(&args);
    over(c);
}

static void what_cannot_run_is_refused_whole(void **state)
{
    (void)state;
    struct buf args = {0};
    row("mine", "0 2 * * *");
    struct core *c = realm_at(HOUR);
    assert_non_null(strstr(ask(c, true, "schedule_set", given(&args, "s", "0 99 * * *", NULL)), "at character 3"));
    assert_non_null(strstr(ask(c, true, "schedule_set", given(&args, "s", "0 2 * * *", "nobody")), "unknown schedule 'nobody'"));
    assert_non_null(strstr(ask(c, true, "schedule_set", given(&args, "s", "0 2 * * *", "s")), "names itself"));
    assert_non_null(strstr(ask(c, true, "schedule_set", given(&args, "mine", "0 2 * * *", NULL)), "of the config file"));
    assert_null(schedule_find(c->h, BYTES("s")));
    assert_string_equal(ask(c, true, "schedule_set", given(&args, "a", "0 2 * * *", NULL)), "");
    assert_string_equal(ask(c, true, "schedule_set", given(&args, "b", "0 2 * * *", "a")), "");
    assert_non_null(strstr(ask(c, true, "schedule_set", given(&args, "a", "0 3 * * *", "b")), "waits for itself"));
    assert_true(bytes_is(of(c, "a")->spec->cron, "0 2 * * *"));
    assert_non_null(strstr(ask(c, true, "schedule_remove", core_args(&args, "name", "a", NULL)), "b waits for a"));
    assert_non_null(strstr(ask(c, true, "schedule_remove", core_args(&args, "name", "mine", NULL)), "of the config file"));
    buf_done(&args);
    over(c);
}

/* Whatever a definition holds, it is refused or taken, and the core lives. */
static void hostile_definitions_harm_nobody(void **state)
{
    (void)state;
    struct buf good = {0};
    struct core *c = realm_at(HOUR);
    given(&good, "s", "*/5 * * * *", NULL);
    for (size_t i = 0; i < good.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct buf bad = {0};
            buf_add(&bad, good.at, good.n);
            bad.at[i] ^= (char)(1 << bit);
            if (guard_check(buf_bytes(&bad)) == 0)
                (void)ask(c, true, "schedule_set", &bad);
            buf_done(&bad);
        }
    core_restart(c);
    core_pass(c, HOUR);
    buf_done(&good);
    over(c);
}

/* A pipeline's run is an occurrence like a task is. */
static void s5_a_run_of_a_pipeline_is_an_occurrence(void **state)
{
    (void)state;
    static struct set_flow_step steps[] = {{.name = BYTES("one"), .action = BYTES("work"), .priority = -1, .retries = -1}};
    static struct set_pipeline video = {.name = BYTES("video"), .steps = {steps, 1}, .priority = 2, .history = 100};
    static struct set_config *config;
    struct set_schedule *s = row("s", "*/10 * * * *");
    s->action = BYTES("");
    s->pipeline = BYTES("video");
    struct core *c = core_new();
    config = &c->config;
    config->pipelines = (struct seq){&video, 1};
    config->schedules = (struct seq){rows, n_rows};
    config->tasks.attempt_ms = 2 * DAY;
    c->now = MIDNIGHT + HOUR;
    core_lead(c);
    join(c);
    core_pass(c, 10 * MINUTE + 1000);
    started_is(c, "s", 1, 0);
    assert_int_equal(of(c, "s")->n_running, 1);
    core_restart(c);
    join(c);
    assert_int_equal(of(c, "s")->n_running, 1);
    core_pass(c, 10 * MINUTE);
    started_is(c, "s", 1, 1);
    MAP_EACH (t, struct task, &c->h->work.tasks) {
        struct msg_result r = {.task = t->r.id, .attempt = t->r.attempt, .outcome = outcome_COMPLETED};
        struct msg_results m = {.items = {&r, 1}};
        core_send(c, AGENT, MSG_results, &m);
        break;
    }
    core_pass(c, 1000);
    assert_int_equal(of(c, "s")->n_running, 0);
    assert_int_equal(of(c, "s")->r.ended, MIDNIGHT + HOUR + 10 * MINUTE);
    core_pass(c, 10 * MINUTE);
    started_is(c, "s", 2, 1);
    over(c);
}

static void one_that_left_the_config_goes(void **state)
{
    (void)state;
    row("a", "0 * * * *");
    row("b", "0 * * * *");
    struct core *c = realm_at(HOUR);
    c->config.schedules.n = 1;
    helios_reload(c->h, &c->config, "one less");
    core_turn(c);
    assert_null(schedule_find(c->h, BYTES("b")));
    core_restart(c);
    assert_null(schedule_find(c->h, BYTES("b")));
    of(c, "a");
    over(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s1_an_occurrence_starts_a_task_once),
        cmocka_unit_test(s1_a_restart_loses_none_and_repeats_none),
        cmocka_unit_test(s1_what_runs_is_known_after_a_restart),
        cmocka_unit_test(s1_a_clock_put_back_repeats_none),
        cmocka_unit_test(s1_a_clock_put_forward_makes_late),
        cmocka_unit_test(s1_another_line_of_cron_begins_now),
        cmocka_unit_test(s4_misfire_skip_runs_none),
        cmocka_unit_test(s4_misfire_once_runs_the_newest),
        cmocka_unit_test(s4_misfire_all_runs_each),
        cmocka_unit_test(s4_what_is_older_than_the_window_never_runs),
        cmocka_unit_test(s4_all_is_a_thousand_at_most),
        cmocka_unit_test(s4_a_little_late_is_not_late),
        cmocka_unit_test(s5_forbid_skips),
        cmocka_unit_test(s5_allow_runs_both),
        cmocka_unit_test(s5_replace_waits_for_the_end),
        cmocka_unit_test(s5_replace_of_one_that_never_began),
        cmocka_unit_test(s6_jitter_is_a_hash_of_name_and_time),
        cmocka_unit_test(s7_paused_settles_nothing_and_resumed_is_late),
        cmocka_unit_test(s7_run_starts_one_beside_the_clock),
        cmocka_unit_test(s8_waits_until_what_it_comes_after_has_completed),
        cmocka_unit_test(s8_is_skipped_when_it_failed),
        cmocka_unit_test(s8_immediate_follows_at_once),
        cmocka_unit_test(s8_one_that_waits_gives_way_to_the_next),
        cmocka_unit_test(s1_one_that_was_given_lives_in_its_record),
        cmocka_unit_test(what_cannot_run_is_refused_whole),
        cmocka_unit_test(hostile_definitions_harm_nobody),
        cmocka_unit_test(s5_a_run_of_a_pipeline_is_an_occurrence),
        cmocka_unit_test(one_that_left_the_config_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
