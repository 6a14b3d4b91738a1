/* SPDX-License-Identifier: MPL-2.0 */
/* Progress lines of actions (A8): whatever way they are cut into reads, and whatever a program
 * says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agents/progress.h"

static void test_lines(void **state)
{
    static const struct {
        const char *line;
        bool taken;
        unsigned percent;
        const char *note, *checkpoint;
    } rows[] = {
        {"progress 40 12 of 30", true, 40, "12 of 30", ""},
        {"progress 100", true, 100, "", ""},
        {"progress 0 ", true, 0, "", ""},
        {"progress 101 x", false, 0, "", ""},
        {"progress -1", false, 0, "", ""},
        {"progress", false, 0, "", ""},
        {"progress 5%", false, 0, "", ""},
        {"progress 99999999999", false, 0, "", ""},
        {"checkpoint page=3", true, 0, "", "page=3"},
        {"checkpoint", false, 0, "", ""},
        {"checkpoints x", false, 0, "", ""},
        {"hello", false, 0, "", ""},
        {"", false, 0, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct progress p = {0};
        progress_line(&p, bytes_of(rows[i].line));
        assert_int_equal(p.refused, rows[i].taken ? 0 : 1);
        assert_int_equal(p.percent, rows[i].percent);
        assert_string_equal(buf_str(&p.note), rows[i].note);
        assert_string_equal(buf_str(&p.checkpoint), rows[i].checkpoint);
        progress_done(&p);
    }
}

static void test_any_cut_reads_the_same(void **state)
{
    static const char text[] = "progress 10 a\ncheckpoint one\n\nprogress 20 b\ncheckpoint two";
    (void)state;
    for (size_t cut = 0; cut < sizeof(text) - 1; cut++) {
        struct progress p = {0};
        struct lines l = {0};
        lines_take(&l, (struct bytes){text, cut}, &p);
        lines_take(&l, (struct bytes){text + cut, sizeof(text) - 1 - cut}, &p);
        assert_string_equal(buf_str(&p.checkpoint), "one");
        lines_end(&l, &p);
        assert_string_equal(buf_str(&p.checkpoint), "two");
        assert_int_equal(p.checkpoints, 2);
        assert_int_equal(p.percent, 20);
        assert_int_equal(p.refused, 1);
        lines_done(&l);
        progress_done(&p);
    }
}

/* A checkpoint of 16 KiB is taken whole, a longer one not at all, and neither grows us. */
static void test_long_lines(void **state)
{
    (void)state;
    for (size_t n = CHECKPOINT_MAX - 1; n <= CHECKPOINT_MAX + 1000; n += 500) {
        struct progress p = {0};
        struct lines l = {0};
        char *line = xalloc(n + 1);
        memset(line, 'x', n);
        lines_take(&l, BYTES("checkpoint "), &p);
        lines_take(&l, (struct bytes){line, n}, &p);
        lines_take(&l, BYTES("\nprogress 7\n"), &p);
        assert_int_equal(p.checkpoint.n, n <= CHECKPOINT_MAX ? n : 0);
        assert_int_equal(p.percent, 7);
        assert_true(l.part.room < 64 * 1024);
        free(line);
        lines_done(&l);
        progress_done(&p);
    }
}

static void test_an_endless_line_is_bounded(void **state)
{
    static char chunk[64 * 1024];
    struct progress p = {0};
    struct lines l = {0};
    (void)state;
    memset(chunk, 'x', sizeof(chunk));
    for (int i = 0; i < 100; i++)
        lines_take(&l, (struct bytes){chunk, sizeof(chunk)}, &p);
    assert_true(l.part.room < 64 * 1024);
    lines_end(&l, &p);
    assert_int_equal(p.refused, 1);
    lines_done(&l);
    progress_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_any_cut_reads_the_same),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_an_endless_line_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
