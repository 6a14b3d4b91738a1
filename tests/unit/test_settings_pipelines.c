/* SPDX-License-Identifier: MPL-2.0 */
/* Pipelines that could never run are refused when the file is checked, with the place of the word (P9). */
#include "run_harness.h"

struct bad {
    const char *yaml, *says; /* what the report begins with behind the file's name, then a part of it */
    const char *place;
};

static void refuse(const struct bad *b)
{
    char *report = NULL;
    struct settings *s = flow_settings(b->yaml, &report);
    if (s)
        fail_msg("taken: %s", b->yaml);
    if (strstr(report, b->says) == NULL || (b->place && strstr(report, b->place) == NULL))
        fail_msg("wanted \"%s\" at %s:\n%s", b->says, b->place ? b->place : "?", report);
    free(report);
}

#define STEPS(text) "pipelines:\n  p:\n    params: {x: 1}\n    steps:\n" text
#define STEP(text) "      " text "\n"

static void p9_unknown_names_and_circles_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {STEPS(STEP("first: {action: a}") STEP("two: {action: a, after: [frist]}")), "unknown step 'frist'; did you mean 'first'?", ":6:32:"},
        {STEPS(STEP("one: {action: a, after: [two]}") STEP("two: {action: a, after: [one]}")),
         "pipelines.p goes round in a circle: one after two after one", ":6:32:"},
        {STEPS(STEP("one: {action: a, after: [one]}")), "circle: one after one", ":5:32:"},
        {STEPS(STEP("one: {action: a}") STEP("two: {action: a, after: [one, one]}")), "names 'one' twice", ":6:37:"},
        {STEPS(STEP("one: {committee: nobody}")), "unknown committee 'nobody'", ":5:24:"},
        {STEPS(STEP("one: {pipeline: q}")), "unknown pipeline 'q'", ":5:23:"},
        {STEPS(STEP("one: {pipeline: p}")), "and so p itself again", ":5:23:"},
        {STEPS(STEP("one: {swarm: s}")), "needs `action`, `committee` or `pipeline`", ":5:7:"},
        {STEPS(STEP("o.ne: {action: s}")), "has no point", ":5:7:"},
        {"pipelines: {p: {max_runs: 1}}\n", "pipelines.p has no steps", ":1:13:"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        refuse(&table[i]);
}

static void p9_a_pipeline_inside_itself_by_way_of_others_is_refused(void **state)
{
    (void)state;
    refuse(&(struct bad){"pipelines:\n"
                         "  p: {steps: {one: {pipeline: q}}}\n"
                         "  q: {steps: {one: {pipeline: r}}}\n"
                         "  r: {steps: {one: {action: a}, two: {pipeline: p}}}\n",
                         "pipelines.p.steps.one runs 'q', and so p itself again", ":2:31:"});
}

static void p9_a_lock_that_a_step_above_holds_is_refused(void **state)
{
    (void)state;
    refuse(&(struct bad){"pipelines:\n"
                         "  p: {steps: {one: {pipeline: q, locks: [disk]}}}\n"
                         "  q: {steps: {two: {action: a, locks: [disk]}}}\n",
                         "would hold the lock 'disk' for which two in q waits", ":2:42:"});
}

static void p4_a_name_that_names_no_step_before_it_is_refused(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {STEPS(STEP("one: {action: a, params: {k: '${params.y}'}}")), "${params.y} names no parameter of p", ":5:36:"},
        {STEPS(STEP("one: {action: a}") STEP("two: {action: a, params: {k: [1, 'of ${steps.one.data.x}']}}")),
         "put 'one' into `after`", ":6:40:"},
        {STEPS(STEP("one: {action: a, params: {k: '${steps.won.output}'}}")), "${steps.won.output} names no step of p", ":5:36:"},
        {STEPS(STEP("one: {action: a, params: {k: '${steps.one.output}'}}")), "names the step itself", ":5:36:"},
        {STEPS(STEP("one: {action: a, params: {k: '${item.x}'}}")), "is of a step with `each`", ":5:36:"},
        {STEPS(STEP("one: {action: a, params: {k: '${run.dir}'}}")), "needs `dir` of p", ":5:36:"},
        {STEPS(STEP("one: {action: a, params: {k: '${run.name}'}}")), "is no name", ":5:36:"},
        {STEPS(STEP("one: {action: a, each: '${params.x} y'}")), "each must be one ${…}", ":5:30:"},
        {STEPS(STEP("one: {action: a, when: 'params.y > 1'}")), "params.y names no parameter of p", ":5:30:"},
        {STEPS(STEP("one: {action: a, when: 'params.x >'}")), "at character 11: a value is missing", ":5:30:"},
        {STEPS(STEP("one: {action: a, after: [two]}") STEP("two: {action: a, when: 'steps.one.data.x'}")), "put 'one' into `after`",
         NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        refuse(&table[i]);
}

static void p9_settings_that_mean_nothing_there_are_refused(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {STEPS(STEP("one: {action: a, rule: any}")), "has no parents", ":5:30:"},
        {STEPS(STEP("one: {action: a, needs: 3}")), ".needs is of a step with `each`", ":5:31:"},
        {STEPS(STEP("one: {action: a, role: king}")), ".role is none of", ":5:30:"},
        {STEPS(STEP("one: {action: a, locks: [l, l]}")), "names 'l' twice", ":5:35:"},
        {STEPS(STEP("one: {action: a, artifacts: {film: ../x}}")), "no path below the run's directory", NULL},
        {STEPS(STEP("one: {action: a}")) "    dir: films\n", "dir must be absolute", ":6:10:"},
        {"pipelines:\n  p: {steps: {one: {pipeline: q, params: {b: 1}}}}\n  q: {params: {a: null}, steps: {one: {action: a}}}\n",
         "q has no such parameter", NULL},
        {"pipelines:\n  p: {steps: {one: {pipeline: q}}}\n  q: {params: {a: null}, steps: {one: {action: a}}}\n",
         "q cannot run without it", ":2:31:"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        refuse(&table[i]);
}

static void p9_what_can_run_is_taken(void **state)
{
    (void)state;
    char *report = NULL;
    struct settings *s = flow_settings("pipelines:\n"
                                       "  p:\n"
                                       "    dir: /tmp/p\n"
                                       "    params: {list: [1, 2], price: '$$${ 3 }'}\n"
                                       "    steps:\n"
                                       "      one: {action: a, artifacts: {film: out/film.mp4}}\n"
                                       "      two: {action: a, after: one, each: '${params.list}', needs: 1, parallel: 2,\n"
                                       "            params: {n: '${item}', dir: '${run.dir}/x', all: '${steps.one.data}'}}\n"
                                       "      three: {pipeline: q, after: [two], rule: all_done, when: \"steps.one.state == 'COMPLETED'\"}\n"
                                       "      four: {action: a, after: [three], when: '${steps.two.data.0.n} > 1'}\n"
                                       "  q: {steps: {one: {action: b, locks: [l]}}}\n",
                                       &report);
    if (s == NULL)
        fail_msg("%s", report);
    settings_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p9_unknown_names_and_circles_are_refused_with_their_place),
        cmocka_unit_test(p9_a_pipeline_inside_itself_by_way_of_others_is_refused),
        cmocka_unit_test(p9_a_lock_that_a_step_above_holds_is_refused),
        cmocka_unit_test(p4_a_name_that_names_no_step_before_it_is_refused),
        cmocka_unit_test(p9_settings_that_mean_nothing_there_are_refused),
        cmocka_unit_test(p9_what_can_run_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
