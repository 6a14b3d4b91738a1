/* SPDX-License-Identifier: MPL-2.0 */
/* The journal survives a crash at any byte; what was applied is known again (A4, T2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/applied.h"
#include "agents/journal.h"
#include "common/buf.h"

static char dir[] = "/tmp/helios-journal-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/j", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void collect(void *owner, struct bytes record)
{
    buf_printf(owner, BYTES_F ",", BYTES_A(record));
}

static char *reopen(struct journal *j)
{
    struct buf all = {0};
    assert_int_equal(journal_open(j, path, collect, &all), 0);
    return buf_take(&all);
}

static void test_records_come_back(void **state)
{
    struct journal j;
    (void)state;
    unlink(path);
    _autofree_ char *none = reopen(&j);
    assert_string_equal(none, "");
    assert_int_equal(journal_add(&j, BYTES("one")), 0);
    assert_int_equal(journal_add(&j, BYTES("")), 0);
    assert_int_equal(journal_add(&j, BYTES("two")), 0);
    assert_int_equal(journal_sync(&j), 0);
    struct journal second;
    assert_int_equal(journal_open(&second, path, collect, NULL), -EBUSY);
    journal_close(&j);
    _autofree_ char *all = reopen(&j);
    assert_string_equal(all, "one,,two,");
    assert_int_equal(journal_clear(&j), 0);
    journal_add(&j, BYTES("three"));
    journal_close(&j);
    _autofree_ char *rest = reopen(&j);
    assert_string_equal(rest, "three,");
    journal_close(&j);
}

static void test_a_torn_end_is_cut_off(void **state)
{
    struct journal j;
    struct stat file;
    (void)state;
    unlink(path);
    free(reopen(&j));
    journal_add(&j, BYTES("one"));
    int64_t whole = j.size;
    journal_add(&j, BYTES("second"));
    journal_close(&j);
    assert_int_equal(stat(path, &file), 0);
    for (int64_t n = file.st_size - 1; n >= whole; n--) {
        assert_int_equal(truncate(path, n), 0);
        _autofree_ char *all = reopen(&j);
        assert_string_equal(all, "one,");
        assert_int_equal(j.size, whole);
        journal_close(&j);
        journal_init(&j);
    }
    FILE *f = fopen(path, "r+");
    fseek(f, -1, SEEK_END);
    fputc('X', f); /* a record whose sum is wrong is none */
    fclose(f);
    _autofree_ char *none = reopen(&j);
    assert_string_equal(none, "");
    journal_close(&j);
}

static int fill(void *owner, struct journal *fresh)
{
    return owner ? -EIO : journal_add(fresh, BYTES("new"));
}

static void test_rewriting(void **state)
{
    struct journal j;
    int yes = 1;
    (void)state;
    unlink(path);
    free(reopen(&j));
    journal_add(&j, BYTES("old"));
    assert_int_equal(journal_rewrite(&j, fill, &yes), -EIO);
    assert_int_equal(journal_rewrite(&j, fill, NULL), 0);
    journal_add(&j, BYTES("more"));
    journal_close(&j);
    _autofree_ char *all = reopen(&j);
    assert_string_equal(all, "new,more,");
    journal_close(&j);
    char fresh[80];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    unlink(fresh);
}

static void test_applied_keys(void **state)
{
    struct applied a;
    (void)state;
    unlink(path);
    applied_init(&a);
    assert_int_equal(applied_open(&a, path), 0);
    assert_int_equal(applied_add(&a, "k-1", BYTES("\x81\xa1\x61\x01")), 0);
    assert_int_equal(applied_add(&a, "k-2", BYTES("\x80")), 0);
    assert_int_equal(applied_add(&a, "", BYTES("\x80")), 0);
    applied_drop(&a, "k-2");
    applied_drop(&a, "never");
    applied_done(&a);
    applied_init(&a);
    assert_int_equal(applied_open(&a, path), 0);
    assert_true(bytes_eq(applied_find(&a, "k-1"), BYTES("\x81\xa1\x61\x01")));
    assert_int_equal(applied_find(&a, "k-2").n, 0);
    assert_int_equal(applied_find(&a, "").n, 0);
    applied_done(&a);
}

static void test_applied_keys_are_bounded(void **state)
{
    struct applied a;
    char key[32];
    (void)state;
    applied_init(&a);
    assert_int_equal(applied_open(&a, NULL), 0);
    for (int i = 0; i < APPLIED_KEPT + 10; i++) {
        snprintf(key, sizeof(key), "k-%d", i);
        assert_int_equal(applied_add(&a, key, BYTES("\x80")), 0);
    }
    assert_int_equal(applied_find(&a, "k-9").n, 0);
    assert_int_equal(applied_find(&a, "k-10").n, 1);
    applied_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_come_back),
        cmocka_unit_test(test_a_torn_end_is_cut_off),
        cmocka_unit_test(test_rewriting),
        cmocka_unit_test(test_applied_keys),
        cmocka_unit_test(test_applied_keys_are_bounded),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
