/* SPDX-License-Identifier: MPL-2.0 */
/* Files that grow by lines: whatever a crash has left of the last one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "orchestrator/shell/disk.h"

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_text(const char *path, const char *expected)
{
    struct buf text = {0};
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (int c; (c = fgetc(f)) != EOF;)
        buf_add(&text, &(char){(char)c}, 1);
    fclose(f);
    assert_string_equal(buf_str(&text), expected);
    buf_done(&text);
}

static void a_torn_last_line_is_cut_off(void **state)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"", "new\n"},
        {"old\n", "old\nnew\n"},
        {"old\nto", "old\nnew\n"},
        {"torn", "new\n"},
        {"old\nnew", "old\nnew\n"},   /* torn at its newline */
        {"old\nnew\n", "old\nnew\n"}, /* it is there already */
        {"old\nnew\ntorn", "old\nnew\n"},
        {"new\nold\n", "new\nold\nnew\n"},
        {"anew\n", "anew\nnew\n"},
        {"\n", "\nnew\n"},
    };
    char dir[] = "/tmp/helios-disk-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(dir));
    _autofree_ char *path = disk_path(dir, "lines");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        write_text(path, rows[i].before);
        assert_int_equal(disk_append_line(path, BYTES("new"), 0644), 0);
        assert_text(path, rows[i].after);
    }
    unlink(path);
    assert_int_equal(disk_append_line(path, BYTES("new"), 0644), 0);
    assert_text(path, "new\n");
    unlink(path);
    rmdir(dir);
}

static void a_long_torn_line_is_cut_off_too(void **state)
{
    char dir[] = "/tmp/helios-disk-XXXXXX";
    struct buf text = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    _autofree_ char *path = disk_path(dir, "lines");
    buf_text(&text, "old\n");
    for (int i = 0; i < 20000; i++)
        buf_text(&text, "x");
    write_text(path, buf_str(&text));
    assert_int_equal(disk_append_line(path, BYTES("new"), 0644), 0);
    assert_text(path, "old\nnew\n");
    buf_done(&text);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_torn_last_line_is_cut_off),
        cmocka_unit_test(a_long_torn_line_is_cut_off_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
