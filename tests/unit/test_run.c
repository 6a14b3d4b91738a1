/* SPDX-License-Identifier: MPL-2.0 */
/* Runs of pipelines: edges, outputs, ends, and a controller that dies in every state (P1, P2, P3, P4). */
#include "run_harness.h"

static const char video[] = "pipelines:\n"
                            "  video:\n"
                            "    params: {topic: sea, length: 3, style: null}\n"
                            "    steps:\n"
                            "      script: {action: a, params: {topic: '${params.topic}', length: '${params.length}'}}\n"
                            "      voice:  {action: b, after: [script], params: {words: '${steps.script.data.words}'}}\n"
                            "      images: {action: c, after: [script], params: {text: 'of ${steps.script.data.title}, ${params.length} min'}}\n"
                            "      film:   {action: d, after: [voice, images], params: {voice: '${steps.voice.output}'}}\n";

static void p2_a_step_begins_when_all_its_parents_have_succeeded(void **state)
{
    (void)state;
    struct flow *f = flow_open(video);
    const char *run = flow_run(f, "video", "{\"style\": \"calm\"}");
    assert_string_equal(run, "r-1");
    assert_step(f, run, "script", "RUNNING");
    assert_step(f, run, "voice", "WAITING");
    flow_end(f, "r-1/script", outcome_COMPLETED, "{\"words\": 300, \"title\": \"Tides\"}");
    assert_step(f, run, "voice", "RUNNING");
    assert_step(f, run, "images", "RUNNING");
    flow_end_with(f, "r-1/voice", outcome_COMPLETED, NULL, "voice.wav");
    assert_step(f, run, "film", "WAITING");
    flow_end(f, "r-1/images", outcome_COMPLETED, NULL);
    assert_step(f, run, "film", "RUNNING");
    assert_run(f, run, "RUNNING");
    flow_end(f, "r-1/film", outcome_COMPLETED, NULL);
    assert_run(f, run, "COMPLETED");
    assert_int_equal(f->begun, 4);
    flow_close(f);
}

static void p4_outputs_are_parameters_and_keep_their_type(void **state)
{
    (void)state;
    struct flow *f = flow_open(video);
    flow_run(f, "video", "{\"style\": \"calm\", \"topic\": \"rivers\"}");
    assert_string_equal(flow_params(f, "r-1/script"), "{\"topic\":\"rivers\",\"length\":3}");
    flow_end(f, "r-1/script", outcome_COMPLETED, "{\"words\": [1, 2.5, {\"x\": true}], \"title\": \"Tides\"}");
    assert_string_equal(flow_params(f, "r-1/voice"), "{\"words\":[1,2.5,{\"x\":true}]}");
    assert_string_equal(flow_params(f, "r-1/images"), "{\"text\":\"of Tides, 3 min\"}");
    flow_end_with(f, "r-1/voice", outcome_COMPLETED, NULL, "voice.wav");
    flow_end(f, "r-1/images", outcome_COMPLETED, NULL);
    assert_string_equal(flow_params(f, "r-1/film"), "{\"voice\":\"voice.wav\"}");
    flow_close(f);
}

static void p4_an_output_that_is_not_there_fails_the_step_with_its_name(void **state)
{
    (void)state;
    struct flow *f = flow_open(video);
    flow_run(f, "video", "{\"style\": \"calm\"}");
    flow_end(f, "r-1/script", outcome_COMPLETED, "{\"title\": \"Tides\"}");
    assert_step(f, "r-1", "voice", "FAILED");
    assert_why(f, "r-1", "voice", "steps.script.data.words");
    assert_step(f, "r-1", "images", "RUNNING"); /* the run goes on with what still can */
    assert_step(f, "r-1", "film", "SKIPPED");
    assert_why(f, "r-1", "film", "voice");
    flow_end(f, "r-1/images", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "FAILED");
    assert_non_null(strstr(run_find(f->c->h, BYTES("r-1"))->r.error.at, "steps.script.data.words"));
    flow_close(f);
}

static void p4_parameters_that_are_missing_or_unknown_are_refused(void **state)
{
    (void)state;
    struct flow *f = flow_open(video);
    struct msg_reply *none = flow_ask(f, true, "pipeline_run", "{\"name\": \"video\"}");
    assert_false(none->ok);
    assert_non_null(strstr(none->error.at, "needs the parameter style"));
    struct msg_reply *other = flow_ask(f, true, "pipeline_run", "{\"name\": \"video\", \"params\": {\"stile\": 1}}");
    assert_false(other->ok);
    assert_non_null(strstr(other->error.at, "has no parameter stile"));
    assert_false(flow_ask(f, true, "pipeline_run", "{\"name\": \"radio\"}")->ok);
    flow_close(f);
}

static void p7_a_step_that_fails_for_good_fails_the_run(void **state)
{
    (void)state;
    struct flow *f = flow_open("pipelines:\n  p:\n    steps:\n"
                               "      one: {action: a, retries: 1, backoff: 1s, priority: 1, locks: [x], timeout: 9s}\n"
                               "      two: {action: b, after: [one]}\n");
    const char *run = flow_run(f, "p", NULL);
    struct task *t = task_find(f->c->h, flow_held(f, "r-1/one")->id);
    assert_int_equal(t->r.max_attempts, 2);
    assert_int_equal(t->r.backoff_ms, 1000);
    assert_int_equal(t->r.attempt_ms, 9000);
    assert_int_equal(t->r.priority, 1);
    assert_int_equal(t->r.locks.n, 1);
    flow_end(f, "r-1/one", outcome_FAILED, NULL);
    assert_step(f, run, "one", "RUNNING");
    core_pass(f->c, 2000);
    flow_hear(f);
    flow_end(f, "r-1/one", outcome_FAILED, NULL);
    assert_step(f, run, "one", "FAILED");
    assert_step(f, run, "two", "SKIPPED");
    assert_run(f, run, "FAILED");
    flow_close(f);
}

/* The controller dies before each end: nothing is begun twice, nothing is forgotten. */
static void p3_a_restart_in_every_state_forgets_no_edge_and_begins_nothing_twice(void **state)
{
    (void)state;
    static const char *const ends[] = {"r-1/script", "r-1/voice", "r-1/images", "r-1/film"};
    struct flow *f = flow_open(video);
    flow_run(f, "video", "{\"style\": \"calm\"}");
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        flow_restart(f);
        assert_run(f, "r-1", "RUNNING");
        flow_end_with(f, ends[i], outcome_COMPLETED, "{\"words\": 1, \"title\": \"x\"}", "o");
        flow_restart(f);
    }
    assert_run(f, "r-1", "COMPLETED");
    assert_int_equal(f->begun, 4);
    flow_close(f);
}

/* A run goes on with the definition that it began with. */
static void p1_two_definitions_are_two_plans(void **state)
{
    (void)state;
    struct flow *f = flow_open(video);
    flow_run(f, "video", "{\"style\": \"calm\"}");
    struct flow *other = flow_open("pipelines: {video: {steps: {only: {action: a}}}}");
    f->c->config.pipelines = other->c->config.pipelines;
    helios_reload(f->c->h, &f->c->config, "");
    flow_restart(f);
    assert_int_equal(HASH_COUNT(runs_of(f->c->h)->plans), 1);
    assert_string_equal(flow_run(f, "video", NULL), "r-2");
    assert_int_equal(HASH_COUNT(runs_of(f->c->h)->plans), 2);
    flow_end(f, "r-2/only", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/script", outcome_COMPLETED, "{\"words\": 1, \"title\": \"x\"}");
    flow_end(f, "r-1/voice", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/images", outcome_COMPLETED, NULL);
    flow_end(f, "r-1/film", outcome_COMPLETED, NULL);
    assert_run(f, "r-1", "COMPLETED");
    flow_close(f);
    flow_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_a_step_begins_when_all_its_parents_have_succeeded),
        cmocka_unit_test(p4_outputs_are_parameters_and_keep_their_type),
        cmocka_unit_test(p4_an_output_that_is_not_there_fails_the_step_with_its_name),
        cmocka_unit_test(p4_parameters_that_are_missing_or_unknown_are_refused),
        cmocka_unit_test(p7_a_step_that_fails_for_good_fails_the_run),
        cmocka_unit_test(p3_a_restart_in_every_state_forgets_no_edge_and_begins_nothing_twice),
        cmocka_unit_test(p1_two_definitions_are_two_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
