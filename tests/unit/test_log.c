/* SPDX-License-Identifier: MPL-2.0 */
/* Log lines, as they arrive at the other end of stderr; and the clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/clock.h"
#include "common/log.h"

static int kept_stderr, ends[2];

static void catch_stderr(void)
{
    assert_int_equal(pipe(ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
}

/* caught gives back stderr, and what was written to it meanwhile. */
static void caught(char *text, size_t room)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], text + n, room - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
}

static void a_line_is_json_when_nobody_looks(void **state)
{
    (void)state;
    char text[1000];
    catch_stderr();
    log_setup("heliosd", LOG_INFO, LOG_FORMAT_AUTO); /* a pipe is no terminal */
    log_warn("peer.refused", "agent \"%s\" said\n%s", "a1", "\x1b[2J");
    log_debug("too.fine", "not shown");
    caught(text, sizeof(text));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    json_t *line = json_loads(text, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(line, "program")), "heliosd");
    assert_string_equal(json_string_value(json_object_get(line, "event")), "peer.refused");
    assert_string_equal(json_string_value(json_object_get(line, "text")),
                        "agent \"a1\" said\n\x1b[2J");
    json_decref(line);
}

/* A7: what a peer wrote never drives the terminal of who reads the log. */
static void a_line_is_plain_for_people(void **state)
{
    (void)state;
    char text[1000];
    catch_stderr();
    log_setup("heliosd", LOG_DEBUG, LOG_FORMAT_TEXT);
    log_debug("agent.joined", "%s", "a1\x1b[2J\n");
    caught(text, sizeof(text));
    assert_non_null(strstr(
        text, "Z level=debug program=heliosd event=agent.joined text=\"a1\\x1b[2J\\x0a\"\n"));
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t now = clock_now(), us = clock_us();
    assert_true(now > 1577836800000); /* 2020 */
    assert_true(clock_now() >= now && clock_us() >= us && clock_wall() > 1577836800000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_json_when_nobody_looks),
        cmocka_unit_test(a_line_is_plain_for_people),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
