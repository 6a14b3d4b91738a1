/* SPDX-License-Identifier: MPL-2.0 */
/* What probes read: the text format of Prometheus and the answers of Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agents/probes/prometheus.h"
#include "agents/probes/redis.h"

static const char metrics[] = "# HELP shop_requests_total requests\n"
                              "# TYPE shop_requests_total counter\n"
                              "shop_requests_total{code=\"200\",path=\"/a\"} 10\n"
                              "shop_requests_total{path=\"/b\", code=\"200\",} 5 1790000000000\n"
                              "shop_requests_total{code=\"500\"} 2\r\n"
                              "shop_requests 99\n"
                              "wait_ms 1.25e1\n"
                              "quoted{v=\"a\\\"},b\"} 3\n"
                              "odd NaN\n"
                              "endless +Inf\n"
                              "cut{a=\"b\" 1\n"
                              "nonsense abc\n"
                              "last 7";

static void test_selectors(void **state)
{
    static const struct {
        const char *figure;
        bool found;
        double value;
    } rows[] = {
        {"shop_requests_total", true, 17},
        {"shop_requests_total{}", true, 17},
        {"shop_requests_total{code=\"200\"}", true, 15},
        {"shop_requests_total{code=\"200\",path=\"/b\"}", true, 5},
        {"shop_requests_total{path=\"/a\", code=\"200\"}", true, 10},
        {"shop_requests_total{code=\"404\"}", false, 0},
        {"shop_requests", true, 99},
        {" rate( shop_requests_total{code=\"500\"} ) ", true, 2},
        {"wait_ms", true, 12.5},
        {"quoted{v=\"a\\\"},b\"}", true, 3},
        {"odd", false, 0},
        {"endless", false, 0},
        {"cut", false, 0},
        {"nonsense", false, 0},
        {"absent", false, 0},
        {"last", true, 7},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct selector s;
        double value = 0;
        assert_int_equal(selector_parse(bytes_of(rows[i].figure), &s), 0);
        assert_int_equal(selector_sum(&s, bytes_of(metrics), &value), rows[i].found);
        assert_true(value == rows[i].value);
    }
}

static void test_what_is_no_selector(void **state)
{
    static const char *const rows[] = {"",          "a b",       "a{",     "a{b}",
                                       "a{b=c}",    "a{b=\"c\"", "rate()", "a{b=\"c\"}x",
                                       "{a=\"b\"}", "a{b=\"c}"};
    struct selector s;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(selector_parse(bytes_of(rows[i]), &s), -EINVAL);
    assert_int_equal(selector_parse(BYTES("rate(a)"), &s), 0);
    assert_true(s.rate);
}

/* Every prefix of the text is read without a fault. */
static void test_truncated_metrics(void **state)
{
    struct selector s;
    double value;
    (void)state;
    assert_int_equal(selector_parse(BYTES("quoted{v=\"a\\\"},b\"}"), &s), 0);
    for (size_t n = 0; n < sizeof(metrics); n++) {
        char *copy = xalloc(n + 1);
        memcpy(copy, metrics, n);
        selector_sum(&s, (struct bytes){copy, n}, &value);
        free(copy);
    }
}

static void test_redis_answers(void **state)
{
    static const struct {
        const char *data;
        int got;
        const char *answer, *rest;
    } rows[] = {
        {"+PONG\r\n", 1, "PONG", ""},
        {"+PONG\r\n$3\r\nabc\r\n", 1, "PONG", "$3\r\nabc\r\n"},
        {"$3\r\nabc\r\n+x", 1, "abc", "+x"},
        {"$0\r\n\r\n", 1, "", ""},
        {":12\r\n", 1, "12", ""},
        {"-ERR no\r\n", -EPROTO, "ERR no", NULL},
        {"-NOAUTH Authentication required.\r\n", -EPROTO, "NOAUTH Authentication required.", NULL},
        {"*1\r\n", -EPROTO, "1", NULL},
        {"+PON", 0, NULL, NULL},
        {"$3\r\nab", 0, NULL, NULL},
        {"$3\r\nabc\r", 0, NULL, NULL},
        {"$999999999999\r\n", -EPROTO, NULL, NULL},
        {"$-1\r\n", -EPROTO, NULL, NULL},
        {"$x\r\n", -EPROTO, NULL, NULL},
        {"", 0, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct bytes data = bytes_of(rows[i].data), answer = {0};
        assert_int_equal(redis_answer(&data, &answer), rows[i].got);
        if (rows[i].answer)
            assert_true(bytes_is(answer, rows[i].answer));
        if (rows[i].rest)
            assert_true(bytes_is(data, rows[i].rest));
    }
}

static void test_info_numbers(void **state)
{
    static const char info[] = "# Stats\r\nkeyspace_hits:12\r\nkeyspace_hits_x:1\r\n"
                               "redis_version:7.0.15\r\nratio:1.50\r\nused_memory:1000";
    double value = 0;
    (void)state;
    assert_true(info_number(bytes_of(info), "keyspace_hits", &value) && value == 12);
    assert_true(info_number(bytes_of(info), "ratio", &value) && value == 1.5);
    assert_true(info_number(bytes_of(info), "used_memory", &value) && value == 1000);
    assert_false(info_number(bytes_of(info), "redis_version", &value));
    assert_false(info_number(bytes_of(info), "keyspace", &value));
    assert_false(info_number(bytes_of(info), "absent", &value));
    assert_false(info_number((struct bytes){0}, "absent", &value));
}

static void test_redis_addresses(void **state)
{
    static const struct {
        const char *url;
        int error;
        const char *path, *host, *port;
    } rows[] = {
        {"unix:/run/r.sock", 0, "/run/r.sock", "", "6379"},
        {"redis://localhost", 0, "", "localhost", "6379"},
        {"redis://10.0.0.1:7000/3", 0, "", "10.0.0.1", "7000"},
        {"redis://", -EINVAL, NULL, NULL, NULL},
        {"redis://:1", -EINVAL, NULL, NULL, NULL},
        {"redis://h:", -EINVAL, NULL, NULL, NULL},
        {"unix:", -EINVAL, NULL, NULL, NULL},
        {"http://h", -EINVAL, NULL, NULL, NULL},
        {"", -EINVAL, NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct redis_address a = {0};
        assert_int_equal(redis_address(bytes_of(rows[i].url), &a), rows[i].error);
        if (rows[i].error)
            continue;
        assert_true(bytes_is(a.path, rows[i].path));
        assert_true(bytes_is(a.host, rows[i].host));
        assert_true(bytes_is(a.port, rows[i].port));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selectors),         cmocka_unit_test(test_what_is_no_selector),
        cmocka_unit_test(test_truncated_metrics), cmocka_unit_test(test_redis_answers),
        cmocka_unit_test(test_info_numbers),      cmocka_unit_test(test_redis_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
