/* SPDX-License-Identifier: MPL-2.0 */
/* Walks the config files in tests/unit/config: each bad one gives exactly the report beside it,
 * each good one comes back from what is shown of it. The first word of a file's name says of which
 * kind it is. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings/settings.h"

#define FOLDER HELIOS_SOURCE "/tests/unit/config/"

extern char **environ;

static int without_variables(void **state)
{
    (void)state;
    for (size_t i = 0; environ[i];) {
        _autofree_ char *name = xdup(environ[i]);
        name[strcspn(name, "=")] = '\0';
        if (strncmp(name, "HELIOS_", 7) == 0)
            unsetenv(name);
        else
            i++;
    }
    return 0;
}

static const struct section *kind_of(const char *file)
{
    return strncmp(file, "config", 6) == 0  ? section_config
           : strncmp(file, "agent", 5) == 0 ? section_agent_config
                                            : section_up;
}

static char *read_text(const char *file)
{
    struct buf text = {0};
    FILE *f = fopen(file, "r");
    for (int c; f && (c = fgetc(f)) != EOF;)
        buf_add(&text, &(char){(char)c}, 1);
    if (f)
        fclose(f);
    return buf_take(&text);
}

/* Runs the test of every file of a folder, standing in it, so that reports name the files as the
 * expected ones do. */
static void each_file(const char *folder, size_t least, void (*test)(const char *file))
{
    size_t n = 0;
    assert_int_equal(chdir(folder), 0);
    DIR *d = opendir(".");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        if (length < 5 || strcmp(e->d_name + length - 5, ".yaml") != 0)
            continue;
        test(e->d_name);
        n++;
    }
    closedir(d);
    assert_in_range(n, least, 1000);
}

static void expect_report(const char *file)
{
    struct settings *s = NULL;
    _autofree_ char *report = NULL;
    char name[256];
    snprintf(name, sizeof name, "%.*s.expected", (int)strlen(file) - 5, file);
    _autofree_ char *expected = read_text(name);
    if (settings_load(kind_of(file), file, NULL, 0, &s, &report) != -EINVAL)
        fail_msg("%s was taken", file);
    if (strcmp(report, expected) != 0)
        fail_msg("%s gives\n%s\nbut should give\n%s", file, report, expected);
}

static void test_each_mistake_has_its_message(void **state)
{
    (void)state;
    each_file(FOLDER "bad", 50, expect_report);
}

static struct settings *load(const struct section *root, const char *file)
{
    struct settings *s = NULL;
    char *report = NULL;
    if (settings_load(root, file, NULL, 0, &s, &report) < 0)
        fail_msg("%s", report);
    return s;
}

static void expect_same_again(const char *file)
{
    const struct section *root = kind_of(file);
    struct settings *first = load(root, file);
    struct buf shown = {0}, again = {0}, difference = {0};
    char name[] = "/tmp/helios-settings-XXXXXX";
    int fd = mkstemp(name);
    settings_show(&shown, first, true);
    assert_int_equal(write(fd, shown.at, shown.n), shown.n);
    close(fd);
    struct settings *second = load(root, name);
    unlink(name);
    if (settings_diff(&difference, first, second))
        fail_msg("%s comes back changed:\n%s", file, buf_str(&difference));
    buf_clear(&shown);
    settings_show(&shown, first, false);
    settings_show(&again, second, false);
    assert_string_equal(buf_str(&shown), buf_str(&again));
    buf_done(&shown);
    buf_done(&again);
    buf_done(&difference);
    settings_free(first);
    settings_free(second);
}

static void test_what_is_shown_loads_as_the_same(void **state)
{
    (void)state;
    each_file(FOLDER "good", 4, expect_same_again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mistake_has_its_message),
        cmocka_unit_test(test_what_is_shown_loads_as_the_same),
    };
    return cmocka_run_group_tests(tests, without_variables, NULL);
}
