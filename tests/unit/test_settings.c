/* SPDX-License-Identifier: MPL-2.0 */
/* Defaults, precedence, variables, origins, differences, the catalogue. The mistakes:
 * test_settings_files.c. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/read.h"
#include "settings/settings.h"

/* A file with the text; settings_load of it with flags. The report goes to *ret_report, if there is
 * one. */
static struct settings *try_text(const struct section *root, const char *text, size_t n,
                                 const char *const *flags, size_t n_flags, char **ret_report)
{
    struct settings *s = NULL;
    char name[] = "/tmp/helios-settings-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
    settings_load(root, name, flags, n_flags, &s, ret_report);
    unlink(name);
    return s;
}

static struct settings *load_text(const struct section *root, const char *text,
                                  const char *const *flags, size_t n_flags)
{
    char *report = NULL;
    struct settings *s = try_text(root, text, strlen(text), flags, n_flags, &report);
    if (s == NULL)
        fail_msg("%s", report);
    return s;
}

static void expect_refusal(const char *text, size_t n, const char *const *flags, size_t n_flags,
                           const char *sentence)
{
    _autofree_ char *report = NULL;
    struct settings *s = try_text(section_config, text, n, flags, n_flags, &report);
    assert_null(s);
    if (strstr(report, sentence) == NULL)
        fail_msg("%s\ndoes not say: %s", report, sentence);
}

static void test_defaults_are_the_seeds(void **state)
{
    (void)state;
    struct settings *s = settings_defaults(section_config);
    const struct set_config *c = settings_root(s);
    assert_int_equal(c->cycle.every_ms, 300000);
    assert_int_equal(c->cycle.max_concurrent, 4);
    assert_int_equal(c->cycle.cooldown_ms, 60000);
    assert_true(c->health.target == 85 && c->health.enter == 50 && c->health.leave == 60);
    assert_int_equal(c->emergency.max_issues, 3);
    assert_int_equal(c->state.durability, durability_always);
    assert_true(bytes_is(c->realm, "default"));
    assert_int_equal(c->tasks.no_retry.n, 4);
    assert_int_equal(c->kpis.n, 0);
    settings_free(s);
}

static void test_flag_over_variable_over_file_over_default(void **state)
{
    (void)state;
    const char *const flags[] = {"cycle.every=7s"};
    struct buf shown = {0};
    setenv("HELIOS_CYCLE_EVERY", "8s", 1);
    setenv("HELIOS_CYCLE_FIRST", "9s", 1);
    setenv("HELIOS_REALM", "other", 1);
    setenv("HELIOS_DATA", "/there", 1);
    setenv("HELIOS_TASKS_NO_RETRY", "1,2", 1);
    setenv("HELIOS_NO_SUCH_THING", "1", 1);
    struct settings *s =
        load_text(section_config, "cycle: {every: 10s, first: 10s, analyze: 10s}\n", flags, 1);
    const struct set_config *c = settings_root(s);
    assert_int_equal(c->cycle.every_ms, 7000);
    assert_int_equal(c->cycle.first_ms, 9000);
    assert_int_equal(c->cycle.analyze_ms, 10000);
    assert_int_equal(c->cycle.cooldown_ms, 60000);
    assert_true(bytes_is(c->realm, "other") && bytes_is(c->data_dir, "/there"));
    assert_int_equal(c->tasks.no_retry.n, 2);
    settings_show(&shown, s, true);
    assert_non_null(strstr(shown.at, "  every: 7s  # flag\n"));
    assert_non_null(strstr(shown.at, "  first: 9s  # environment\n"));
    assert_non_null(strstr(shown.at, "  cooldown: 1m  # default\n"));
    char expected[64];
    snprintf(expected, sizeof expected, "  analyze: 10s  # %s:1\n", settings_file(s));
    assert_non_null(strstr(shown.at, expected));
    buf_done(&shown);
    settings_free(s);
}

static void test_a_bad_variable_or_flag_is_named(void **state)
{
    (void)state;
    const char *const misspelt[] = {"cycle.evry=7s"}, *const bare[] = {"cycle.every"},
                      *const row[] = {"kpis.a.target=1"};
    expect_refusal("", 0, misspelt, 1,
                   "flag: 'cycle.evry' is no setting; did you mean 'cycle.every'?");
    expect_refusal("", 0, bare, 1, "flag: cycle.every needs a value: cycle.every=VALUE");
    expect_refusal("", 0, row, 1, "flag: 'kpis.a.target' is no setting");
    setenv("HELIOS_HEALTH_ENTER", "low", 1);
    expect_refusal("", 0, NULL, 0,
                   "HELIOS_HEALTH_ENTER: health.enter is 'low', which is no number");
    setenv("HELIOS_HEALTH_ENTER", "70", 1); /* what cannot work is found there too */
    expect_refusal("", 0, NULL, 0,
                   "HELIOS_HEALTH_ENTER: health.enter is 70, over health.leave (60)");
}

static void test_data_of_an_agent_is_its_own(void **state)
{
    (void)state;
    setenv("HELIOS_DATA", "/controller", 1);
    setenv("HELIOS_LOG_LEVEL", "debug", 1);
    struct settings *s =
        load_text(section_agent_config,
                  "controllers: [\"${HELIOS_DATA}\"]\nagents: {a: {swarm: s}}\n", NULL, 0);
    const struct set_agent_config *a = settings_root(s);
    assert_true(bytes_is(a->data_dir, ""));
    assert_true(bytes_is(*(const struct bytes *)a->controllers.at, "/controller"));
    assert_int_equal(a->log.level, log_detail_debug);
    settings_free(s);
}

static void test_variables_in_values(void **state)
{
    (void)state;
    setenv("HELIOS_TEST_SET", "v", 1);
    setenv("HELIOS_TEST_EMPTY", "", 1);
    struct settings *s = load_text(section_config,
                                   "realm: a-${HELIOS_TEST_SET}-${HELIOS_TEST_EMPTY:-e}\n"
                                   "cycle: {every: \"${HELIOS_TEST_UNSET:-5}s\"}\n"
                                   "notify: {me: {params: {x: \"<${HELIOS_TEST_SET}> $${HOME}\"}, "
                                   "topics: \"${HELIOS_TEST_SET}.*\"}}\n",
                                   NULL, 0);
    const struct set_config *c = settings_root(s);
    const struct set_notify *me = c->notify.at;
    assert_true(bytes_is(c->realm, "a-v-e"));
    assert_int_equal(c->cycle.every_ms, 5000);
    assert_true(bytes_is(map_str(me->params, "x", ""), "<v> ${HOME}"));
    assert_true(bytes_is(*(const struct bytes *)me->topics.at, "v.*"));
    settings_free(s);
}

static void test_up_keeps_the_data_directory_for_later(void **state)
{
    (void)state;
    struct settings *s =
        load_text(section_up, "processes: {a: {run: x, ready: \"${HELIOS_DATA}/r\"}}\n", NULL, 0);
    const struct set_up *up = settings_root(s);
    assert_true(
        bytes_is(((const struct set_process *)up->processes.at)->ready, "${HELIOS_DATA}/r"));
    settings_free(s);
    setenv("HELIOS_DATA", "/d", 1);
    s = load_text(section_up, "processes: {a: {run: x, ready: \"${HELIOS_DATA}/r\"}}\n", NULL, 0);
    up = settings_root(s);
    assert_true(bytes_is(((const struct set_process *)up->processes.at)->ready, "/d/r"));
    settings_free(s);
}

static void test_any_keeps_types(void **state)
{
    (void)state;
    struct settings *s = load_text(
        section_config,
        "notify: {me: {params: {i: 5, n: 0.5, t: \"5\", b: true, l: [1, x], m: {k: v}, z: ~}}}\n",
        NULL, 0);
    const struct set_notify *me = ((const struct set_config *)settings_root(s))->notify.at;
    assert_int_equal(map_get(me->params, "i").type, VALUE_INT);
    assert_int_equal(map_get(me->params, "n").type, VALUE_NUM);
    assert_int_equal(map_get(me->params, "t").type, VALUE_STR);
    assert_int_equal(map_get(me->params, "b").type, VALUE_BOOL);
    assert_int_equal(map_get(me->params, "l").type, VALUE_LIST);
    assert_int_equal(map_get(me->params, "m").type, VALUE_MAP);
    assert_int_equal(map_get(me->params, "z").type, VALUE_NIL);
    settings_free(s);
}

static void test_a_difference_is_a_line(void **state)
{
    (void)state;
    struct buf out = {0};
    struct settings *before =
        load_text(section_config,
                  "kpis: {a: {target: 1, critical: 2}, b: {target: 1, critical: 2}}\n", NULL, 0);
    struct settings *after = load_text(
        section_config,
        "cycle: {every: 1m}\nkpis: {b: {target: 1, critical: 3}, c: {target: 1, critical: 2}}\n",
        NULL, 0);
    assert_int_equal(settings_diff(&out, before, after), 4);
    assert_string_equal(
        out.at, "cycle.every: 5m -> 1m\nkpis.a: removed\nkpis.b.critical: 2 -> 3\nkpis.c: added\n");
    assert_int_equal(settings_diff(&out, after, after), 0);
    buf_done(&out);
    settings_free(before);
    settings_free(after);
}

static void test_hostile_files_are_refused(void **state)
{
    (void)state;
    static char large[1024 * 1024 + 10], deep[4000];
    memset(large, '#', sizeof large);
    memset(deep, '[', sizeof deep);
    expect_refusal(large, sizeof large, NULL, 0, "too large: a config file has at most 1 MiB");
    expect_refusal(deep, sizeof deep, NULL, 0, "nested too deeply: 8 levels are the most");
    expect_refusal("realm: \"\xc3\x28\"\n", 12, NULL, 0, "is not UTF-8 text");
    expect_refusal("a: 1\nrealm: a\0b\n", 16, NULL, 0, "line 2 has a control byte \\x00");
    expect_refusal("realm: a\x1b[2J\n", 13, NULL, 0, "line 1 has a control byte \\x1b");
    memcpy(large, "realm: [", 8);
    for (size_t i = 8; i + 2 <= 1000000; i += 2)
        memcpy(large + i, "a,", 2);
    expect_refusal(large, 1000000, NULL, 0, "too many values for a config file");
}

static void test_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    struct settings *s = NULL;
    char *report = NULL;
    assert_int_equal(settings_load(section_config, "no-such-file.yaml", NULL, 0, &s, &report),
                     -ENOENT);
    assert_string_equal(report, "no-such-file.yaml: cannot be read: No such file or directory\n");
    free(report);
    assert_int_equal(settings_load(section_config, "/", NULL, 0, &s, &report), -EISDIR);
    free(report);
}

static void test_password_file_of_others_is_refused(void **state) /* Z4 */
{
    (void)state;
    char name[] = "/tmp/helios-password-XXXXXX", text[128];
    close(mkstemp(name));
    int n = snprintf(text, sizeof text, "state: {url: \"redis://h:1\", password_file: %s}\n", name);
    chmod(name, 0644);
    expect_refusal(text, (size_t)n, NULL, 0,
                   "state.password_file can be read by others; make it mode 0600 (Z4)");
    chmod(name, 0600);
    settings_free(load_text(section_config, text, NULL, 0));
    unlink(name);
}

static const struct catalogue_kpi *in_catalogue(const char *name)
{
    const struct catalogue_kpi *k = catalogue_find(bytes_of(name));
    if (k == NULL)
        fail_msg("the catalogue lacks %s", name);
    return k;
}

static void test_catalogue_has_every_name_of_the_seed(void **state)
{
    (void)state;
    static const char *const measured[] = {
        "chat_response_time",   "ui_interaction_lag", "message_render_time",
        "prompt_feed_refresh",  "api_response_time",  "redis_cache_hit",
        "websocket_throughput", "report_generation",  "user_retention_24h",
        "messages_per_session", "session_duration",   "engagement_improvement",
        "operational_cost",
    };
    static const char *const computed[] = {
        "overall_health_score",
        "optimization_success_rate",
        "system_availability",
        "concurrent_optimization_efficiency",
        "optimization_roi",
        "cycle_completion_rate",
        "emergency_response_time",
        "concurrent_efficiency",
        "health_score_improvement",
        "coordination_latency",
        "task_distribution",
        "communication_overhead",
        "conflict_rate",
        "performance_improvement",
        "review_latency",
        "review_success",
        "review_dissent",
    };
    size_t n = 0;
    kpi_catalogue(&n);
    assert_int_equal(n, ARRAY_SIZE(measured) + ARRAY_SIZE(computed));
    for (size_t i = 0; i < ARRAY_SIZE(measured); i++)
        assert_true(!in_catalogue(measured[i])->computed &&
                    in_catalogue(measured[i])->kpi.weight == 1);
    for (size_t i = 0; i < ARRAY_SIZE(computed); i++)
        assert_true(in_catalogue(computed[i])->computed &&
                    in_catalogue(computed[i])->kpi.weight == 0);
}

static void test_catalogue_has_the_targets_of_the_seed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double target;
    } stated[] = {
        {"overall_health_score", 85},   {"optimization_success_rate", 90},
        {"system_availability", 99.9},  {"user_retention_24h", 50},
        {"cycle_completion_rate", 95},  {"emergency_response_time", 60},
        {"concurrent_efficiency", 90},  {"health_score_improvement", 15},
        {"coordination_latency", 10},   {"communication_overhead", 5},
        {"conflict_rate", 1},           {"performance_improvement", 40},
        {"engagement_improvement", 25}, {"operational_cost", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(stated); i++)
        assert_true(in_catalogue(stated[i].name)->kpi.target == stated[i].target);
}

static void test_every_kpi_of_the_catalogue_passes_the_checks(void **state)
{
    (void)state;
    size_t n = 0;
    struct buf text = {0};
    const struct catalogue_kpi *all = kpi_catalogue(&n);
    buf_text(&text, "kpis:\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "  %s:\n", all[i].kpi.name.at);
    struct settings *s = load_text(section_config, text.at, NULL, 0);
    assert_int_equal(((const struct set_config *)settings_root(s))->kpis.n, n);
    settings_free(s);
    buf_done(&text);
}

static const struct set_kpi *kpi_of(const struct settings *s, const char *name)
{
    const struct set_config *c = settings_root(s);
    SEQ_EACH (k, const struct set_kpi, c->kpis)
        if (bytes_is(k->name, name))
            return k;
    return NULL;
}

static void test_computed_kpis_may_be_named_by_others(void **state)
{
    (void)state;
    settings_free(load_text(section_config,
                            "kpis: {a: {target: 1, critical: 2, causes: [system_availability]}}\n",
                            NULL, 0));
    const char unnamed[] = "kpis: {a: {target: 1, critical: 2, causes: [chat_response_time]}}\n";
    expect_refusal(unnamed, strlen(unnamed), NULL, 0,
                   "kpis.a.causes names the unknown KPI 'chat_response_time'");
}

/* The catalogue says itself what settings.def has as default. */
static void test_catalogue_keeps_the_other_defaults(void **state)
{
    (void)state;
    struct settings *s =
        load_text(section_config, "kpis: {a: {target: 1, critical: 2}}\n", NULL, 0);
    const struct set_kpi *own = kpi_of(s, "a"), *built_in = &in_catalogue("redis_cache_hit")->kpi;
    assert_true(own->tolerance == built_in->tolerance && own->impact == built_in->impact);
    assert_true(own->stale_ms == built_in->stale_ms && own->weight == built_in->weight);
    settings_free(s);
}

static void test_a_catalogue_name_starts_from_its_values(void **state)
{
    (void)state;
    struct settings *s = load_text(section_config,
                                   "kpis: {redis_cache_hit: {target: 95}, conflict_rate: "
                                   "{critical: 20}, own: {target: 1, critical: 2}}\n",
                                   NULL, 0);
    const struct set_kpi *hit = kpi_of(s, "redis_cache_hit"), *rate = kpi_of(s, "conflict_rate");
    assert_true(hit->target == 95 && hit->critical == 50 && hit->better == better_higher);
    assert_true(bytes_is(hit->unit, "%") && bytes_is(hit->swarm, "backend") &&
                hit->stale_ms == 30000);
    assert_true(rate->target == 1 && rate->critical == 20 && rate->weight == 0);
    assert_null(kpi_of(s, "chat_response_time")); /* only what is named */
    settings_free(s);
}

static int without_variables(void **state)
{
    (void)state;
    static const char *const names[] = {
        "HELIOS_CYCLE_EVERY",    "HELIOS_CYCLE_FIRST",   "HELIOS_REALM",        "HELIOS_DATA",
        "HELIOS_TASKS_NO_RETRY", "HELIOS_NO_SUCH_THING", "HELIOS_HEALTH_ENTER", "HELIOS_LOG_LEVEL",
        "HELIOS_TEST_SET",       "HELIOS_TEST_EMPTY",
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
    return 0;
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, without_variables, without_variables)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults_are_the_seeds),
        TEST(test_flag_over_variable_over_file_over_default),
        TEST(test_a_bad_variable_or_flag_is_named),
        TEST(test_data_of_an_agent_is_its_own),
        TEST(test_variables_in_values),
        TEST(test_up_keeps_the_data_directory_for_later),
        TEST(test_any_keeps_types),
        TEST(test_a_difference_is_a_line),
        TEST(test_hostile_files_are_refused),
        TEST(test_a_file_that_cannot_be_read),
        TEST(test_password_file_of_others_is_refused),
        TEST(test_catalogue_has_every_name_of_the_seed),
        TEST(test_catalogue_has_the_targets_of_the_seed),
        TEST(test_every_kpi_of_the_catalogue_passes_the_checks),
        TEST(test_computed_kpis_may_be_named_by_others),
        TEST(test_catalogue_keeps_the_other_defaults),
        TEST(test_a_catalogue_name_starts_from_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
