/* SPDX-License-Identifier: MPL-2.0 */
/* The words of a call of `helios`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tools/helios/args.h"

static const struct option_row rows[] = {{"state", "STATE", "only these"},
                                         {"all", NULL, "all of them"},
                                         {"for", "TIME", "how long"},
                                         {0}};

static int parse(struct args *a, char **words)
{
    int n = 0;
    while (words[n])
        n++;
    return args_parse(a, "tasks", rows, n, words);
}
#define PARSE(a, ...) parse((a), (char *[]){__VA_ARGS__, NULL})

static void takes_values_in_both_ways(void **state)
{
    struct args a;
    (void)state;
    assert_int_equal(PARSE(&a, "t-1", "--state", "FAILED", "--for=1m30s", "t-2"), 0);
    assert_int_equal(a.n_words, 2);
    assert_string_equal(a.words[0], "t-1");
    assert_string_equal(a.words[1], "t-2");
    assert_string_equal(args_value(&a, "state", ""), "FAILED");
    assert_int_equal(args_ms(&a, "for", 0), 90000);
    assert_false(args_has(&a, "all"));
}

static void last_word_counts(void **state)
{
    struct args a;
    (void)state;
    assert_int_equal(PARSE(&a, "--state=A", "--state=B", "--json"), 0);
    assert_string_equal(args_value(&a, "state", ""), "B");
    assert_true(args_has(&a, "json")); /* a common option */
}

static void dashes_end_options(void **state)
{
    struct args a;
    (void)state;
    assert_int_equal(PARSE(&a, "--all", "--", "--state"), 0);
    assert_true(args_has(&a, "all"));
    assert_int_equal(a.n_words, 1);
    assert_string_equal(a.words[0], "--state");
}

static void what_is_not_given_is_otherwise(void **state)
{
    struct args a;
    (void)state;
    assert_int_equal(parse(&a, (char *[]){NULL}), 0);
    assert_int_equal(args_int(&a, "state", 7), 7);
    assert_int_equal(args_ms(&a, "for", 8), 8);
    assert_null(args_value(&a, "state", NULL));
}

static void refuses_what_it_does_not_know(void **state)
{
    struct args a;
    (void)state;
    assert_int_equal(PARSE(&a, "--stat", "X"), -EINVAL);
    assert_int_equal(PARSE(&a, "--state"), -EINVAL);   /* no value */
    assert_int_equal(PARSE(&a, "--all=yes"), -EINVAL); /* takes none */
    char *many[ARGS_MAX + 2];
    for (size_t i = 0; i < ARRAY_SIZE(many) - 1; i++)
        many[i] = "word";
    many[ARRAY_SIZE(many) - 1] = NULL;
    assert_int_equal(parse(&a, many), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_values_in_both_ways),
        cmocka_unit_test(last_word_counts),
        cmocka_unit_test(dashes_end_options),
        cmocka_unit_test(what_is_not_given_is_otherwise),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
