/* SPDX-License-Identifier: MPL-2.0 */
/* What heliosd keeps on disk: the freeze file (X10), reports, whole files or none, one process a
 * directory. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orchestrator/core/helios.h"
#include "orchestrator/shell/disk.h"
#include "orchestrator/shell/freeze.h"
#include "orchestrator/shell/reports.h"

#include <cmocka.h>

static char dir[] = "/tmp/helios-test-XXXXXX";

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool is_there(const char *name)
{
    _autofree_ char *path = disk_path(dir, name);
    return access(path, F_OK) == 0;
}

static void x10_the_freeze_file(void **state)
{
    struct freeze f = {0}, later = {0};
    (void)state;
    freeze_init(&f, dir);
    assert_false(f.on);
    assert_int_equal(freeze_set(&f, true, "a test"), 0);
    freeze_init(&later, dir); /* a restart */
    assert_true(later.on);
    assert_false(freeze_look(&f, 1000)); /* our own file is no news */
    assert_int_equal(freeze_set(&later, false, ""), 0);
    assert_false(freeze_look(&f, 1000 + FREEZE_LOOK_MS - 1)); /* not yet looked again */
    assert_true(freeze_look(&f, 1000 + FREEZE_LOOK_MS));      /* somebody else has removed it */
    assert_false(f.on);
    assert_int_equal(freeze_set(&f, false, ""), 0); /* it is gone already */
    assert_int_equal(freeze_set(&later, true, "by hand"), 0);
    assert_true(freeze_look(&f, 1000 + 2 * FREEZE_LOOK_MS)); /* the file alone is enough */
    assert_true(f.on);
    assert_int_equal(freeze_set(&f, false, ""), 0);
    assert_true(FREEZE_LOOK_MS <= 1000);
    freeze_done(&f);
    freeze_done(&later);
}

static void a_file_is_whole_or_as_before(void **state)
{
    char line[16];
    (void)state;
    _autofree_ char *deep = disk_path(dir, "a/b/c"), *file = disk_path(dir, "a/b/c/file");
    assert_int_equal(disk_make_dir(deep, 0755), 0);
    assert_int_equal(disk_make_dir(deep, 0755), 0);
    assert_int_equal(disk_write(file, BYTES("one\n"), 0600), 0);
    assert_int_equal(chmod(deep, 0500), 0);
    if (geteuid() != 0) /* root may write everywhere */
        assert_int_equal(disk_write(file, BYTES("two\n"), 0600), -EACCES);
    assert_int_equal(chmod(deep, 0700), 0);
    assert_int_equal(disk_read_line(file, line, sizeof(line)), 0);
    assert_string_equal(line, "one");
    assert_int_equal(disk_write(deep, BYTES("a directory is in the way"), 0600), -EISDIR);
    assert_false(is_there("a/b/c.part"));
}

static void one_process_a_directory(void **state)
{
    int first, second;
    (void)state;
    _autofree_ char *path = disk_path(dir, "lock");
    assert_int_equal(disk_lock(path, &first), 0);
    assert_int_equal(disk_lock(path, &second), -EWOULDBLOCK);
    close(first);
    assert_int_equal(disk_lock(path, &second), 0);
    close(second);
}

static void want(struct helios *h, const char *name)
{
    helios_want_file(h, name, xdup("a report"));
}

static void reports_are_bounded_and_stay_in_their_directory(void **state)
{
    struct helios h = {0}; /* only its list of files is used */
    char name[32];
    (void)state;
    list_init(&h.files);
    assert_int_equal(reports_write(&h, dir, 3), 0); /* nothing wanted, nothing made */
    assert_false(is_there("reports"));
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "c-%d.md", i);
        want(&h, name);
        assert_int_equal(reports_write(&h, dir, 3), 0);
    }
    assert_false(is_there("reports/c-1.md"));
    assert_true(is_there("reports/c-2.md"));
    assert_true(is_there("reports/c-4.md"));
    want(&h, "../escaped.md");
    assert_int_equal(reports_write(&h, dir, 3), -EINVAL);
    assert_false(is_there("escaped.md"));
    assert_true(list_empty(&h.files));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(x10_the_freeze_file),
        TEST(a_file_is_whole_or_as_before),
        TEST(one_process_a_directory),
        TEST(reports_are_bounded_and_stay_in_their_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
