/* SPDX-License-Identifier: MPL-2.0 */
/* Conditions: tables of text → truth, refusals with their places, and noise that must not do harm (P6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/rand.h"
#include "settings/expr.h"

static unsigned asked;

static int find(void *context, struct bytes name, struct expr_value *ret, char *err)
{
    (void)context;
    asked++;
    if (bytes_is(name, "params.n"))
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = 7};
    else if (bytes_is(name, "params.mode"))
        *ret = (struct expr_value){.type = EXPR_TEXT, .text = BYTES("fast")};
    else if (bytes_is(name, "steps.a-b.data.ok"))
        *ret = (struct expr_value){.type = EXPR_BOOL, .yes = true};
    else if (bytes_is(name, "params.none"))
        *ret = (struct expr_value){.type = EXPR_NOTHING};
    else if (bytes_is(name, "params.list"))
        *ret = (struct expr_value){.type = EXPR_MANY, .yes = true};
    else
        return snprintf(err, EXPR_ERR, "no %.*s", BYTES_A(name)), -ENOENT;
    return 0;
}

static void p6_conditions_say_what_they_mean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool yes;
    } table[] = {
        {"true", true},
        {" false ", false},
        {"1", true},
        {"0", false},
        {"''", false},
        {"'x'", true},
        {"null", false},
        {"params.n == 7", true},
        {"${params.n}>=7.0", true},
        {"params.n < 7", false},
        {"-1 < .5", true},
        {"params.mode == 'fast'", true},
        {"params.mode != \"fast\"", false},
        {"'abc' < 'abd' and 'ab' < 'abc'", true},
        {"params.mode == 7", false},
        {"params.none == null", true},
        {"params.list", true},
        {"params.list == params.list", false},
        {"not params.list", false},
        {"not not true", true},
        {"true or false and false", true},
        {"(true or false) and false", false},
        {"not (params.n > 3 and steps.a-b.data.ok)", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        bool yes = !table[i].yes;
        char err[EXPR_ERR] = "";
        if (expr_eval(bytes_of(table[i].text), find, NULL, &yes, err) < 0)
            fail_msg("%s: %s", table[i].text, err);
        if (yes != table[i].yes)
            fail_msg("%s is %d", table[i].text, yes);
    }
}

static void p6_what_is_not_needed_is_not_asked_for(void **state)
{
    (void)state;
    char err[EXPR_ERR];
    bool yes;
    asked = 0;
    assert_int_equal(expr_eval(BYTES("false and params.gone > 3"), find, NULL, &yes, err), 0);
    assert_false(yes);
    assert_int_equal(expr_eval(BYTES("true or (params.gone and params.n == 'x')"), find, NULL, &yes, err), 0);
    assert_true(yes);
    assert_int_equal(asked, 0);
    assert_int_equal(expr_eval(BYTES("true and params.gone"), find, NULL, &yes, err), -ENOENT);
    assert_string_equal(err, "no params.gone");
    assert_int_equal(expr_check(BYTES("false and params.n or true"), find, NULL, err), 0);
    assert_int_equal(asked, 2);
}

static void p6_what_is_no_condition_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *err;
    } table[] = {
        {"", "at character 1: a value is missing"},
        {"params.n >", "at character 11: a value is missing"},
        {"(true", "at character 6: a ) is missing"},
        {"true)", "at character 5: nothing is expected here any more"},
        {"'x", "at character 1: a text without its end"},
        {"${params.n", "at character 1: ${ without }"},
        {"and true", "at character 1: a value is missing before 'and'"},
        {"params.n = 7", "at character 10: nothing is expected here any more"},
        {"1x", "at character 1: '1x' is no number"},
        {"%", "at character 1: '%' is neither a value nor a name"},
        {"params.n < 'x'", "at character 15: < needs two numbers or two texts"},
        {"params.none < 1", "at character 16: < needs two numbers or two texts"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        char err[EXPR_ERR] = "";
        bool yes;
        assert_int_equal(expr_eval(bytes_of(table[i].text), find, NULL, &yes, err), -EINVAL);
        assert_string_equal(err, table[i].err);
    }
}

static void p6_length_and_depth_are_bounded(void **state)
{
    (void)state;
    char err[EXPR_ERR], deep[EXPR_MOST + 2];
    bool yes;
    memset(deep, '(', sizeof(deep));
    assert_int_equal(expr_eval((struct bytes){deep, EXPR_MOST}, find, NULL, &yes, err), -EINVAL);
    assert_non_null(strstr(err, "deeper"));
    assert_int_equal(expr_eval((struct bytes){deep, EXPR_MOST + 1}, find, NULL, &yes, err), -EINVAL);
    assert_non_null(strstr(err, "at most"));
}

/* Words of the grammar in any order, and bytes: every answer is fine, a fault is not. */
static void p6_noise_does_no_harm(void **state)
{
    (void)state;
    static const char *const words[] = {"(", ")", "and ", "or ", "not ", "==", "<", "'a'", "\"", "1", "params.n ", "${params.n}", "${", "}", " ", "\xff", "-", "."};
    struct rand rand = {.state = 11};
    unsigned good = 0;
    for (int i = 0; i < 20000; i++) {
        char text[400] = "", err[EXPR_ERR];
        bool yes;
        size_t n = 0;
        for (unsigned k = 0, most = (unsigned)(rand_unit(&rand) * 20); k < most; k++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", words[(size_t)(rand_unit(&rand) * ARRAY_SIZE(words))]);
        char *exact = malloc(n ? n : 1); /* the sanitizer watches its end */
        memcpy(exact, text, n);
        good += expr_eval((struct bytes){exact, n}, find, NULL, &yes, err) == 0;
        expr_check((struct bytes){exact, n}, find, NULL, err);
        free(exact);
    }
    assert_true(good > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_conditions_say_what_they_mean),
        cmocka_unit_test(p6_what_is_not_needed_is_not_asked_for),
        cmocka_unit_test(p6_what_is_no_condition_is_refused_with_its_place),
        cmocka_unit_test(p6_length_and_depth_are_bounded),
        cmocka_unit_test(p6_noise_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
