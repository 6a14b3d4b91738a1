/* SPDX-License-Identifier: MPL-2.0 */
/* Typed parameters (A1): what fits, what is refused and in which words; and the argv and
 * environment made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agents/argv.h"
#include "agents/params.h"
#include "proto/json.h"

static struct bytes fast_slow[] = {{"fast", 4}, {"slow", 4}};
static const struct param_rule rules[] = {
    {.name = "text", .kind = param_kind_string, .length = 5},
    {.name = "n", .kind = param_kind_int, .limited = true, .min = 1, .max = 10},
    {.name = "x", .kind = param_kind_number, .limited = true, .min = -1, .max = 1},
    {.name = "on", .kind = param_kind_bool},
    {.name = "who", .kind = param_kind_name},
    {.name = "list", .kind = param_kind_json, .length = 20},
    {.name = "mode", .kind = param_kind_string, .dflt = "fast", .one_of = {fast_slow, 2}},
};

static struct params all_rules(void)
{
    struct params p = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        params_add(&p, rules[i]);
    return p;
}

/* check gives what comes out of JSON parameters as JSON, or the sentence that refuses them. */
static char *check(const struct params *p, const char *given)
{
    _cleanup_(buf_done) struct buf packed = {0}, out = {0};
    struct buf text = {0};
    char err[128], *why = NULL;
    assert_int_equal(json_text_to_msgpack(&packed, bytes_of(given), err, sizeof(err)), 0);
    if (params_check(p, "act", buf_bytes(&packed), &out, &why))
        return why;
    json_print(&text, buf_bytes(&out), false);
    return buf_take(&text);
}

static void test_values_and_sentences(void **state)
{
    static const struct {
        const char *given, *answer;
    } rows[] = {
        {"{}", "{\"mode\":\"fast\"}"},
        {"{\"text\":\"abcde\"}", "{\"text\":\"abcde\",\"mode\":\"fast\"}"},
        {"{\"text\":\"abcdef\"}", "act: parameter text may have at most 5 bytes, not 6"},
        {"{\"text\":5}", "act: parameter text must be a string"},
        {"{\"text\":null}", "{\"mode\":\"fast\"}"},
        {"{\"n\":10}", "{\"n\":10,\"mode\":\"fast\"}"},
        {"{\"n\":3.0}", "{\"n\":3,\"mode\":\"fast\"}"},
        {"{\"n\":3.5}", "act: parameter n must be a whole number"},
        {"{\"n\":\"3\"}", "act: parameter n must be a whole number"},
        {"{\"n\":11}", "act: parameter n must lie between 1 and 10, not 11"},
        {"{\"n\":1e300}", "act: parameter n must be a whole number"},
        {"{\"x\":0.5}", "{\"x\":0.5,\"mode\":\"fast\"}"},
        {"{\"x\":-1.5}", "act: parameter x must lie between -1 and 1, not -1.5"},
        {"{\"x\":true}", "act: parameter x must be a finite number"},
        {"{\"on\":true}", "{\"on\":true,\"mode\":\"fast\"}"},
        {"{\"on\":1}", "act: parameter on must be true or false"},
        {"{\"who\":\"a.b-1\"}", "{\"who\":\"a.b-1\",\"mode\":\"fast\"}"},
        {"{\"who\":\"-rf\"}", "act: parameter who must be a name: 1 to 64 letters, digits and "
                              "_.:- that begin with a letter or digit"},
        {"{\"list\":[1,{\"a\":2}]}", "{\"list\":[1,{\"a\":2}],\"mode\":\"fast\"}"},
        {"{\"list\":\"[1]\"}", "act: parameter list must be a map or a list"},
        {"{\"mode\":\"slow\"}", "{\"mode\":\"slow\"}"},
        {"{\"mode\":\"x\"}", "act: parameter mode must be one of fast, slow"},
        {"{\"other\":1}", "act has no parameter other; it has text, n, x, on, who, list, mode"},
    };
    (void)state;
    struct params p = all_rules();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _autofree_ char *answer = check(&p, rows[i].given);
        assert_string_equal(answer, rows[i].answer);
    }
    params_done(&p);
}

static void test_required_and_nothing(void **state)
{
    (void)state;
    struct params p = {0};
    _autofree_ char *none = check(&p, "{\"a\":1}");
    assert_string_equal(none, "act has no parameter a; it has none");
    params_add(&p, (struct param_rule){.name = "a", .kind = param_kind_int, .required = true});
    _autofree_ char *missing = check(&p, "{}");
    assert_string_equal(missing, "act: parameter a is missing");
    params_add(&p, (struct param_rule){.name = "a", .kind = param_kind_int, .dflt = "7"});
    _autofree_ char *replaced = check(&p, "{}");
    assert_string_equal(replaced, "{\"a\":7}");
    params_done(&p);
}

static void test_defaults_are_checked(void **state)
{
    static const struct {
        struct param_rule rule;
        bool good;
    } rows[] = {
        {{.name = "a", .kind = param_kind_int, .dflt = "7"}, true},
        {{.name = "a", .kind = param_kind_int, .dflt = "seven"}, false},
        {{.name = "a", .kind = param_kind_int, .dflt = "7", .limited = true, .max = 5}, false},
        {{.name = "a", .kind = param_kind_bool, .dflt = "true"}, true},
        {{.name = "a", .kind = param_kind_json, .dflt = "{\"a\":[1]}"}, true},
        {{.name = "a", .kind = param_kind_json, .dflt = "5"}, false},
        {{.name = "a", .kind = param_kind_string, .dflt = "{\"a\""}, true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _autofree_ char *why = NULL;
        struct params p = {0};
        params_add(&p, rows[i].rule);
        assert_int_equal(params_check_defaults(&p, "act", &why), rows[i].good ? 0 : -EINVAL);
        params_done(&p);
    }
}

/* ---- argv ---- */

static void test_run_is_filled_in(void **state)
{
    struct bytes run[] = {BYTES("/bin/x"), BYTES("{text}"), BYTES("a {n} {x}{on} {list}"),
                          BYTES("{who}{absent} {} { n } {n"), BYTES("{print $1}")};
    static const char *const want[] = {"/bin/x", "b; $(c)", "a 3 0.5true [1,\"{n}\"]",
                                       "{absent} {} { n } {n", "{print $1}"};
    _cleanup_(buf_done) struct buf packed = {0};
    struct words words = {0};
    char err[64];
    (void)state;
    struct params p = all_rules();
    json_text_to_msgpack(&packed,
                         BYTES("{\"text\":\"b; $(c)\",\"n\":3,\"x\":0.5,\"on\":true,"
                               "\"list\":[1,\"{n}\"]}"),
                         err, sizeof(err));
    words_run(&words, (struct seq){run, ARRAY_SIZE(run)}, &p, buf_bytes(&packed));
    assert_int_equal(words.n, ARRAY_SIZE(want));
    for (size_t i = 0; i < words.n; i++)
        assert_string_equal(words.at[i], want[i]);
    assert_null(words.at[words.n]);
    words_done(&words);
    params_done(&p);
}

static const char *env_of(const struct words *w, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < w->n; i++)
        if (strncmp(w->at[i], name, n) == 0 && w->at[i][n] == '=')
            return w->at[i] + n + 1;
    return NULL;
}

static void test_environment_is_built_from_nothing(void **state)
{
    struct bytes pass[] = {BYTES("GIVEN"), BYTES("NOT_THERE")};
    _cleanup_(buf_done) struct buf env = {0};
    struct words w = {0};
    char err[64];
    (void)state;
    setenv("GIVEN", "yes", 1);
    setenv("SECRET", "no", 1);
    unsetenv("LANG");
    json_text_to_msgpack(&env, BYTES("{\"A\":1,\"GIVEN\":\"mine\"}"), err, sizeof(err));
    words_base(&w, (struct seq){pass, 2}, buf_bytes(&env));
    assert_string_equal(env_of(&w, "GIVEN"), "mine");
    assert_string_equal(env_of(&w, "A"), "1");
    assert_string_equal(env_of(&w, "LANG"), "C.UTF-8");
    assert_non_null(env_of(&w, "PATH"));
    assert_null(env_of(&w, "SECRET"));
    assert_null(env_of(&w, "NOT_THERE"));
    words_done(&w);
}

/* The vectors of RFC 4648, section 10. */
static void test_base64(void **state)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct words w = {0};
        words_base64(&w, "B", bytes_of(rows[i].bytes));
        assert_string_equal(env_of(&w, "B"), rows[i].text);
        words_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_sentences),
        cmocka_unit_test(test_required_and_nothing),
        cmocka_unit_test(test_defaults_are_checked),
        cmocka_unit_test(test_run_is_filled_in),
        cmocka_unit_test(test_environment_is_built_from_nothing),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
