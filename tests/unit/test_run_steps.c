/* SPDX-License-Identifier: MPL-2.0 */
/* Rules of edges, conditions, fan-outs, pipelines in pipelines, dry runs (P2, P5, P6), each through a restart. */
#include "run_harness.h"

#define P(steps) "pipelines:\n  p:\n    params: {n: 3, list: [x, y, z]}\n    steps:\n" steps
#define S(text) "      " text "\n"

static void p2_any_begins_with_the_first_success_and_is_skipped_without_one(void **state)
{
    (void)state;
    struct flow *f = flow_open(P(S("a: {action: a, retries: 0}") S("b: {action: b, retries: 0}")
                                     S("c: {action: c, after: [a, b], rule: any}") S("d: {action: d, after: [c]}")));
    flow_run(f, "p", NULL);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a", outcome_FAILED, NULL);
    assert_step(f, "r-1", "c", "WAITING");
    flow_restart(f);
    flow_end(f, "r-1/b", outcome_COMPLETED, NULL);
    assert_step(f, "r-1", "c", "RUNNING");
    flow_end(f, "r-2/a", outcome_FAILED, NULL);
    flow_end(f, "r-2/b", outcome_FAILED, NULL);
    assert_step(f, "r-2", "c", "SKIPPED");
    assert_step(f, "r-2", "d", "SKIPPED");
    assert_run(f, "r-2", "FAILED");
    flow_close(f);
}

static void p2_all_done_begins_when_all_have_ended_however(void **state)
{
    (void)state;
    struct flow *f = flow_open(P(S("a: {action: a, retries: 0}") S("b: {action: b, after: [a]}") S("c: {action: c}")
                                     S("d: {action: d, after: [a, b, c], rule: all_done, params: {how: '${steps.a.state}'}}")));
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a", outcome_FAILED, NULL);
    assert_step(f, "r-1", "b", "SKIPPED");
    assert_step(f, "r-1", "d", "WAITING");
    flow_restart(f);
    flow_end(f, "r-1/c", outcome_COMPLETED, NULL);
    assert_string_equal(flow_params(f, "r-1/d"), "{\"how\":\"FAILED\"}");
    flow_end(f, "r-1/d", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "FAILED");
    flow_close(f);
}

static void p6_a_false_condition_skips_and_counts_as_success(void **state)
{
    (void)state;
    struct flow *f = flow_open(P(S("a: {action: a}") S("b: {action: b, after: [a], when: '${steps.a.data.score} < 80'}")
                                     S("c: {action: c, after: [b]}")));
    flow_run(f, "p", NULL);
    flow_run(f, "p", NULL);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a", outcome_COMPLETED, "{\"score\": 90}");
    assert_step(f, "r-1", "b", "SKIPPED");
    assert_step(f, "r-1", "c", "RUNNING");
    flow_restart(f);
    flow_end(f, "r-1/c", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "COMPLETED");
    flow_end(f, "r-2/a", outcome_COMPLETED, "{\"score\": 70.5}");
    assert_step(f, "r-2", "b", "RUNNING");
    flow_end(f, "r-3/a", outcome_COMPLETED, "{\"score\": \"good\"}");
    assert_step(f, "r-3", "b", "FAILED");
    assert_why(f, "r-3", "b", "two numbers");
    flow_close(f);
}

static const char fan[] = P(S("cut: {action: a}")
                                S("film: {action: b, after: [cut], each: '${steps.cut.data.scenes}', parallel: 2, needs: 2, retries: 0,")
                                    S("       params: {scene: '${item.name}', n: '${params.n}'}}")
                                        S("join: {action: c, after: [film], params: {all: '${steps.film.data.file}', first: '${steps.film.data.0}'}}"));

static void p5_a_list_makes_parts_so_many_at_once_and_their_outputs_a_list(void **state)
{
    (void)state;
    struct flow *f = flow_open(fan);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/cut", outcome_COMPLETED, "{\"scenes\": [{\"name\": \"x\"}, {\"name\": \"y\"}, {\"name\": \"z\"}]}");
    assert_string_equal(flow_params(f, "r-1/film/0"), "{\"scene\":\"x\",\"n\":3}");
    assert_string_equal(flow_params(f, "r-1/film/1"), "{\"scene\":\"y\",\"n\":3}");
    assert_null(flow_held(f, "r-1/film/2"));
    flow_restart(f);
    flow_end(f, "r-1/film/1", outcome_COMPLETED, "{\"file\": \"y.mp4\"}");
    flow_restart(f);
    flow_end(f, "r-1/film/2", outcome_FAILED, NULL);
    assert_step(f, "r-1", "film", "RUNNING");
    flow_restart(f);
    flow_end(f, "r-1/film/0", outcome_COMPLETED, "{\"file\": \"x.mp4\"}");
    assert_step(f, "r-1", "film", "COMPLETED");
    assert_string_equal(flow_params(f, "r-1/join"), "{\"all\":[\"x.mp4\",\"y.mp4\",null],\"first\":{\"file\":\"x.mp4\"}}");
    assert_int_equal(f->begun, 5);
    flow_close(f);
}

static void p5_a_fan_out_fails_when_enough_parts_cannot_succeed_any_more(void **state)
{
    (void)state;
    struct flow *f = flow_open(fan);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/cut", outcome_COMPLETED, "{\"scenes\": [{\"name\": 1}, {\"name\": 2}, {\"name\": 3}]}");
    flow_end(f, "r-1/film/0", outcome_FAILED, NULL);
    flow_end(f, "r-1/film/1", outcome_FAILED, NULL);
    core_pass(f->c, 100); /* the third is asked to stop, or was never sent */
    flow_hear(f);
    if (flow_held(f, "r-1/film/2"))
        flow_end(f, "r-1/film/2", outcome_CANCELLED, NULL);
    assert_step(f, "r-1", "film", "FAILED");
    assert_why(f, "r-1", "film", "parts did not complete");
    assert_run(f, "r-1", "FAILED");
    flow_close(f);
}

static void p5_an_empty_list_completes_at_once_and_what_is_no_list_fails(void **state)
{
    (void)state;
    struct flow *f = flow_open(fan);
    flow_run(f, "p", NULL);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/cut", outcome_COMPLETED, "{\"scenes\": []}");
    assert_step(f, "r-1", "film", "COMPLETED");
    flow_end(f, "r-2/cut", outcome_COMPLETED, "{\"scenes\": 3}");
    assert_step(f, "r-2", "film", "FAILED");
    assert_why(f, "r-2", "film", "no list");
    flow_close(f);
}

static void p5_a_wide_fan_out_begins_over_several_turns(void **state)
{
    (void)state;
    struct flow *f = flow_open(P(S("a: {action: a}") S("b: {action: b, after: [a], each: '${steps.a.data.list}'}")));
    struct buf json = {0};
    buf_text(&json, "{\"list\": [0");
    for (int i = 1; i < 9000; i++)
        buf_printf(&json, ",%d", i);
    buf_text(&json, "]}");
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/a", outcome_COMPLETED, buf_str(&json));
    size_t before = flow_step(f, "r-1", "b")->fan->n_running;
    assert_true(before > 0 && before < 9000);
    flow_restart(f);
    core_pass(f->c, 100);
    assert_int_equal(flow_step(f, "r-1", "b")->fan->n_running, 9000);
    buf_done(&json);
    flow_close(f);
}

static void a_pipeline_can_be_a_step_of_another_one(void **state)
{
    (void)state;
    struct flow *f = flow_open("pipelines:\n"
                               "  outer: {steps: {in: {pipeline: inner, params: {x: 7}},\n"
                               "                  out: {action: b, after: [in], params: {y: '${steps.in.data.last.y}'}}}}\n"
                               "  inner: {params: {x: null}, steps: {first: {action: a, params: {x: '${params.x}'}},\n"
                               "                                     last: {action: a, after: [first]}}}\n");
    flow_run(f, "outer", NULL);
    assert_run(f, "r-2", "RUNNING");
    assert_string_equal(flow_params(f, "r-2/first"), "{\"x\":7}");
    flow_restart(f);
    flow_end(f, "r-2/first", outcome_COMPLETED, NULL);
    flow_restart(f);
    flow_end(f, "r-2/last", outcome_COMPLETED, "{\"y\": [1]}");
    assert_run(f, "r-2", "COMPLETED");
    assert_step(f, "r-1", "in", "COMPLETED");
    assert_string_equal(flow_params(f, "r-1/out"), "{\"y\":[1]}");
    flow_close(f);
}

static void a_dry_run_submits_nothing_and_goes_by_what_is_expected(void **state)
{
    (void)state;
    struct flow *f = flow_open(P(S("a: {action: a, expect: {score: 90, list: [1, 2]}}")
                                     S("b: {action: b, after: [a], when: '${steps.a.data.score} > 80', params: {s: '${steps.a.data.score}'}}")
                                         S("c: {action: c, after: [b], each: '${steps.a.data.list}', params: {i: '${item}'}}")));
    flow_run_with(f, "{\"name\": \"p\", \"dry_run\": true}");
    assert_run(f, "r-1", "COMPLETED");
    assert_int_equal(f->begun, 0);
    assert_int_equal(f->c->h->work.n_tasks, 0);
    assert_non_null(strstr(flow_step(f, "r-1", "b")->r.output.at, "would ask for b with {\"s\":90}"));
    assert_int_equal(flow_step(f, "r-1", "c")->r.parts, 2);
    flow_close(f);
}

static const char gate[] = "committees: {quality: {action: d, seats: 2, deadline: 10s}}\n"
                           "pipelines:\n"
                           "  p:\n"
                           "    steps:\n"
                           "      film: {action: a}\n"
                           "      ask: {committee: quality, after: [film], params: {file: '${steps.film.data.file}'}}\n"
                           "      soft: {committee: quality, after: [film], on_reject: skip}\n"
                           "      out: {action: b, after: [ask], params: {score: '${steps.ask.data.score}'}}\n"
                           "      soft-out: {action: b, after: [soft]}\n"
                           "      tell: {action: c, after: [ask], rule: all_done, params: {yes: '${steps.ask.data.approved}'}}\n";

/* The seats' tasks are the review's; the agent answers those that ask about `file`, then the others. */
static void vote(struct flow *f, bool of_file, const char *json)
{
    for (size_t i = 0; i < f->n_given; i++) {
        struct buf data = {0}, params = {0};
        char err[200];
        struct task *t = f->given[i].id.at ? task_find(f->c->h, f->given[i].id) : NULL;
        if (t == NULL || !bytes_is(t->r.owner_kind, "review"))
            continue;
        json_print(&params, f->given[i].params, false);
        if ((strstr(buf_str(&params), "x.mp4") != NULL) == of_file) {
            assert_int_equal(json_text_to_msgpack(&data, bytes_of(json), err, sizeof(err)), 0);
            struct msg_result r = {.task = f->given[i].id, .attempt = f->given[i].attempt, .outcome = outcome_COMPLETED, .data = buf_bytes(&data)};
            struct msg_results m = {.items = {&r, 1}};
            f->given[i].id = (struct bytes){0};
            core_send(f->c, FLOW_AGENT, MSG_results, &m);
        }
        buf_done(&data);
        buf_done(&params);
    }
    flow_turn(f);
}

static void v5_a_committee_gates_a_step(void **state)
{
    (void)state;
    struct flow *f = flow_open(gate);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/film", outcome_COMPLETED, "{\"file\": \"x.mp4\"}");
    assert_step(f, "r-1", "ask", "RUNNING");
    flow_restart(f);
    assert_step(f, "r-1", "ask", "RUNNING");
    vote(f, true, "{\"vote\": \"yes\", \"score\": 90, \"reason\": \"good\"}");
    assert_step(f, "r-1", "ask", "COMPLETED");
    assert_string_equal(flow_params(f, "r-1/out"), "{\"score\":90.0}");
    assert_string_equal(flow_params(f, "r-1/tell"), "{\"yes\":true}");
    vote(f, false, "{\"vote\": \"no\", \"score\": 9, \"reason\": \"bad\"}");
    assert_step(f, "r-1", "soft", "SKIPPED");
    assert_step(f, "r-1", "soft-out", "SKIPPED");
    flow_end(f, "r-1/out", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/tell", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "COMPLETED"); /* nothing failed */
    flow_close(f);
}

static void v5_what_is_rejected_fails_and_its_decision_can_be_told(void **state)
{
    (void)state;
    struct flow *f = flow_open(gate);
    flow_run(f, "p", NULL);
    flow_end(f, "r-1/film", outcome_COMPLETED, "{\"file\": \"x.mp4\"}");
    vote(f, true, "{\"vote\": \"no\", \"score\": 10, \"reason\": \"dark\"}");
    assert_step(f, "r-1", "ask", "FAILED");
    assert_why(f, "r-1", "ask", "quality rejects");
    assert_step(f, "r-1", "out", "SKIPPED");
    assert_string_equal(flow_params(f, "r-1/tell"), "{\"yes\":false}");
    flow_ask(f, true, "run_cancel", "{\"id\": \"r-1\"}");
    assert_step(f, "r-1", "soft", "CANCELLED");
    flow_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_any_begins_with_the_first_success_and_is_skipped_without_one),
        cmocka_unit_test(p2_all_done_begins_when_all_have_ended_however),
        cmocka_unit_test(p6_a_false_condition_skips_and_counts_as_success),
        cmocka_unit_test(p5_a_list_makes_parts_so_many_at_once_and_their_outputs_a_list),
        cmocka_unit_test(p5_a_fan_out_fails_when_enough_parts_cannot_succeed_any_more),
        cmocka_unit_test(p5_an_empty_list_completes_at_once_and_what_is_no_list_fails),
        cmocka_unit_test(p5_a_wide_fan_out_begins_over_several_turns),
        cmocka_unit_test(a_pipeline_can_be_a_step_of_another_one),
        cmocka_unit_test(v5_a_committee_gates_a_step),
        cmocka_unit_test(v5_what_is_rejected_fails_and_its_decision_can_be_told),
        cmocka_unit_test(a_dry_run_submits_nothing_and_goes_by_what_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
